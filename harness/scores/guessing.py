"""What is reached without a look at the images: by blind guessing, and by one constant answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.scores.answers import Bools
from harness.scores.results import ChoiceScore
from harness.scores.truth import Truth, merge_ids


@dataclass(frozen=True, slots=True)
class Guessing:
    """Accuracies in percent; None where there is no image, or no question."""

    chance: float | None
    """Of an answer drawn blindly, each as likely as the others: its mean over the images."""
    constant: float | None
    """Of the one answer that is right most often, given to all images."""


def guess(
    truth: Truth, scored: Bools, class_ids: Sequence[int], choices: ChoiceScore | None
) -> Guessing:
    """Guess for the images that are `scored` [n]: among letters of options, else among classes."""
    return guess_letters(choices) if choices else guess_classes(truth, scored, class_ids)


def guess_classes(truth: Truth, scored: Bools, class_ids: Sequence[int]) -> Guessing:
    """Guess among the k classes of a list for those of n images that are `scored` [n].

    A class is right wherever one that counts as it is. Chance is the mean over the images of the
    share of the k classes that are right.
    """
    n = int(scored.sum())
    if not n:
        return Guessing(None, None)
    rows, labels = truth.rows_and_labels()
    merged, counts = np.unique(labels[scored[rows]], return_counts=True)
    by_label: Mapping[int, int] = dict(zip(merged.tolist(), counts.tolist(), strict=True))
    own = merge_ids(np.array(class_ids, dtype=np.int64), truth.equivalences)
    right = [by_label.get(class_id, 0) for class_id in own.tolist()]
    return Guessing(100 * sum(right) / (n * len(right)), 100 * max(right) / n)


def guess_letters(choices: ChoiceScore) -> Guessing:
    """Guess among the letters of questions: chance is the mean of 1/k, k the options of each."""
    asked = sum(share.n for share in choices.by_position.values())
    most = max((s.n for letter, s in choices.by_position.items() if letter != "none"), default=0)
    return Guessing(choices.chance, 100 * most / asked if asked else None)
