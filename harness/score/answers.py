"""The rows of a run as arrays, checked once, so that every metric is arithmetic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from harness.answers.outcome import Status
from harness.classes import ClassList
from harness.errors import DataError, Problem
from harness.labels.row import class_range, told
from harness.store.prediction import Prediction

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STATUSES: tuple[Status, ...] = tuple(Status)
"""The code of a status is its place here."""
NO_CLASS = -1
TOP = 5
MAPPED, STRICT = "mapped", "strict"


@dataclass(frozen=True, slots=True)
class Answers:
    """n rows as arrays. -1 stands for no class."""

    image_ids: tuple[str, ...]
    """The ids of the n images, in the order of the rows."""
    status: Ints
    """[n] places in `STATUSES`."""
    strict: Bools
    """[n] whether the answer is strictly a name (or a letter)."""
    mapped: Bools
    """[n] whether the class comes from a text encoder."""
    first: Ints
    """[n] class id of the row."""
    named_row: Ints
    """[m] row of each class that an answer stands for: `class_id` and those in `also`."""
    named_class: Ints
    """[m] its class id."""
    top: Ints
    """[n, 5] the first five of `top`."""
    options: Ints
    """[n, k] class ids of the options; k is the most that a row has."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.image_ids)

    def has(self, status: Status) -> Bools:
        """Tell which rows [n] bear a status."""
        return np.equal(self.status, STATUSES.index(status))

    @property
    def answered(self) -> Bools:
        """Which rows [n] are answers at all, that is, not `error`."""
        return ~self.has(Status.ERROR)


def to_answers(
    rows: Sequence[Prediction], class_list: ClassList | None = None, where: str = "predictions"
) -> Answers:
    """Give the rows as arrays; `where` says in messages which run they are of.

    Raises DataError for two rows of one image and, when `class_list` is given, for class ids that
    are none of it; ten problems are told in full.
    """
    problems = [*_twice(rows, where), *(_foreign(rows, class_list, where) if class_list else ())]
    if problems:
        raise DataError(told(problems, where))
    code = {status: place for place, status in enumerate(STATUSES)}
    pairs = [
        (place, class_id)
        for place, row in enumerate(rows)
        for class_id in (row.class_id, *row.also)
        if class_id is not None
    ]
    named = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    return Answers(
        image_ids=tuple(row.image_id for row in rows),
        status=np.fromiter((code[row.status] for row in rows), np.int64, len(rows)),
        strict=np.fromiter((row.rule == STRICT for row in rows), np.bool_, len(rows)),
        mapped=np.fromiter((row.rule == MAPPED for row in rows), np.bool_, len(rows)),
        first=np.fromiter(
            (NO_CLASS if row.class_id is None else row.class_id for row in rows),
            np.int64,
            len(rows),
        ),
        named_row=named[:, 0],
        named_class=named[:, 1],
        top=_padded([row.top[:TOP] for row in rows], TOP),
        options=_padded([row.options for row in rows]),
    )


def _padded(lists: Sequence[Sequence[int]], width: int | None = None) -> Ints:
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    wide = width if width is not None else int(lengths.max(initial=0))
    table = np.full((len(lists), wide), NO_CLASS, dtype=np.int64)
    table[np.arange(wide)[None, :] < lengths[:, None]] = np.fromiter(
        chain.from_iterable(lists), np.int64, int(lengths.sum())
    )
    return table


def _twice(rows: Sequence[Prediction], where: str) -> list[Problem]:
    counts = Counter(row.image_id for row in rows)
    if len(counts) == len(rows):
        return []
    return [
        Problem(
            f"{where}, image `{image_id}`",
            f"{count} rows for one image",
            expected="one row an image",
            fix="keep one; different runs belong in different folders",
        )
        for image_id, count in counts.items()
        if count > 1
    ]


def _ids_of(row: Prediction) -> Iterable[int]:
    own = () if row.class_id is None else (row.class_id,)
    return chain(own, row.also, row.top, row.options)


def _foreign(rows: Sequence[Prediction], class_list: ClassList, where: str) -> list[Problem]:
    known = class_list.by_id.keys()
    used = set(chain.from_iterable(map(_ids_of, rows)))
    if used <= known:
        return []
    return [
        Problem(
            f"{where}, image `{row.image_id}`",
            f"a class id that is no class of `{class_list.name}`",
            got=", ".join(map(str, wrong[:5])),
            expected=class_range(class_list),
            fix="score the answers with the task that they were made for",
        )
        for row in rows
        if (wrong := [item for item in _ids_of(row) if item not in known])
    ]
