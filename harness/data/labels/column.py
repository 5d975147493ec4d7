"""A column of labels in a data set: names, or numbers that may have names there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TypeGuard

from harness.data.class_names import Match, match_names, numbers_of, written
from harness.data.classes import ClassList
from harness.errors import DataError, Problem

_SHOWN = 5
BY_NUMBER, BY_NAME = "by number", "by name"
"""How the values of a column are joined with the classes."""


@dataclass(frozen=True, slots=True)
class LabelColumn(Mapping[str, object]):
    """Image id to what the column holds for it."""

    by_image: Mapping[str, object]
    names: tuple[str, ...] | None = None
    """The names of the numbers from 0, as the data set has them (its `ClassLabel`)."""

    def __getitem__(self, image_id: str) -> object:
        """Give what the column holds for an image."""
        return self.by_image[image_id]

    def __iter__(self) -> Iterator[str]:
        """Go through the image ids, in the order of the data set."""
        return iter(self.by_image)

    def __len__(self) -> int:
        """Count the images."""
        return len(self.by_image)


@dataclass(frozen=True, slots=True)
class ColumnIds:
    """A column as class ids."""

    by_image: Mapping[str, object]
    """Image id to class id; what is none stays as it was, to be reported."""
    how: str
    """How its values were joined with the classes."""
    warning: str | None = None
    """What a person should know of it."""


def column_ids(column: Mapping[str, object], classes: ClassList, where: str) -> ColumnIds:
    """Join a column with a class list: by the names in the data where there are any.

    Names that are numbers and nothing else (`7`, `LABEL_7`) are class ids. Raises DataError where
    the names of labels that occur are none of the class list's, and its order is not theirs.
    """
    if isinstance(column, LabelColumn) and column.names is not None:
        names = column.names
        values = {image_id: _integer(value) for image_id, value in column.items()}
        own = [number if number in classes.by_id else None for number in range(len(names))]
    elif any(isinstance(value, str) for value in column.values()):
        names = tuple(sorted({each for each in column.values() if isinstance(each, str)}))
        place = {name: number for number, name in enumerate(names)}
        values = {image_id: place.get(str(value), value) for image_id, value in column.items()}
        own = [None] * len(names)
    else:
        values = {image_id: _integer(value) for image_id, value in column.items()}
        return ColumnIds(values, BY_NUMBER)
    used = sorted({each for each in values.values() if _is_place(each, len(names))})
    joined = _join(names, own, used, classes, where)
    meant = {place: joined.class_ids[place] for place in used}

    def class_of(value: object) -> object:
        found = meant[value] if _is_place(value, len(names)) else None
        return value if found is None else found

    ids = {image_id: class_of(value) for image_id, value in values.items()}
    return ColumnIds(ids, joined.how, joined.warning)


@dataclass(frozen=True, slots=True)
class _Joined:
    class_ids: Sequence[int | None]
    how: str
    warning: str | None = None


def _join(
    names: Sequence[str],
    own: Sequence[int | None],
    used: Sequence[int],
    classes: ClassList,
    where: str,
) -> _Joined:
    named = [(name,) if name.strip() else () for name in names]
    match = match_names(named, classes, own)
    if not match.places:
        numbers = numbers_of(named)
        if numbers is not None and all(numbers[place] in classes.by_id for place in used):
            moved = numbers != list(range(len(names)))
            how = "by the numbers that its names are" if moved else BY_NUMBER
            return _Joined(numbers, how)
    if all(match.found[place] is not None for place in used):
        if match.in_order:
            return _Joined(match.found, BY_NAME)
        how = f"{BY_NAME}; its numbers are not the class ids"
        return _Joined(match.found, how, f"{where}: joined {how}")
    if match.confirms_order and len(names) == len(classes):
        how = f"by number, which {len(match.places)} of {len(names)} names confirm"
        others = ", ".join(match.unknown()[:_SHOWN])
        return _Joined(own, how, f"{where}: joined {how}; not among the names are {others}")
    raise DataError(_mismatch(match, used, classes, where))


def _mismatch(match: Match, used: Sequence[int], classes: ClassList, where: str) -> Problem:
    unknown = match.unknown(used)
    moved = [
        f"{written(match.names[place])} is number {place} here and `{classes.by_id[ids].name}`, "
        f"{ids}, there"
        for place in match.places
        if (ids := match.found[place]) is not None and ids != match.own[place]
    ]
    got = f"{', '.join(unknown[:_SHOWN])}{', …' if len(unknown) > _SHOWN else ''}"
    got += f"; {'; '.join(moved[:2])}" if moved else ""
    return Problem(
        where,
        f"{len(unknown)} names in the data set mean no single class of `{classes.name}`",
        got=got,
        expected="WordNet ids, names or aliases of the class list",
        fix="choose the class list of this data set, or add the names to it as `aliases`",
    )


def _is_place(value: object, n: int) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < n


def _integer(value: object) -> object:
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    return int(value) if is_whole else value  # type: ignore[call-overload]  # Integral has no stub
