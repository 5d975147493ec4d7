"""How much of a file is read, and the readers that measure before they parse.

A file may be a stranger's. These are the limits of every kind of file, in one place.
"""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import DataError, Problem

MOST_YAML = 8 << 20
"""Bytes of a YAML file: the 21,841 classes of ImageNet with their aliases fit in."""
MOST_YAML_NODES = 300_000
"""Keys and values of a YAML file, where what an alias stands for counts each time."""
MOST_TEXT = 256 << 20
"""Bytes of a file of labels, answers or rows."""
MOST_RECORD = 16 << 20
"""Bytes of a JSON record (a manifest, results), of a line of rows, and of a server's answer."""
MOST_DEPTH = 64
"""Mappings and lists inside of each other, in YAML and JSON."""
MOST_DIGITS = 40
"""Of a whole number: as many as 128 bits have, for ids that are numbers."""
MOST_PROBLEMS = 20
"""Mistakes of one file that are shown in full; the rest is counted."""

_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|([\[{])|([\]}])', re.DOTALL)
"""A whole string, or a bracket outside of one; a string that never ends takes the rest."""


def read_bounded_text(path: Path, most: int) -> str:
    """Read a text file as `read_bounded_bytes` and `decoded` do, and raise what they raise."""
    return decoded(read_bounded_bytes(path, most), path)


def read_bounded_bytes(path: Path, most: int) -> bytes:
    """Read a plain file. Raises DataError where there is none, or it has more than `most` bytes."""
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait
            fix = "give a plain file, no folder, link or device"
            raise DataError(Problem(str(path), "is no plain file", fix=fix))
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        fix = "see that the file is there and that you may read it"
        raise DataError(Problem(str(path), "cannot be read", got=str(error), fix=fix)) from error
    if len(data) > most:
        raise DataError(Problem(str(path), "is too large", fix=f"cut it down to {most} bytes"))
    return data


def is_file(path: Path) -> bool:
    """Whether a path is a file's; not where it can be none: too long a name, links in a loop."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a path is a folder's; not where it can be none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def below(folder: Path, *ends: str, strict: bool = False) -> Iterator[Path]:
    """Give what lies below a folder at any depth, or what of it bears a name with one of the
    `ends`; a link to a folder is not followed.

    `Path.rglob` and `os.walk` call themselves for each folder inside of another, and end in a
    RecursionError after a thousand. A folder that may not be read is passed over; where `strict`,
    it raises DataError.
    """
    waiting = [os.fspath(folder)]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if strict:
                what, fix = "the folder cannot be read", "see that you may read it, or move it away"
                raise DataError(Problem(here, what, got=str(error), fix=fix)) from error
            continue
        for entry in entries:
            if not ends or entry.name.endswith(ends):
                yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)


def decoded(data: bytes, path: Path) -> str:
    """Decode UTF-8, without a byte-order mark. Raises DataError where the bytes are none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fix = "save it as UTF-8"
        problem = Problem(str(path), "is not UTF-8 text", got=str(error), fix=fix)
        raise DataError(problem) from error


def parse_json_text(text: str, decoder: json.JSONDecoder | None = None) -> Any:
    """Parse JSON that is not too deep, by default with `whole` for numbers. Raises ValueError."""
    check_depth(text)
    return (decoder or _WITH_DIGITS).decode(text)


def check_depth(text: str) -> None:
    """Raise ValueError for JSON text deeper than the limit; few brackets need no look."""
    if text.count("[") + text.count("{") <= MOST_DEPTH:
        return
    depth = 0
    for found in _BRACKET.finditer(text):
        if found[1]:
            depth += 1
            if depth > MOST_DEPTH:
                raise ValueError(f"lists and objects inside of each other, over {MOST_DEPTH} deep")
        elif found[2]:
            depth -= 1


def whole(text: str) -> int:
    """Read a whole number. Raises ValueError where it has too many digits."""
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a whole number of {len(text)} digits, more than {MOST_DIGITS}")
    return int(text)


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object. Raises ValueError where it has a key twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = sorted(name for name, count in counts.items() if count > 1)
        raise ValueError(f"more than one value for {', '.join(map(repr, twice))}")
    return found


def _fraction(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"a number that is too large, {text[:MOST_DIGITS]}")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text}, which is no number in JSON")


_WITH_DIGITS = json.JSONDecoder(parse_int=whole)
OF_RECORDS: Mapping[str, Any] = {
    "parse_int": whole, "parse_float": _fraction, "parse_constant": _no_constant,
}  # fmt: skip
"""What makes a `JSONDecoder` refuse numbers that are endless or have too many digits."""
