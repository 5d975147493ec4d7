"""Lists of images and their labels, a line each, as data sets come with them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from harness.data.classes import ClassList
from harness.data.image_ids import ids_of_files
from harness.data.labels.files import LabelFile, lines_of
from harness.data.labels.rows import LabelRow, without_problems
from harness.errors import DataError, Problem

_NUMBERS = re.compile(r"\d{1,9}(?:\s+\d{1,9})*")
_PETS = re.compile(r"(\S+)_\d+\s+\d+\s+[12]\s+\d+")
"""A line of `annotations/test.txt` of Oxford-IIIT Pets: a file's name with the breed, numbers."""


def read_list(file: LabelFile) -> Iterator[LabelRow]:
    """Read lines of an image's path or name and, after a blank, its label: a name, which may hold
    blanks, or one number. Lines that begin with `#` are left out.

    Raises DataError for a line without a label, or with several numbers.
    """
    found = without_problems(_lines(file), str(file.path))
    ids = ids_of_files([path for _, path, _ in found], str(file.path), by_path=True)
    for image_id, (where, _, label) in zip(ids, found, strict=True):
        yield LabelRow(where, image_id, [label])


def _lines(file: LabelFile) -> Iterator[tuple[str, str, str | int] | Problem]:
    for number, line in enumerate(lines_of(file.text), 1):
        where = f"{file.path}:{number}"
        words = line.split(None, 1)
        if not words or words[0].startswith("#"):
            continue
        breed = _PETS.fullmatch(line.strip())
        label = breed[1] if breed else "".join(words[1:]).strip()
        if label.isdecimal() or (label and not _NUMBERS.fullmatch(label)):
            yield where, words[0].lstrip("/"), int(label) if label.isdecimal() else label
        else:
            what = "several numbers after the image" if label else "no label after the image"
            fix = "write an image, a blank, and one label"
            yield Problem(where, what, line.strip()[:80], fix=fix)


def from_zero(rows: Iterable[LabelRow], classes: ClassList, where: str) -> list[LabelRow]:
    """Give the rows of a list with numbers that are class ids: as they are where 0 is among them,
    less 1 where they end with the number of classes.

    Raises DataError where neither tells from what they count.
    """
    kept = list(rows)
    numbers = {each for row in kept for each in row.labels or () if isinstance(each, int)}
    if not numbers or 0 in numbers:
        return kept
    least, most = min(numbers), max(numbers)
    if most != len(classes) or classes.ids != tuple(range(len(classes))):
        what = "numbers of classes that may count from 0 or from 1"
        got = f"{least} to {most}, for the {len(classes)} classes of `{classes.name}`"
        expected = f"a 0 among them, or {len(classes)} as the last"
        fix = "write names in their place, or class ids in a CSV or JSONL"
        raise DataError(Problem(where, what, got, expected, fix))
    return [
        replace(row, labels=[n - 1 if isinstance(n, int) else n for n in row.labels or ()])
        for row in kept
    ]
