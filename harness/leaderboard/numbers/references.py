"""Rows of no model on a board: blind guessing, one constant answer, and the original labels."""

from collections.abc import Mapping

import numpy as np

from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.site_model import Reference
from harness.scores.answers import Bools
from harness.scores.guessing import Guessing, guess_classes
from harness.scores.metrics import share


def references(
    labels: BenchmarkLabels, asked: Bools, letters: Mapping[str, Guessing] | None
) -> tuple[Reference, ...]:
    """Give the reference rows of a board, by label set.

    `asked` [n] are the board's images. `letters` is what guessing among the letters reaches on a
    multiple-choice board, by label set; elsewhere it is among the classes.
    """
    ids = labels.classes.ids
    guesses = letters or {
        truth.name: guess_classes(truth, asked & (truth.n_labels > 0), ids)
        for truth in labels.truths
    }
    if letters:
        chance = (
            "One of the k letters drawn blindly: the mean over the images of the share of their "
            "options that are right."
        )
        constant = (
            "The one letter that is right most often, for all questions; the best one for each "
            "label set."
        )
    else:
        chance = (
            f"A class drawn blindly from the {len(ids)} of the list: the mean over the images of "
            "the share of classes that are right."
        )
        constant = (
            "The one class that is right most often, for all images; the best one for each label "
            "set."
        )
    rows = (
        Reference("chance", chance, {name: each.chance for name, each in guesses.items()}),
        Reference(
            "constant answer", constant, {name: each.constant for name, each in guesses.items()}
        ),
    )
    original = labels.before
    if original is None:
        return rows
    note = (
        "The original label of each image as its answer, scored by each label set on the images "
        "that both label. By the headline labels it is the ceiling of what agreement with the "
        "original labels can reach."
    )
    both, images = asked & (original.n_labels > 0), np.arange(len(asked))
    accuracy = {
        truth.name: share(truth.holds(images, original.lowest), both & (truth.n_labels > 0))
        for truth in labels.truths
    }
    return (*rows, Reference("original labels", note, accuracy))
