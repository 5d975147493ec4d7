"""Rows of label files, how they become a mapping, and how they fit the original labels.

A file that names each image's original class beside its new labels can be checked: where its rows
are shifted, or its images are others, the two disagree. Nothing else in such a file would show it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from harness.data.classes import ClassList, normalize_name
from harness.data.image_ids import fault_of
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem
from harness.words import counted

ORIGINAL_KEYS = ("original_class", "original_label", "ground_truth")
"""Where files name the original class: ReImageNet, the CSV of "Flaws of ImageNet" and TFDS'
`imagenet2012_multilabel`, the older object form of ReGT."""
MOST_CONTRADICTED = 0.05
"""Above this share of the images compared, a file is not taken. The public files contradict the
original labels on no image (docs/imagenet.md); one shifted by a row, on nearly all."""
COMPARED, CONTRADICTED, UNREAD = (
    "original_compared", "original_contradicted", "original_unread",
)  # fmt: skip
"""Notes of a label set: images whose original class its file names and the original labels know;
those where they differ; those whose original class is written in a way that is not read."""
Read = TypeVar("Read")
_SHOWN = 5
_NOTHING = ("", "nan", "none", "-1")


def named_original(entry: Mapping[Any, object]) -> object | None:
    """Give what a row says of the image's original class; None when it says nothing."""
    return next((entry[key] for key in ORIGINAL_KEYS if entry.get(key) is not None), None)


