"""What a reader of label files gives: rows and problems, and how both become a mapping."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.data.classes import ClassList
from harness.data.image_ids import fault_of
from harness.data.labels.named_original import UNREAD, OriginalReader
from harness.errors import DataError, Problem

SHOWN = 10
"""How many problems of one file are shown in full before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One image as its file has it; `labels` is not checked yet and None leaves the image out."""

    where: str
    image_id: str
    labels: Sequence[object] | None
    notes: tuple[str, ...] = ()
    original: object = None
    """What the row says of the image's original class; not checked yet."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The rows of a label file by image id."""

    labels: Mapping[str, frozenset[int]]
    notes: Counter[str]
    """How often each note stands."""
    named_originals: Mapping[str, frozenset[int]]
    """What the rows say of the original classes, in their order."""


def first_problems(problems: Sequence[Problem], where: str) -> tuple[Problem, ...]:
    """Give the first ten problems and, where there are more, one that counts the rest."""
    rest = len(problems) - SHOWN
    if rest <= 0:
        return tuple(problems)
    return (*problems[:SHOWN], Problem(where, f"and {rest} more problems like these"))


def collect(rows: Iterable[LabelRow | Problem], class_list: ClassList, where: str) -> Collected:
    """Put the rows of a file together.

    Raises DataError with up to ten problems of the file: what the reader found, an image in two
    rows, a label that is no class id of the list.
    """
    labels: dict[str, frozenset[int]] = {}
    originals: dict[str, frozenset[int]] = {}
    notes: Counter[str] = Counter()
    seen: dict[str, str] = {}
    reader = OriginalReader(class_list)
    problems: list[Problem] = []
    for row in rows:
        if isinstance(row, Problem):
            problems.append(row)
            continue
        problems += _faults(row, class_list, seen)
        seen.setdefault(row.image_id, row.where)
        notes.update(row.notes)
        original = reader.ids(row.original)
        if original is None:
            notes[UNREAD] += 1
        elif original:
            originals[row.image_id] = original
        if row.labels is not None:
            labels[row.image_id] = frozenset(item for item in row.labels if isinstance(item, int))
    if not seen and not problems:
        problems.append(Problem(where, "no labels in it", expected="at least one image"))
    if problems:
        raise DataError(first_problems(problems, where))
    return Collected(labels, notes, originals)


def _faults(row: LabelRow, class_list: ClassList, seen: Mapping[str, str]) -> Iterator[Problem]:
    fault = fault_of(row.image_id)
    if fault is not None:
        yield Problem(row.where, f"the id of the image {fault}", got=ascii(row.image_id)[:80])
    if row.image_id in seen:
        yield Problem(
            row.where,
            f"a second row for image `{row.image_id}`",
            expected=f"one row an image, ids in Unicode's normal form C; the first is "
            f"{seen[row.image_id]}",
            fix="keep one of them, with all of the image's labels in it",
        )
    for label in row.labels or ():
        if type(label) is not int or label not in class_list.by_id:
            yield Problem(
                row.where,
                f"image `{row.image_id}` has a label that is no class of `{class_list.name}`",
                got=repr(label),
                expected=class_range(class_list),
            )


def class_range(class_list: ClassList) -> str:
    """Say which class ids a list has."""
    ids = class_list.ids
    if not ids:
        return "no class id: the list is empty"
    gaps = "" if len(ids) == ids[-1] - ids[0] + 1 else ", with gaps"
    return f"one of its {len(ids)} class ids, {ids[0]} to {ids[-1]}{gaps}"
