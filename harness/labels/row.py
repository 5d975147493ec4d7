"""What a reader of label files gives: rows and problems, and how both become a mapping."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.classes import ClassList
from harness.errors import DataError, Problem

SHOWN = 10
"""How many problems of one file are told in full before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One image as its file has it; `labels` is not checked yet and None leaves the image out."""

    where: str
    image_id: str
    labels: Sequence[object] | None
    notes: tuple[str, ...] = ()


def told(problems: Sequence[Problem], where: str) -> tuple[Problem, ...]:
    """Give the first ten problems and, where there are more, one that counts the rest."""
    rest = len(problems) - SHOWN
    if rest <= 0:
        return tuple(problems)
    return (*problems[:SHOWN], Problem(where, f"and {rest} more problems like these"))


def collect(
    rows: Iterable[LabelRow | Problem], class_list: ClassList, where: str
) -> tuple[dict[str, frozenset[int]], Counter[str]]:
    """Give image id to class ids, and how often each note stands.

    Raises DataError with up to ten problems of the file: what the reader found, an image in two
    rows, a label that is no class id of the list.
    """
    labels: dict[str, frozenset[int]] = {}
    notes: Counter[str] = Counter()
    seen: dict[str, str] = {}
    problems: list[Problem] = []
    for row in rows:
        if isinstance(row, Problem):
            problems.append(row)
            continue
        problems += _faults(row, class_list, seen)
        seen.setdefault(row.image_id, row.where)
        notes.update(row.notes)
        if row.labels is not None:
            labels[row.image_id] = frozenset(item for item in row.labels if isinstance(item, int))
    if not seen and not problems:
        problems.append(Problem(where, "no labels in it", expected="at least one image"))
    if problems:
        raise DataError(told(problems, where))
    return labels, notes


def _faults(row: LabelRow, class_list: ClassList, seen: Mapping[str, str]) -> Iterator[Problem]:
    if row.image_id in seen:
        yield Problem(
            row.where,
            f"a second row for image `{row.image_id}`",
            expected=f"one row an image; the first is {seen[row.image_id]}",
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
