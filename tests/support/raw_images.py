"""TIFF and PNG files of any sample type, written byte by byte, as Pillow writes only a few."""

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_FORMATS = {3: "H", 4: "I", 8: "h", 11: "f", 12: "d"}
Tag = tuple[int, Sequence[float]]
"""A TIFF type (3 SHORT, 4 LONG, 8 SSHORT, 11 FLOAT, 12 DOUBLE) and the values."""


def tiff(samples: NDArray[np.generic], more: Mapping[int, Tag] | None = None) -> bytes:
    """Write samples [h, w] or [h, w, bands] as an uncompressed TIFF in their own byte order.

    `more` adds tags or replaces those that follow from the samples.
    """
    height, width, bands = (*samples.shape, 1)[:3]
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    bits = samples.dtype.itemsize * 8
    big = samples.dtype.str.startswith(">")
    data = samples.tobytes()
    tags: dict[int, Tag] = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * bands), 259: (3, [1]),
        262: (3, [2 if bands == 3 else 1]), 273: (4, [0]), 277: (3, [bands]), 278: (4, [height]),
        279: (4, [len(data)]), 339: (3, [kind] * bands),
    }  # fmt: skip
    tags |= more or {}
    order = ">" if big else "<"
    after = 8 + 2 + 12 * len(tags) + 4
    strips = tags[273][1]
    size = len(_directory(tags, order, after))
    step = len(data) // len(strips)
    tags[273] = (4, [8 + size + step * place for place in range(len(strips))])
    tags[279] = (4, [step] * len(strips))
    head = (b"MM" if big else b"II") + struct.pack(order + "HI", 42, 8)
    return head + _directory(tags, order, after) + data


def _directory(tags: Mapping[int, Tag], order: str, after: int) -> bytes:
    entries, beyond = struct.pack(order + "H", len(tags)), b""
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(order + _FORMATS[kind] * len(values), *values)
        field = packed.ljust(4, b"\0")
        if len(packed) > 4:
            field, beyond = struct.pack(order + "I", after + len(beyond)), beyond + packed
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + field
    return entries + struct.pack(order + "I", 0) + beyond


def png(shape: tuple[int, int], depth: int, colour: int, line: bytes, clear: bytes = b"") -> bytes:
    """Write a PNG (width, height) of equal lines; `clear` are the bytes of a `tRNS` chunk."""
    header = struct.pack(">IIBBBBB", *shape, depth, colour, 0, 0, 0)
    lines = zlib.compress((b"\0" + line) * shape[1])
    chunks = [(b"IHDR", header), (b"tRNS", clear), (b"IDAT", lines), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
        if body or name == b"IEND"
    )
