"""Labels that are names, or numbers with names, in a column of a data set or a label file."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TypeGuard

from harness.data.class_names import Match, match_names, meanings, numbers_of, written
from harness.data.classes import ClassList
from harness.data.labels.rows import LabelRow
from harness.errors import DataError, Problem, suggestion
from harness.words import listed

BY_NUMBER, BY_NAME = "by number", "by name"
BY_NAMED_NUMBER = "by the numbers that its names are"
"""How the values of a column are joined with the classes."""


class LabelColumn(dict[str, object]):
    """Image id to what the column holds for it."""

    def __init__(
        self, by_image: Mapping[str, object], names: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(by_image)
        self.names = names
        """The names of the numbers from 0, as the data set has them (its `ClassLabel`)."""


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
    class_ids, how, warning = _join(names, own, used, classes, where)
    meant = {place: class_ids[place] for place in used}

    def class_of(value: object) -> object:
        found = meant[value] if _is_place(value, len(names)) else None
        return value if found is None else found

    ids = {image_id: class_of(value) for image_id, value in values.items()}
    return ColumnIds(ids, how, warning)


def _join(
    names: Sequence[str],
    own: Sequence[int | None],
    used: Sequence[int],
    classes: ClassList,
    where: str,
) -> tuple[Sequence[int | None], str, str | None]:
    """Give the class id of each number, how it was found, and a warning or None."""
    named = [(name,) if name.strip() else () for name in names]
    match = match_names(named, classes, own)
    if not match.places:
        numbers = numbers_of(named)
        if numbers is not None and all(numbers[place] in classes.by_id for place in used):
            moved = numbers != list(range(len(names)))
            return numbers, BY_NAMED_NUMBER if moved else BY_NUMBER, None
    if all(match.found[place] is not None for place in used):
        if match.in_order or not any(each is not None for each in own):  # texts have no numbers
            return match.found, BY_NAME, None
        how = f"{BY_NAME}; its numbers are not the class ids"
        return match.found, how, f"{where}: joined {how}"
    if match.confirms_order and len(names) == len(classes):
        how = f"by number, which {len(match.places)} of {len(names)} names confirm"
        others = listed(match.unknown())
        return own, how, f"{where}: joined {how}; not among the names are {others}"
    raise DataError(_mismatch(match, used, classes, where))


def _mismatch(match: Match, used: Sequence[int], classes: ClassList, where: str) -> Problem:
    unknown = match.unknown(used)
    moved = [
        f"{written(match.names[place])} is number {place} here and `{classes.by_id[ids].name}`, "
        f"{ids}, there"
        for place in match.places
        if (ids := match.found[place]) is not None and ids != match.own[place]
    ]
    got = listed(unknown) + (f"; {'; '.join(moved[:2])}" if moved else "")
    what = f"names in the data set mean no single class of `{classes.name}`, {len(unknown)} in all"
    expected = "WordNet ids, names or aliases of the class list"
    fix = "choose the class list of this data set, or add the names to it as `aliases`"
    return Problem(where, what, got, expected, fix)


def join_names(
    rows: Iterable[LabelRow | Problem], classes: ClassList, where: str, *, all_text: bool
) -> list[LabelRow | Problem]:
    """Give the rows of a label file with class ids in place of names.

    A number is a class id and a text the class that it names (`meanings`), `"7"` in JSON too. A
    text that means no class or several becomes a problem where it stands. `all_text`: ids, too,
    stood there as text, as in CSV. Raises DataError where a file has ids beside names, and where a
    number of a CSV is the id of one class and the name of another.
    """
    kept = list(rows)
    found = [row for row in kept if isinstance(row, LabelRow)]
    texts = {each for row in found for each in row.labels or () if isinstance(each, str)}
    numbers = {each for row in found for each in row.labels or () if type(each) is int}
    if texts and numbers:
        raise DataError(_mixed(found, where))
    if not texts:
        if all_text:
            _refuse_number_names(numbers, classes, where)
        return kept
    meant = meanings(texts, classes)
    return [_named_row(row, meant, classes) if isinstance(row, LabelRow) else row for row in kept]


def _named_row(
    row: LabelRow, meant: Mapping[str, frozenset[int]], classes: ClassList
) -> LabelRow | Problem:
    ids: list[object] = []
    for label in row.labels or ():
        found = meant[label] if isinstance(label, str) else frozenset()
        if not isinstance(label, str):
            ids.append(label)
        elif len(found) == 1:
            ids += found
        else:
            return _no_class(row, label, found, classes)
    return row if row.labels is None else replace(row, labels=ids)


def _no_class(row: LabelRow, label: str, found: frozenset[int], classes: ClassList) -> Problem:
    if found:
        listed = ", ".join(map(str, sorted(found)))
        what = f"image `{row.image_id}` has a label that names several classes of `{classes.name}`"
        fix = "write class ids in this file in place of names"
        return Problem(row.where, what, f"`{label[:60]}`, classes {listed}", "one class", fix)
    what = f"image `{row.image_id}` has a label that is no class of `{classes.name}`"
    expected = f"a WordNet id, name or alias of one of its {len(classes)} classes"
    fix = suggestion(label, classes.names) or "correct it, or add it as an alias"
    if label.isdecimal():
        fix = "write a class id without quotes"
    elif classes.hierarchy and label.casefold() in classes.hierarchy.names_above:
        fix = "it is above the classes in their hierarchy: name the classes below it that are right"
    return Problem(row.where, what, repr(label)[:80], expected, fix)


def _mixed(rows: Iterable[LabelRow], where: str) -> Problem:
    first: dict[bool, str] = {}
    for row in rows:
        for label in row.labels or ():
            first.setdefault(isinstance(label, str), f"{label!r} at {row.where}")
    what, got = "class ids and names of classes in one file", f"{first[True]}; {first[False]}"
    fix = "write one kind; in JSONL a number in quotes is a name"
    return Problem(where, what, got, "ids everywhere, or names everywhere", fix)


def _refuse_number_names(numbers: Collection[int], classes: ClassList, where: str) -> None:
    """Raise DataError for a number of a CSV that is one class's id and another class's name."""
    for number in sorted(numbers):
        other = sorted({*classes.lookup(str(number))} - {number})
        if other:
            what = f"`{number}` is a class id of `{classes.name}`, and the name of class {other[0]}"
            expected = "a label that means one class; a number in a CSV is an id"
            fix = 'write JSONL: {"image_id": …, "labels": [7]} is an id, ["7"] a name'
            raise DataError(Problem(where, what, expected=expected, fix=fix))


def _is_place(value: object, n: int) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < n


def _integer(value: object) -> object:
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    return int(value) if is_whole else value  # type: ignore[call-overload]  # Integral has no stub
