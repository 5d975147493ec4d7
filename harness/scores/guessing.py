"""What is reached without a look at the images: by blind guessing, and by one constant answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.scores.answers import NO_CLASS, Bools, Ints
from harness.scores.truth import Truth, merge_ids


@dataclass(frozen=True, slots=True)
class Guessing:
    """Accuracies in percent; None where there is no image, or no question."""

    chance: float | None
    """Of an answer drawn blindly, each as likely as the others: its mean over the images."""
    constant: float | None
    """Of the one answer that is right most often, given to all images."""


def guess(truth: Truth, scored: Bools, class_ids: Sequence[int], options: Ints | None) -> Guessing:
    """Guess for the images that are `scored` [n]: among the letters of their `options` [n, k] where
    there are any, else among classes.
    """
    if options is not None:
        return guess_letters(truth, scored, options)
    return guess_classes(truth, scored, class_ids)


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


def guess_letters(truth: Truth, scored: Bools, options: Ints) -> Guessing:
    """Guess among the letters of the questions about those of n images that are `scored` [n].

    `options` [n, k] are class ids, -1 behind the last one of a question. Chance is the mean over
    the images of the share of their options that are right: of 1/k under the labels that the
    options were drawn by, of more or less under others, by which several options may be right, or
    none.
    """
    asked = options[scored]
    if not (asked != NO_CLASS).any():
        return Guessing(None, None)
    rows = np.broadcast_to(np.flatnonzero(scored)[:, None], asked.shape)
    right = truth.holds(rows, asked)
    n_options = np.maximum((asked != NO_CLASS).sum(axis=1), 1)
    chance = 100 * float(np.mean(right.sum(axis=1) / n_options))
    return Guessing(chance, 100 * int(right.sum(axis=0).max()) / len(asked))
