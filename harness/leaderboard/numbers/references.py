"""The rows of no model: what blind guessing, one constant answer and the original labels reach."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.site_model import Reference
from harness.scores.answers import NO_CLASS, Bools
from harness.scores.metrics import share
from harness.scores.results import ChoiceScore
from harness.scores.truth import Truth, merge_ids

_STRIDE = 2**32  # of `Truth.pairs`


@dataclass(frozen=True, slots=True)
class _Chances:
    """What each of k classes would be right for, among the images that are scored."""

    n: int
    right: NDArray[np.int64]
    """[k] images for which a class would be right."""


def references(
    labels: BenchmarkLabels, asked: Bools, choices: ChoiceScore | None
) -> tuple[Reference, ...]:
    """Give the reference rows of a board, by label set.

    `asked` [n] are the board's images. `choices` are those of a multiple-choice board: there blind
    guessing and a constant answer choose among letters.
    """
    rows = _lettered(labels, choices) if choices else _closed(labels, asked)
    original = labels.before
    if original is None:
        return rows
    note = (
        "The original label of each image as its answer, scored by each label set on the images "
        "that both label. By the headline labels it is the ceiling of what agreement with the "
        "original labels can reach."
    )
    both = asked & (original.n_labels > 0)
    accuracy = {
        truth.name: share(_right_by(original, truth), both & (truth.n_labels > 0))
        for truth in labels.truths
    }
    return (*rows, Reference("original labels", note, accuracy))


def _closed(labels: BenchmarkLabels, asked: Bools) -> tuple[Reference, Reference]:
    chances = {truth.name: _chances(labels, truth, asked) for truth in labels.truths}
    k = len(labels.classes)
    return (
        Reference(
            "chance",
            f"A class drawn blindly from the {k} of the list: the mean over the images of the "
            "share of classes that are right.",
            {
                name: 100 * float(each.right.sum()) / (each.n * k) if each.n else None
                for name, each in chances.items()
            },
        ),
        Reference(
            "constant answer",
            "The one class that is right most often, for all images; the best one for each label "
            "set.",
            {
                name: 100 * int(each.right.max()) / each.n if each.n else None
                for name, each in chances.items()
            },
        ),
    )


def _lettered(labels: BenchmarkLabels, choices: ChoiceScore) -> tuple[Reference, Reference]:
    names = [truth.name for truth in labels.truths]
    asked = sum(share.n for share in choices.by_position.values())
    most = max((s.n for letter, s in choices.by_position.items() if letter != "none"), default=0)
    return (
        Reference(
            "chance",
            "One of the k letters drawn blindly: the mean of 1/k over the questions, of which each "
            "has one right option.",
            dict.fromkeys(names, choices.chance),
        ),
        Reference(
            "constant answer",
            "The one letter that is right most often, for all questions.",
            dict.fromkeys(names, 100 * most / asked if asked else None),
        ),
    )


def _chances(labels: BenchmarkLabels, truth: Truth, asked: Bools) -> _Chances:
    """Count for how many images each class is right; a class is so wherever one that counts as it
    is.
    """
    scored = asked & (truth.n_labels > 0)
    rows, merged_ids = np.divmod(truth.pairs, _STRIDE)
    merged, counts = np.unique(merged_ids[scored[rows]], return_counts=True)
    by_label: Mapping[int, int] = dict(zip(merged.tolist(), counts.tolist(), strict=True))
    own = merge_ids(np.array(labels.classes.ids, dtype=np.int64), truth.equivalences)
    right = np.array([by_label.get(class_id, 0) for class_id in own.tolist()], dtype=np.int64)
    return _Chances(int(scored.sum()), right)


def _right_by(original: Truth, truth: Truth) -> Bools:
    rows = np.arange(len(original.lowest), dtype=np.int64)
    return truth.holds(rows, np.where(original.n_labels > 0, original.lowest, NO_CLASS))
