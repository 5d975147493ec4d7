"""What the modules share: rows scored against lists of valid class ids."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from harness.classes import Class, ClassList
from harness.errors import DataError, Problem
from harness.labels.label_set import Equivalences, LabelSet
from harness.score.answers import Answers, Bools, to_answers
from harness.score.metrics import counted_rows, percent, right_rows, scope_of
from harness.score.statistics import wilson
from harness.score.truth import to_truth
from harness.store.prediction import Prediction

Empty = Literal["exclude", "correct"]


def class_list_of(names: Sequence[str]) -> ClassList:
    """Make a class list of names; the class id is the place in the list, from 0."""
    return ClassList("classes", "given", tuple(Class(i, name) for i, name in enumerate(names)))


def scored(
    rows: Sequence[Prediction],
    protocol: str,
    references: Sequence[Iterable[int]],
    empty: Empty = "exclude",
    equivalences: Iterable[Iterable[int]] = (),
) -> dict[str, Any]:
    """Give accuracy with Wilson's interval, in percent, and its denominators.

    `references` [n] are the valid class ids of each row; rows without any are left out, or count
    as right when `empty` is "correct". Raises DataError for another `empty`.
    """
    if empty not in ("exclude", "correct"):
        raise DataError(Problem("empty", "is not known", repr(empty), "'exclude' or 'correct'"))
    answers = to_answers(rows)
    right, scope = _judge(answers, protocol, references, equivalences)
    n_empty = int(np.count_nonzero(scope.empty))
    n_right = int(np.count_nonzero(right & scope.scored))
    n = int(np.count_nonzero(scope.scored))
    if empty == "correct":
        n, n_right = n + n_empty, n_right + n_empty
    ends = wilson(n_right, n)
    return {
        "accuracy": percent(n_right, n),
        "ci95": None if ends is None else list(ends),
        "n": n,
        "n_right": n_right,
        "n_empty": n_empty,
    }


def _judge(
    answers: Answers,
    protocol: str,
    references: Sequence[Iterable[int]],
    equivalences: Iterable[Iterable[int]],
) -> tuple[Bools, Any]:
    labels = LabelSet(
        "references",
        {
            image_id: frozenset(valid)
            for image_id, valid in zip(answers.image_ids, references, strict=True)
        },
    )
    merged = Equivalences.from_groups("equivalences", equivalences)
    truth = to_truth(labels, answers.image_ids, merged)
    right = right_rows(answers, truth, counted_rows(answers, protocol))
    return right, scope_of(answers, truth, None)
