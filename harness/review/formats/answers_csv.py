"""CSV of answers: long, a row for each label of each answer; crowd-kit's, a row for each answer;
and wide, a row an image and a column an annotator.

crowd-kit reads a table with the columns `task`, `worker`, `label` and takes a label for one
category: several classes stand in one cell. https://github.com/Toloka/crowd-kit

The wide form is that of cleanlab's `labels_multiannotator`, which takes whole numbers and missing
cells alone: there, answers of several classes, `none` and `unsure` are to be left out first.
https://docs.cleanlab.ai/stable/cleanlab/multiannotator.html
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.data.labels import csv_table
from harness.data.labels.csv_table import Cells
from harness.data.labels.files import LabelFile
from harness.data.labels.rows import without_problems
from harness.errors import DataError, Problem
from harness.report.csv_text import cell, csv_text
from harness.review.answers import AnswerRow
from harness.review.formats.base import Answered, Format, Found, Given, Source, Target, sure
from harness.review.queue import ALL_PASSES
from harness.words import listed

_IMAGE, _WHO = ("image_id", "task", "id"), ("annotator", "worker", "performer")
_LABEL, _PASS = "label", "pass"
_MISSING = ("", "nan")
_OF_FLOATS = re.compile(r"(\d+)\.0+")
"""How pandas writes a whole number where others of the column are missing."""


def write_long(source: Source) -> str:
    """Write `image_id,annotator,label,pass`: class ids, `none` or `unsure`, a row a label."""
    check_ids(source)
    rows = [
        {"image_id": row.image_id, "annotator": row.annotator, "label": label, "pass": row.pass_}
        for row in source.rows
        for label in (row.labels or (_written(row),))
    ]
    return csv_text(("image_id", "annotator", "label", "pass"), rows)


def write_crowdkit(source: Source) -> str:
    """Write `task,worker,label`: a row an answer."""
    check_ids(source)
    rows = [
        {"task": row.image_id, "worker": row.annotator, "label": _written(row)}
        for row in source.rows
    ]
    return csv_text(("task", "worker", "label"), rows)


def read_long(file: LabelFile, target: Target) -> Found:
    """Read the long form, or crowd-kit's: rows of one image, annotator and pass are one answer."""
    header = _header_of(file)
    image, who = _column_of(file, header, _IMAGE), _column_of(file, header, _WHO)
    _column_of(file, header, (_LABEL,))
    found: dict[tuple[str, str | None, str | None], Given] = {}
    rows = (_joined(each, found) for each in _rows(file, target, header, (image, who)))
    without_problems(rows, str(file.path))
    return Found(tuple(found.values()))


def _joined(
    each: Given | Problem, found: dict[tuple[str, str | None, str | None], Given]
) -> Given | Problem:
    """Put a row to the earlier ones of its answer, or say why it does not belong to them."""
    if isinstance(each, Problem):
        return each
    key = (each.image, each.annotator, each.pass_)
    old = found.setdefault(key, each)
    if old.status != each.status:
        what = "says something else than an earlier row of the same answer"
        expected, fix = f"{old.status}, as {old.where}", "keep one of the two rows"
        return Problem(each.where, what, each.status, expected, fix)
    found[key] = replace(old, labels=sure((*old.labels, *each.labels)))
    return each


def _rows(
    file: LabelFile, target: Target, header: Sequence[str], columns: tuple[str, str]
) -> Iterator[Given | Problem]:
    image, who = columns
    for line in _read_lines(file, header):
        if isinstance(line, Problem):
            yield line
            continue
        where, cells = line
        name = cells.get(_PASS, "").strip()
        pass_ = next((each for each in ALL_PASSES if each == name), None)
        if name and pass_ is None:
            yield Problem(where, "is no pass", name).among(name, ALL_PASSES)
        elif _is_missing(cells[_LABEL]):
            yield Problem(where, "has no label", fix="write a class, `none` or `unsure`")
        else:
            answer = _read_cell(cells[_LABEL], where, target)
            if isinstance(answer, Problem):
                yield answer
            else:
                yield Given(where, cells[image], *answer, cells[who].strip() or None, pass_)


