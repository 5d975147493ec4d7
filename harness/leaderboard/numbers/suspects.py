"""Images whose labels look wrong: good models of several kinds name one class, and it is no label.

Pure functions of arrays; m models, n images. A vote is the class that a model's answer counts as,
equivalent classes merged; -1 is none.
"""

from dataclasses import dataclass

import numpy as np

from harness.data.labels.label_set import Equivalences
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints
from harness.scores.truth import Truth, merge_ids
from harness.specs.model import Kind

MARGIN = 10.0
"""Points below the most accurate model within which a model is a good one."""
FEWEST, MOST = 3, 7
"""How many good models vote."""


@dataclass(frozen=True, slots=True)
class Voter:
    """A good model, and the ranking in which it is most accurate, which gives its vote."""

    board: str
    """Its slug."""
    entry: str
    model: str
    kind: Kind
    accuracy: float
    claimed: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image whose labels the voters contradict."""

    image_id: str
    labels: tuple[int, ...]
    class_id: int
    """What the voters that name a class name, all of them."""
    n_votes: int
    """How many they are."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the rule marks under the original labels, and what the corrected labels say of that.

    All counts are of images that both label sets know.
    """

    voters: tuple[Voter, ...]
    """The good models by the original labels."""
    n: int
    """Images that the rule marks under the original labels."""
    confirmed: int
    """Of these, the class that the models name is among the corrected labels."""
    gone: int
    """Of these, no original label is among the corrected ones."""
    n_all: int
    """All images with an original label."""
    gone_all: int
    """Of all, no original label is among the corrected ones."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """The suspect images of a benchmark under its headline labels."""

    voters: tuple[Voter, ...]
    """The most accurate one first; fewer than `FEWEST` mark nothing."""
    images: tuple[Suspect, ...]
    """Those with the most votes first, then by id."""
    control: Control | None
    """None without original labels beside, and with too few good models by them."""


def votes_of(answers: Answers, counted: Bools, same: Equivalences) -> Ints:
    """Give the vote of each of n rows; `counted` [n] are those that count as naming a class.

    An answer that stands for several classes, as a name that several bear, is no vote.
    """
    merged = merge_ids(answers.named_class, same)
    low = np.full(len(answers), np.iinfo(np.int64).max)
    high = np.full(len(answers), NO_CLASS, dtype=np.int64)
    np.minimum.at(low, answers.named_row, merged)
    np.maximum.at(high, answers.named_row, merged)
    return np.where(counted & (low == high), high, NO_CLASS)


def agreed(votes: Ints) -> tuple[Ints, Ints]:
    """Give the class [n] that all models name that name one, at least `FEWEST` of them, or -1; and
    how many name a class [n]. `votes` is [m, n].
    """
    named = votes != NO_CLASS
    n_votes = named.sum(axis=0)
    high = votes.max(axis=0, initial=NO_CLASS)
    are_one = (named <= (votes == high)).all(axis=0) & (n_votes >= FEWEST)
    return np.where(are_one, high, NO_CLASS), n_votes


def contradicted(truth: Truth, classes: Ints) -> Bools:
    """Give the images [n] that have labels, of which the class [n] that is agreed on is none."""
    found: Bools = np.not_equal(classes, NO_CLASS) & (truth.n_labels > 0)
    return found & ~truth.holds(np.arange(len(classes)), classes)


def control_of(
    original: Truth, corrected: Truth, voters: tuple[Voter, ...], classes: Ints
) -> Control:
    """Hold the classes [n] that are agreed on against both label sets, the corrected as referee."""
    both = (original.n_labels > 0) & corrected.labelled
    gone = both & ~original.shares_label(corrected)
    marked = contradicted(original, classes) & both
    confirmed = corrected.holds(np.arange(len(classes)), classes)
    masks = (marked, marked & confirmed, marked & gone, both, gone)
    return Control(voters, *(int(mask.sum()) for mask in masks))
