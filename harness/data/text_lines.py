"""Lines of a user's text file: what `\\n` or `\\r\\n` ends, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import DataError, Problem
from harness.limits import MOST_YAML, read_bounded_text

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
        problems.append(Problem(str(path), "no names in it", expected="one name a line"))
    if problems:
        raise DataError(problems[:10])
    return names


def _faults(names: list[str], path: Path) -> Iterator[Problem]:
    for number, name in enumerate(names, 1):
        if len(name) > _LONGEST_NAME:
            what = f"a name of {len(name)} characters, more than {_LONGEST_NAME}"
            yield Problem(f"{path}:{number}", what, repr(name[:60]))
        elif not name.strip():
            what = "the line is blank, and every line is a class"
            yield Problem(f"{path}:{number}", what, fix="remove it, or write the name")
        elif "\r" in name:
            what = "a carriage return inside a line"
            fix = "end the lines with a line feed (LF or CR LF)"
            yield Problem(f"{path}:{number}", what, repr(name[:60]), fix=fix)
