"""Answers in the cells of CSV files, and such files read with the place of every mistake."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.data.labels import csv_table
from harness.data.labels.csv_table import Cells
from harness.data.labels.files import LabelFile
from harness.errors import DataError, Problem
from harness.report.csv_text import cell
from harness.review.answers import AnswerRow
from harness.review.formats.base import NONE, UNSURE, Answered, Source, Target, sure
from harness.words import listed

_MISSING = ("", "nan")
_OF_FLOATS = re.compile(r"(\d+)\.0+")
"""How pandas writes a whole number where others of the column are missing."""


def written(row: AnswerRow) -> str:
    """Write an answer as one cell: class ids with spaces between them, `none` or `unsure`."""
    return " ".join(map(str, row.labels)) or (NONE if row.status == "none" else UNSURE)


def read_cell(text: str, where: str, target: Target) -> Answered | Problem:
    """Read such a cell; a class may also be named."""
    bare = text.strip()
    status = target.texts.status(bare)
    if status is not None:
        return (), status
    words = [bare] if target.texts.find(bare, ids_first=True) is not None else bare.split()
    labels = []
    for word in words:
        found = target.texts.find(_OF_FLOATS.sub(r"\1", word), ids_first=True)
        if found is None:
            return target.texts.unknown(where, text)
        labels.append(found)
    return sure(labels), "labelled"


def is_missing(text: str) -> bool:
    """Whether a cell holds no answer."""
    return text.strip().lower() in _MISSING


def check_ids(source: Source) -> None:
    """Raise DataError where two images' ids are the same in CSV, where a formula is made inert."""
    counts = Counter(cell(each) for each in source.queue.item_of)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        what = "two images whose ids CSV cannot tell apart"
        raise DataError(Problem("the queue", what, listed(twice, 5), fix="another --format"))


def read_lines(file: LabelFile, header: Sequence[str]) -> Iterator[tuple[str, Cells] | Problem]:
    """Read the lines of a CSV file below its `header_of`."""
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        what, where = "columns that stand twice in the header", f"{file.path}:1"
        fix = "give each column a name of its own"
        yield Problem(where, what, ", ".join(map(repr, twice)), fix=fix)
        return
    wide, again = "write a cell that holds commas in quotes", "get the file again"
    yield from csv_table.CsvTable(file, tuple(header), too_wide=wide, too_narrow=again).rows()


def header_of(file: LabelFile) -> list[str]:
    """Give the names of a CSV file's columns, bare of blanks around them; none of a file that is
    empty or no CSV.
    """
    return [name.strip() for name in csv_table.header_of(file)]


def column_of(file: LabelFile, header: Sequence[str], names: Sequence[str]) -> str:
    """Give the one of `names` that is in a header. Raises DataError where none is."""
    found = next((each for each in names if each in header), None)
    if found is None:
        got = ", ".join(header)[:200] or "an empty file"
        fix = f"add a column {' or '.join(f'`{each}`' for each in names)}"
        raise DataError(Problem(f"{file.path}:1", "a column is missing", got, fix=fix))
    return found
