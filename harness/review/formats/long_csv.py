"""Long CSV: a row for each label of each answer; and crowd-kit's, a row for each answer.

crowd-kit reads a table with the columns `task`, `worker`, `label` and takes a label for one
category: several classes stand in one cell. https://github.com/Toloka/crowd-kit
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.data.labels.files import LabelFile
from harness.data.labels.rows import without_problems
from harness.errors import Problem
from harness.report.csv_text import csv_text
from harness.review.formats.base import Format, Found, Given, Source, Target, sure
from harness.review.formats.cells import (
    check_ids,
    column_of,
    header_of,
    is_missing,
    read_cell,
    read_lines,
    written,
)
from harness.review.queue import ALL_PASSES

_IMAGE, _WHO = ("image_id", "task", "id"), ("annotator", "worker", "performer")
_LABEL, _PASS = "label", "pass"


def write_long(source: Source) -> str:
    """Write `image_id,annotator,label,pass`: class ids, `none` or `unsure`, a row a label."""
    check_ids(source)
    rows = [
        {"image_id": row.image_id, "annotator": row.annotator, "label": label, "pass": row.pass_}
        for row in source.rows
        for label in (row.labels or (written(row),))
    ]
    return csv_text(("image_id", "annotator", "label", "pass"), rows)


def write_crowdkit(source: Source) -> str:
    """Write `task,worker,label`: a row an answer."""
    check_ids(source)
    rows = [
        {"task": row.image_id, "worker": row.annotator, "label": written(row)}
        for row in source.rows
    ]
    return csv_text(("task", "worker", "label"), rows)


def read(file: LabelFile, target: Target) -> Found:
    """Read either: rows of one image, annotator and pass are one answer."""
    header = header_of(file)
    image, who = column_of(file, header, _IMAGE), column_of(file, header, _WHO)
    column_of(file, header, (_LABEL,))
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
    for line in read_lines(file, header):
        if isinstance(line, Problem):
            yield line
            continue
        where, cells = line
        name = cells.get(_PASS, "").strip()
        pass_ = next((each for each in ALL_PASSES if each == name), None)
        if name and pass_ is None:
            yield Problem(where, "is no pass", name).among(name, ALL_PASSES)
        elif is_missing(cells[_LABEL]):
            yield Problem(where, "has no label", fix="write a class, `none` or `unsure`")
        else:
            answer = read_cell(cells[_LABEL], where, target)
            if isinstance(answer, Problem):
                yield answer
            else:
                yield Given(where, cells[image], *answer, cells[who].strip() or None, pass_)


_LOSES = "flags, comments, times, seconds and what was offered"
LONG = Format("long_csv", write_long, read, _LOSES)
CROWDKIT = Format("crowdkit", write_crowdkit, read, f"the pass, {_LOSES}", has_pass=False)
