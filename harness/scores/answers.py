"""The rows of a run as arrays, checked once, so that metrics are arithmetic; how they were read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from harness.answers.mapping.vectors import TIE
from harness.answers.names import NONE_LISTED
from harness.answers.outcome import EXACT, MAPPED, UNREADABLE, Level, Status, level_of
from harness.data.classes import ClassList
from harness.data.labels.rows import class_range, first_problems
from harness.errors import DataError, Problem
from harness.scores.confidence import Floats, Signal, confidences_of
from harness.scores.result_parts import ReadingInfo
from harness.store.prediction import Prediction
from harness.words import listed


def read_counts(rows: Sequence[Prediction]) -> ReadingInfo:
    """Count how the answers were read; `none` is for rows without a rule, and levels are apart."""
    answered = [row for row in rows if row.status is not Status.ERROR]
    return ReadingInfo(
        rules=_sorted(Counter(row.rule or "none" for row in answered)),
        levels={},
        removed=_sorted(Counter(each for row in answered for each in row.removed)),
        n_truncated=sum(row.truncated is True for row in answered),
        n_tied=sum(row.margin is not None and row.margin <= TIE for row in answered),
        n_several=sum(bool(row.also) for row in answered),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STATUSES: tuple[Status, ...] = tuple(Status)
"""The code of a status is its place here."""
NO_CLASS = -1
TOP = 5
STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says of the nodes of a hierarchy, and not of options alone."""

    text: str
    is_class: bool
    """Whether it is a class's name."""
    node: str | None
    """The name that the text encoder finds nearest, of a mapped answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """n rows as arrays. -1 stands for no class."""

    image_ids: tuple[str, ...]
    """The ids of the n images, in the order of the rows."""
    status: Ints
    """[n] places in `STATUSES`."""
    level: Ints
    """[n] the `Level` at which the class was read, see `level_in`; only for rows with status ok."""
    mapped: Bools
    """[n] whether the class comes from a text encoder."""
    first: Ints
    """[n] class id of the row."""
    named: Ints
    """[m, 2] row and id of each class that an answer stands for: `class_id` and those in `also`."""
    near: Ints
    """[m, 2] row and id of each class in `nearest`."""
    listed: Ints
    """[m, 2] row and id of each class of the first of several answers that is spelled as a name."""
    several: bool
    """Whether any row has several ranked answers."""
    meant: Mapping[int, tuple[tuple[int, ...], ...]]
    """Row to the classes that each of its several answers may stand for, where all are meant."""
    unclear: Bools
    """[n] rows that stand for several classes, of which an older version did not write whether they
    are of several answers or of one."""
    top: Ints
    """[n, 5] the first five of `top`."""
    options: Ints
    """[n, k] class ids of the options; k is the most that a row has."""
    reading: ReadingInfo
    """How the answers were read, in counts."""
    said: Mapping[int, Said]
    """Row to its text, where that may name a node of a hierarchy that is no class: of answers out
    of prompt or mapped, and of an open world."""
    confidences: Mapping[Signal, Floats]
    """[n] numbers that are higher where an answer is surer, NaN for the rows without; those signals
    that any row has."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.image_ids)

    def has(self, status: Status) -> Bools:
        """Give which rows [n] bear a status."""
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
    are none of it; ten problems are shown in full.
    """
    problems = [*_twice(rows, where), *(_foreign(rows, class_list, where) if class_list else ())]
    if problems:
        raise DataError(first_problems(problems, where))
    code = {status: place for place, status in enumerate(STATUSES)}
    first = [NO_CLASS if row.class_id is None else row.class_id for row in rows]
    return Answers(
        image_ids=tuple(row.image_id for row in rows),
        status=np.fromiter((code[row.status] for row in rows), np.int64, len(rows)),
        level=np.fromiter(map(level_in, rows), np.int64, len(rows)),
        mapped=np.fromiter((row.rule == MAPPED for row in rows), np.bool_, len(rows)),
        first=np.array(first, dtype=np.int64),
        named=pairs_of((row.class_id, *row.also) for row in rows),
        near=pairs_of(row.nearest for row in rows),
        listed=pairs_of(_first_listed(rows, class_list)),
        several=any(row.answers for row in rows),
        meant={place: row.meant_classes for place, row in enumerate(rows) if row.meant_classes},
        unclear=np.fromiter(map(_is_unclear, rows), np.bool_, len(rows)),
        top=_padded([row.top[:TOP] for row in rows], TOP),
        options=_padded([row.options for row in rows]),
        reading=read_counts(rows),
        said=dict(_said(rows)),
        confidences=confidences_of(rows),
    )


def _is_unclear(row: Prediction) -> bool:
    """Whether the classes of a row may be of several answers: of texts, or imported as classes."""
    by_class = row.answer is None and row.rule == STRICT
    return bool(row.also and (row.meant or by_class) and not row.meant_classes)


def _said(rows: Sequence[Prediction]) -> Iterator[tuple[int, Said]]:
    """Give the texts that a hierarchy may read: not of options, of several answers that are all
    meant, or of a text that says that nothing of the list fits.
    """
    for place, row in enumerate(rows):
        is_class = row.rule == EXACT
        may_name = row.status is Status.OOP or row.rule in (MAPPED, UNREADABLE) or is_class
        if may_name and row.answer and not (row.options or row.meant or row.rule == NONE_LISTED):
            yield place, Said(row.answer, is_class, row.node)


def mask_of(n: int, rows: Ints | list[int]) -> Bools:
    """Give a mask [n] of rows."""
    found: Bools = np.zeros(n, dtype=np.bool_)
    found[rows] = True
    return found


def level_in(row: Prediction) -> Level:
    """Give the level at which the class of a row was read.

    A class that was chosen, and not read from a text, is as certain as a strict name; a rule that
    is not known here (of another version) is as lenient as a mention.
    """
    known = level_of(row.rule)
    if known is not None:
        return known
    return Level.STRICT if row.answer is None else Level.LENIENT


def pairs_of(of_rows: Iterable[Iterable[int | None]]) -> Ints:
    """Give [m, 2]: the place of a row, and each of its class ids in order."""
    pairs = [
        (place, class_id)
        for place, ids in enumerate(of_rows)
        for class_id in ids
        if class_id is not None
    ]
    return np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)


def _first_listed(
    rows: Sequence[Prediction], class_list: ClassList | None
) -> Iterator[tuple[int, ...]]:
    """Give for each row the ids of the first of its answers that is spelled as a class name is."""
    spelled: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
    for item in class_list.classes if class_list else ():
        spelled[item.name] += (item.id,)
    for row in rows:
        texts = row.answers or (row.answer or "",)
        yield next((spelled[text] for text in texts if text in spelled), ())


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
    return chain(own, row.also, row.top, row.options, row.nearest, *row.meant_classes)


def _foreign(rows: Sequence[Prediction], class_list: ClassList, where: str) -> list[Problem]:
    known = class_list.by_id.keys()
    used = set(chain.from_iterable(map(_ids_of, rows)))
    if used <= known:
        return []
    return [
        Problem(
            f"{where}, image `{row.image_id}`",
            f"a class id that is no class of `{class_list.name}`",
            got=listed(wrong),
            expected=class_range(class_list),
            fix="score the answers with the task that they were made for",
        )
        for row in rows
        if (wrong := [item for item in _ids_of(row) if item not in known])
    ]
