"""Wide CSV: a row an image, a column an annotator, as cleanlab's `labels_multiannotator` has it.

cleanlab takes whole numbers and missing cells alone: there, answers of several classes, `none` and
`unsure` are to be left out first. https://docs.cleanlab.ai/stable/cleanlab/multiannotator.html
"""

from collections.abc import Iterator, Sequence

from harness.data.labels.files import LabelFile
from harness.data.labels.rows import without_problems
from harness.errors import Problem
from harness.report.csv_text import csv_text
from harness.review.formats.base import Format, Found, Given, Source, Target
from harness.review.formats.cells import (
    check_ids,
    column_of,
    header_of,
    is_missing,
    read_cell,
    read_lines,
    written,
)

_IMAGE = ("image_id", "task", "id", "")


def write(source: Source) -> str:
    """Write `image_id` and a column for each annotator; an empty cell is no answer."""
    check_ids(source)
    rows = [
        {
            "image_id": image_id,
            **dict.fromkeys(source.queue.annotators),
            **{row.annotator: written(row) for row in answers},
        }
        for image_id, answers in source.by_image().items()
        if answers
    ]
    return csv_text(("image_id", *source.queue.annotators), rows)


def read(file: LabelFile, target: Target) -> Found:
    """Read such a file. The image may also stand in `task`, `id` or a column without a name."""
    header = header_of(file)
    image = column_of(file, header, _IMAGE)
    found = _answers(file, target, header, image)
    return Found(without_problems(found, str(file.path)))


def _answers(
    file: LabelFile, target: Target, header: Sequence[str], image: str
) -> Iterator[Given | Problem]:
    for line in read_lines(file, header):
        if isinstance(line, Problem):
            yield line
            continue
        where, cells = line
        for name in (each for each in header if each != image and not is_missing(cells[each])):
            place = f"{where}, column `{name}`"
            answer = read_cell(cells[name], place, target)
            if isinstance(answer, Problem):
                yield answer
            else:
                yield Given(place, cells[image], *answer, name)


WIDE = Format(
    "wide_csv", write, read, "the pass, flags, comments, times, seconds and what was offered",
    has_pass=False,
)  # fmt: skip
