"""Answers and labels that a caller has in hand, as plain dicts and arrays, made the scorer's."""

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Self

from harness.answers.outcome import Outcome, Status
from harness.data.class_lists import list_of_names
from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.rows import first_problems
from harness.errors import DataError, Problem
from harness.runs.rows import read_answer
from harness.scores.answers import STRICT
from harness.store.prediction import Prediction

Answer = str | int | None
"""The text that a model wrote, or the class id that it chose; None for an empty answer."""
Valid = str | int | Iterable[str | int]
"""What is right for an image: a class, by id or by name; or several of them, or none."""
Answers = Mapping[str, Answer] | Sequence[Answer]
LabelsGiven = Mapping[str, Valid] | Sequence[Valid] | Mapping[str, Mapping[str, Valid]]
Names = ClassList | Sequence[str]
"""Class names in the order of their ids, from 0."""


@dataclass(frozen=True, slots=True)
class Given:
    """Answers, labels and classes as the scorer takes them."""

    classes: ClassList
    labels: Labels
    rows: tuple[list[Prediction], ...]
    """Of each of the answers."""
    n: int
    """Images that are labelled or answered."""

    @classmethod
    def of(
        cls,
        labels: LabelsGiven,
        classes: Names | None,
        original: str | None,
        equivalences: Iterable[Iterable[int]],
        *answers: Answers,
    ) -> Self:
        """Read what was given. Raises DataError where it does not fit together."""
        sets = _label_sets(labels, original or "labels")
        if original is not None and original not in sets:
            problem = Problem("original", "is no label set", original)
            raise DataError(problem.among(original, list(sets)))
        for each in answers:
            if not isinstance(labels, Mapping) and not isinstance(each, Mapping):
                _same_length(each, labels)
        by_image = [_by_image(each) for each in answers]
        values = [value for each in by_image for value in each.values()]
        valid = [each for given in sets.values() for many in given.values() for each in many]
        known = _ids([*values, *valid]) if classes is None else class_list_of(classes)
        found = tuple(
            _label_set(name, given, known, name == original) for name, given in sets.items()
        )
        return cls(
            known,
            Labels(found, Equivalences.from_groups("given", equivalences)),
            tuple(_rows(each, known) for each in by_image),
            len(set().union(*sets.values(), *by_image)),
        )


def _rows(answers: Mapping[str, Answer], classes: ClassList) -> list[Prediction]:
    """Read answers as a run does; a class id is as exact as the strict name."""
    rows = []
    for image_id, answer in answers.items():
        if answer is None or isinstance(answer, str):
            read = read_answer("cw", answer, (), classes)
        else:
            read = Outcome(Status.OK, _index(answer), rule=STRICT)
        text = answer if isinstance(answer, str) else None
        rows.append(Prediction(image_id, read.status, text, read.class_id, read.also, read.rule))
    return rows


def _same_length(answers: Sequence[Answer], labels: Sequence[Valid]) -> None:
    if len(answers) != len(labels):
        got = f"{len(answers)} answers, {len(labels)} labels"
        fix = "give one answer for each image, in the order of the labels"
        raise DataError(Problem("answers", "are not as many as the labels", got, fix=fix))


def class_list_of(classes: Names) -> ClassList:
    """Give the class list of names, in the order of their ids from 0."""
    return classes if isinstance(classes, ClassList) else _named(tuple(classes))


_named = lru_cache(maxsize=8)(list_of_names)  # a notebook reads one answer after the other


def _ids(values: Iterable[Answer]) -> ClassList:
    """Make a class list of the ids that are used; for a text, names are needed."""
    used = {-1}
    for value in values:
        if isinstance(value, str):
            fix = "give `classes`, the names in the order of their ids"
            raise DataError(Problem("classes", "are needed for texts", ascii(value)[:60], fix=fix))
        used |= set() if value is None else {_index(value)}
    return _named(tuple(map(str, range(max(used) + 1))))


def _index(value: object) -> int:
    """Give a whole number, of Python, NumPy or torch."""
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what is no number raises
    except TypeError:
        got = ascii(value)[:60]
        fix = "give a class by its id or its name"
        problem = Problem("a class", "is neither a whole number nor a text", got, fix=fix)
        raise DataError(problem) from None


def _by_image(answers: Answers) -> Mapping[str, Answer]:
    pairs = answers.items() if isinstance(answers, Mapping) else enumerate(answers)
    return {str(key): value for key, value in pairs}


def _label_sets(
    labels: LabelsGiven, name: str
) -> Mapping[str, Mapping[str, tuple[str | int, ...]]]:
    """Give label set to image id to what is right."""
    if isinstance(labels, Mapping):
        named = {key: each for key, each in labels.items() if isinstance(each, Mapping)}
        if named and len(named) == len(labels):
            return {key: _valid(each.items()) for key, each in named.items()}
        return {name: _valid(labels.items())}
    axes = getattr(labels, "ndim", 1)
    if axes != 1:
        fix = "give class ids, or a collection of them an image; not a table of 0 and 1"
        raise DataError(Problem("labels", "are a table", f"{axes} axes", fix=fix))
    return {name: _valid(enumerate(labels))}


def _valid(pairs: Iterable[tuple[object, object]]) -> Mapping[str, tuple[str | int, ...]]:
    return {str(key): _several(valid) for key, valid in pairs}


def _several(valid: object) -> tuple[str | int, ...]:
    if isinstance(valid, str):
        return (valid,)
    if isinstance(valid, Collection):
        return tuple(each if isinstance(each, str) else _index(each) for each in valid)
    return (_index(valid),)


def _label_set(
    name: str, given: Mapping[str, tuple[str | int, ...]], classes: ClassList, original: bool
) -> LabelSet:
    """Make a label set. A name stands for all classes that bear it, as in an answer."""
    found: dict[str, frozenset[int]] = {}
    problems = []
    for image_id, valid in given.items():
        ids = [classes.lookup(each) if isinstance(each, str) else (each,) for each in valid]
        found[image_id] = frozenset(chain(*ids))
        if not all(ids) or not found[image_id] <= classes.by_id.keys():
            what = f"image `{image_id}` has a label that is no class"
            fix = "give the valid classes of an image as a class or a list of them"
            problems.append(Problem(f"label set `{name}`", what, got=repr(valid)[:80], fix=fix))
    if problems:
        raise DataError(first_problems(problems, f"label set `{name}`"))
    return LabelSet(name, found, original=original)