def write_wide(source: Source) -> str:
    """Write `image_id` and a column for each annotator; an empty cell is no answer."""
    check_ids(source)
    rows = [
        {
            "image_id": image_id,
            **dict.fromkeys(source.queue.annotators),
            **{row.annotator: _written(row) for row in answers},
        }
        for image_id, answers in source.by_image().items()
        if answers
    ]
    return csv_text(("image_id", *source.queue.annotators), rows)


def read_wide(file: LabelFile, target: Target) -> Found:
    """Read such a file. The image may also stand in `task`, `id` or a column without a name."""
    header = _header_of(file)
    image = _column_of(file, header, (*_IMAGE, ""))
    found = _wide_answers(file, target, header, image)
    return Found(without_problems(found, str(file.path)))


def _wide_answers(
    file: LabelFile, target: Target, header: Sequence[str], image: str
) -> Iterator[Given | Problem]:
    for line in _read_lines(file, header):
        if isinstance(line, Problem):
            yield line
            continue
        where, cells = line
        for name in (each for each in header if each != image and not _is_missing(cells[each])):
            place = f"{where}, column `{name}`"
            answer = _read_cell(cells[name], place, target)
            if isinstance(answer, Problem):
                yield answer
            else:
                yield Given(place, cells[image], *answer, name)


def _written(row: AnswerRow) -> str:
    """Write an answer as one cell: class ids with spaces between them, `none` or `unsure`."""
    return " ".join(map(str, row.labels)) or row.status


def _read_cell(text: str, where: str, target: Target) -> Answered | Problem:
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


def _is_missing(text: str) -> bool:
    """Whether a cell holds no answer."""
    return text.strip().lower() in _MISSING


def check_ids(source: Source) -> None:
    """Raise DataError where two images' ids are the same in CSV, where a formula is made inert."""
    counts = Counter(cell(each) for each in source.queue.item_of)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        what = "two images whose ids CSV cannot tell apart"
        raise DataError(Problem("the queue", what, listed(twice), fix="another --format"))


def _read_lines(file: LabelFile, header: Sequence[str]) -> Iterator[tuple[str, Cells] | Problem]:
    """Read the lines of a CSV file below its `_header_of`."""
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        what, where = "columns that stand twice in the header", f"{file.path}:1"
        fix = "give each column a name of its own"
        yield Problem(where, what, ", ".join(map(repr, twice)), fix=fix)
        return
    wide, again = "write a cell that holds commas in quotes", "get the file again"
    yield from csv_table.CsvTable(file, tuple(header), too_wide=wide, too_narrow=again).rows()


def _header_of(file: LabelFile) -> list[str]:
    """Give the bare names of a CSV file's columns; none of a file that is empty or no CSV."""
    return [name.strip() for name in csv_table.header_of(file)]


def _column_of(file: LabelFile, header: Sequence[str], names: Sequence[str]) -> str:
    """Give the one of `names` that is in a header. Raises DataError where none is."""
    found = next((each for each in names if each in header), None)
    if found is None:
        got = ", ".join(header)[:200] or "an empty file"
        fix = f"add a column {' or '.join(f'`{each}`' for each in names)}"
        raise DataError(Problem(f"{file.path}:1", "a column is missing", got, fix=fix))
    return found


_LOSES = "flags, comments, times, seconds and what was offered"
LONG = Format("long_csv", write_long, read_long, _LOSES)
CROWDKIT = Format("crowdkit", write_crowdkit, read_long, f"the pass, {_LOSES}", has_pass=False)
WIDE = Format("wide_csv", write_wide, read_wide, f"the pass, {_LOSES}", has_pass=False)
