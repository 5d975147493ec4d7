"""JSON and JSON Lines with the place of every mistake."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from harness.data.labels.source import LabelFile
from harness.errors import DataError, Problem
from harness.limits import parse_json_text, whole

Build = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def parse_json(file: LabelFile, *, as_written: bool = False) -> Any:
    """Parse a whole file; `as_written` gives numbers as the text that stands there.

    Raises DataError when it is no JSON or an object has a key twice.
    """
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
        raise DataError(
            Problem(
                f"{file.path}:{line}",
                "not JSON; is the file cut off?",
                got=str(error),
                fix="get the file again",
            )
        ) from error
    if twice:
        raise DataError(
            Problem(
                str(file.path),
                f"{len(twice)} keys stand twice in one object",
                got=", ".join(twice[:10]),
                expected="one entry an image",
            )
        )
    return value


def parse_lines(
    file: LabelFile, *, as_written: bool = False
) -> Iterator[tuple[str, dict[str, Any]] | Problem]:
    """Parse JSON Lines: `file:line` and the object of each line that is not blank, or a problem.

    `as_written` gives numbers as the text that stands there.
    """
    lines, decoder = file.text.split("\n"), _decoder(as_written)
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
            yield Problem(
                where,
                what + ("; it is the last and has no end: the file is cut off" if cut else ""),
                got=_short(line),
                expected="one JSON object a line",
                fix="get the file again" if cut else None,
            )
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            yield Problem(where, "not a JSON object", _short(line), "one JSON object a line")


def _decoder(as_written: bool, build: Build | None = None) -> json.JSONDecoder:
    if not as_written:
        return json.JSONDecoder(object_pairs_hook=build, parse_int=whole)
    return json.JSONDecoder(
        object_pairs_hook=build, parse_int=str, parse_float=str, parse_constant=str
    )


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:60] + " … " + line[-16:]
