"""Read files of strangers without believing their sizes: bounded bytes, bounded gzip, no links."""

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.errors import DataError, Problem

_CHUNK = 1 << 16
_WINDOW = 16 + zlib.MAX_WBITS  # a gzip member, nothing else
_RATIO_FROM = 1 << 20  # below a megabyte no ratio does harm


class TooLargeError(DataError):
    """A file has more in it than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a gzip file of lines may grow to. Honest rows stay well below: 50,000 answers that are
    all alike shrink by a factor of 36.
    """

    total: int = 512 << 20
    """Bytes after decompression."""
    ratio: int = 150
    """Bytes after decompression for each byte before; a bomb has up to 1,032."""
    line: int = 1 << 20
    """Bytes of one line."""


LIMITS = Limits()


def open_plain(path: Path) -> BinaryIO:
    """Open a file that is a file, and not a link, a device or a pipe. Raises DataError else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _broken(path, "cannot be read", str(error)) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _broken(path, "is no plain file")
    return os.fdopen(handle, "rb")


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a whole file. Raises DataError when it is no plain file, or larger than `limit`."""
    with open_plain(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, "is too large", f"at most {limit} bytes")
    return data


def gzip_lines(path: Path, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Give the lines of a gzip file, without their ends, reading as little ahead as it can.

    Raises DataError when it is no gzip file of one member, is cut off, or passes a limit; by then
    no more than a few chunks are in memory.
    """
    rest = b""
    for chunk in _decompressed(path, limits):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > limits.line:
            raise _too_large(path, "has a line that is too long", f"at most {limits.line} bytes")
    if rest:
        raise _broken(path, "does not end with the end of a line")


def _decompressed(path: Path, limits: Limits) -> Iterator[bytes]:
    grown, read = 0, 0
    stream = zlib.decompressobj(_WINDOW)
    with open_plain(path) as file:
        while not stream.eof:
            data = stream.unconsumed_tail
            if not data:
                data = file.read(_CHUNK)
                read += len(data)
            if not data:
                raise _broken(path, "is cut off")
            try:
                chunk = stream.decompress(data, _CHUNK)
            except zlib.error as error:
                raise _broken(path, "is no gzip file", str(error)) from error
            grown += len(chunk)
            _check_growth(path, limits, grown, read)
            yield chunk
        if stream.unused_data or file.read(1):
            raise _broken(path, "goes on after its end")


def _check_growth(path: Path, limits: Limits, grown: int, read: int) -> None:
    if grown > limits.total:
        raise _too_large(path, "decompresses to too much", f"at most {limits.total} bytes")
    if grown > max(_RATIO_FROM, limits.ratio * read):
        raise _too_large(path, "decompresses to too much", f"at most {limits.ratio} to 1")


def _broken(path: Path, what: str, got: str | None = None) -> DataError:
    return DataError(Problem(str(path), what, got=got))


def _too_large(path: Path, what: str, expected: str) -> TooLargeError:
    return TooLargeError(Problem(str(path), what, expected=expected))