@dataclass(frozen=True)
class OriginalReader:
    """Reads what files write for an original class, under one class list."""

    classes: ClassList

    def ids(self, value: object) -> frozenset[int] | None:
        """Read an id, a list of them, a WordNet id or a name, also as text.

        Empty when none is given (None, -1, an empty cell); None when it cannot be read. An id
        that is none of the list stays as it is, and contradicts.
        """
        if isinstance(value, list):
            parts = [self.ids(each) for each in value]
            return None if None in parts else frozenset().union(*(part or () for part in parts))
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is int:
            return frozenset({value}) - {-1}
        if isinstance(value, str):
            return self._ids_in_text(value)
        return frozenset() if value is None else None

    def _ids_in_text(self, text: str) -> frozenset[int] | None:
        bare = text.strip().strip("[](){}").strip()
        if bare.lower() in _NOTHING:
            return frozenset()
        words = [word.removesuffix(".0") for word in bare.replace(",", " ").split()]
        if all(word.isdecimal() for word in words):
            return frozenset(map(int, words))
        return self._by_word.get(bare) or self._by_word.get(normalize_name(bare.split(",")[0]))

    @cached_property
    def _by_word(self) -> Mapping[str, frozenset[int]]:
        """WordNet ids, normalized names and aliases to the classes that bear them."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for each in self.classes.classes:
            for name in (each.name, *each.aliases):
                found[normalize_name(name)].add(each.id)
            if each.wnid:
                found[each.wnid].add(each.id)
        return {word: frozenset(ids) for word, ids in found.items()}


@dataclass(frozen=True, slots=True)
class _Held:
    """n images whose original class a file names, in the order of the file."""

    images: Sequence[str]
    named: Sequence[frozenset[int]]
    known: Sequence[frozenset[int]]
    """What the original labels say; like `named`, with equivalent classes merged."""

    def agreeing(self, step: int = 0) -> int:
        """Count the rows whose original class is that of the image `step` rows further on."""
        start, end = max(0, -step), min(len(self.named), len(self.named) - step)
        return sum(not self.named[i].isdisjoint(self.known[i + step]) for i in range(start, end))

    @property
    def is_shifted(self) -> bool:
        """Whether the rows fit the images one row away better than their own."""
        return max(self.agreeing(1), self.agreeing(-1)) > self.agreeing()


def hold_against(labels: LabelSet, original: LabelSet, same: Equivalences) -> LabelSet:
    """Note for how many images a label set names another original class. Raises DataError for over
    5 % of those compared, and where rows fit the neighbouring images better than their own.
    """
    shared = [each for each in labels.named_originals if original.labels.get(each)]
    held = _Held(
        shared,
        [same.merge_all(labels.named_originals[each]) for each in shared],
        [same.merge_all(original.labels[each]) for each in shared],
    )
    n = len(shared)
    if not n:
        return labels
    wrong = n - held.agreeing()
    if wrong > MOST_CONTRADICTED * n or (wrong and held.is_shifted):
        raise DataError(_contradiction(labels, original, held))
    return replace(labels, notes={**labels.notes, COMPARED: n, CONTRADICTED: wrong})


def _contradiction(labels: LabelSet, original: LabelSet, held: _Held) -> Problem:
    n = len(held.images)
    rows = zip(held.images, held.named, held.known, strict=True)
    wrong = [
        f"`{image_id}`: {_written(named)} here, {_written(known)} there"
        for image_id, named, known in rows
        if named.isdisjoint(known)
    ]
    shift = " They fit the images one row away better." if held.is_shifted else ""
    return Problem(
        labels.source or f"label set `{labels.name}`",
        f"names another original class than label set `{original.name}` for {len(wrong)} of {n} "
        f"images ({100 * len(wrong) / n:.2f} %).{shift}",
        got="; ".join(wrong[:_SHOWN]) + ("; …" if len(wrong) > _SHOWN else ""),
        expected=f"at most {100 * MOST_CONTRADICTED:.0f} %: are its rows shifted, or is it of "
        "other images?",
        fix="get the file again, and join its columns by the image",
    )


def _written(ids: frozenset[int]) -> str:
    return " or ".join(map(str, sorted(ids)))


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
    return (*problems[:SHOWN], Problem(where, f"and {counted(rest, 'more problem')} like these"))


def without_problems(found: Iterable[Read | Problem], where: str) -> tuple[Read, ...]:
    """Give what was read of a file. Raises DataError where there is a problem, with up to ten."""
    kept = list(found)
    problems = [each for each in kept if isinstance(each, Problem)]
    if problems:
        raise DataError(first_problems(problems, where))
    return tuple(each for each in kept if not isinstance(each, Problem))


def collect(rows: Iterable[LabelRow | Problem], class_list: ClassList, where: str) -> Collected:
    """Put the rows of a file together. Raises DataError with up to ten problems: what the reader
    found, an image in two rows, a label that is no class id of the list.
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
        fix = "give the labels of at least one image"
        problems.append(Problem(where, "no labels in it", fix=fix))
    if problems:
        raise DataError(first_problems(problems, where))
    return Collected(labels, notes, originals)


def _faults(row: LabelRow, class_list: ClassList, seen: Mapping[str, str]) -> Iterator[Problem]:
    fault = fault_of(row.image_id)
    if fault is not None:
        what, got = f"the id of the image {fault}", ascii(row.image_id)[:80]
        yield Problem(row.where, what, got, fix="mend the id in that row")
    if row.image_id in seen:
        what, first = f"a second row for image `{row.image_id}`", seen[row.image_id]
        expected = f"one row an image, ids in Unicode's normal form C; the first is {first}"
        fix = "keep one of them, with all of the image's labels in it"
        yield Problem(row.where, what, expected=expected, fix=fix)
    for label in row.labels or ():
        if type(label) is not int or label not in class_list.by_id:
            what = f"image `{row.image_id}` has a label that is no class of `{class_list.name}`"
            yield Problem(row.where, what, repr(label), fix=f"write {class_range(class_list)}")


def class_range(class_list: ClassList) -> str:
    """Say which class ids a list has."""
    ids = class_list.ids
    if not ids:
        return "no class id: the list is empty"
    gaps = "" if len(ids) == ids[-1] - ids[0] + 1 else ", with gaps"
    return f"one of its {len(ids)} class ids, {ids[0]} to {ids[-1]}{gaps}"
