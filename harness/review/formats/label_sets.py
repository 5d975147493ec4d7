"""Formats that hold one label set: ReImageNet's JSON Lines, and CSV of ids and proposed labels.

They are also read as label sets (`harness.data.labels.readers`); here each row is what one
annotator answered.
"""

import json
from collections.abc import Callable, Iterator

from harness.data.labels.files import LabelFile, parse_lines
from harness.data.labels.readers import read_csv, read_regt
from harness.data.labels.rows import LabelRow, without_problems
from harness.errors import Problem
from harness.report.csv_text import csv_text
from harness.review.formats.answers_csv import check_ids
from harness.review.formats.base import NOT_SURE, Format, Found, Given, Source, Target, sure

_WHO = "the annotator, the pass, flags, comments, times, seconds and what was offered"


def write_reimagenet(source: Source) -> str:
    """Write `reannotation.jsonl`: an empty list where no class is right, -1 for not sure. The
    original class stands beside them where it is known and one; there are no boxes.
    """
    return "".join(_line(source, image_id) for image_id in source.labels)


def _line(source: Source, image_id: str) -> str:
    row: dict[str, object] = {"image_name": source.address(image_id)}
    original = sorted(source.original.get(image_id, ()))
    row |= {"original_class": original[0]} if len(original) == 1 else {}
    row["reannotated_labels"] = sorted(source.labels[image_id])
    return json.dumps(row, ensure_ascii=False) + "\n"


def read_reimagenet(file: LabelFile, target: Target) -> Found:
    """Read `reannotation.jsonl`; -1 beside labels is left out, alone it is `unsure`; no boxes."""
    boxes = sum(_boxes(line) for line in parse_lines(file) if not isinstance(line, Problem))
    found = _read(file, target, read_regt)
    note = f"{boxes} boxes are not read, nor what they say: an answer is of the whole image"
    return Found(found.given, (*found.notes, *((note,) if boxes else ())))


def _boxes(line: tuple[str, dict[str, object]]) -> int:
    lists = (each for each in line[1].values() if isinstance(each, list))
    return sum(isinstance(each, dict) for some in lists for each in some)


def write_proposed(source: Source) -> str:
    """Write `id,proposed_labels`, empty where no class is right, without those who are not sure."""
    check_ids(source)
    rows = [
        {"id": image_id, "proposed_labels": " ".join(map(str, sorted(labels)))}
        for image_id, labels in source.labels.items()
        if NOT_SURE not in labels
    ]
    return csv_text(("id", "proposed_labels"), rows)


def read_proposed(file: LabelFile, target: Target) -> Found:
    """Read `id,proposed_labels`; images marked as problematic are left out."""
    return _read(file, target, read_csv)


def _read(
    file: LabelFile, target: Target, reader: Callable[[LabelFile], Iterator[LabelRow | Problem]]
) -> Found:
    dropped = left_out = 0

    def answers() -> Iterator[Given | Problem]:
        nonlocal dropped, left_out
        for row in reader(file):
            if isinstance(row, Problem):
                yield row
            elif row.labels is None:
                left_out += 1
            else:
                dropped += "not_sure_dropped" in row.notes
                yield _given(row, target)

    given = without_problems(answers(), str(file.path))
    notes = (
        f"{dropped} images have -1 (not sure) beside labels, which was left out" if dropped else "",
        f"{left_out} images are marked as problematic and were left out" if left_out else "",
    )
    return Found(given, tuple(filter(None, notes)))


def _given(row: LabelRow, target: Target) -> Given | Problem:
    if "only_not_sure" in row.notes:
        return Given(row.where, row.image_id, (), "unsure")
    labels = [each for each in row.labels or () if type(each) is int]
    wrong = [each for each in row.labels or () if each not in target.queue.known_classes]
    if wrong or len(labels) != len(row.labels or ()):
        return target.texts.unknown(row.where, ", ".join(map(str, wrong or row.labels or ())))
    return Given(row.where, row.image_id, sure(labels), "labelled" if labels else "none")


REIMAGENET = Format(
    "reimagenet", write_reimagenet, read_reimagenet, _WHO, is_label_set=True, has_pass=False
)
PROPOSED = Format(
    "proposed_labels", write_proposed, read_proposed, f"`unsure`, {_WHO}", is_label_set=True,
    has_pass=False,
)  # fmt: skip
