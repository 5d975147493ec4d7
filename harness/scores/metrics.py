"""Metrics of one label set: each a pure function of arrays over the n rows of a run."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from harness.answers.outcome import Level, Status
from harness.scores.answers import NO_CLASS, STATUSES, Answers, Bools, Ints
from harness.scores.truth import Truth, merge_ids

Group = Literal["A", "N", "S", "S+", "S-", "M", "M+", "M-"]
GROUPS: tuple[Group, ...] = get_args(Group)


def percent(part: int, whole: int) -> float | None:
    """Give 100 part / whole; None for a whole of 0."""
    return 100 * part / whole if whole else None


def share(right: Bools, among: Bools) -> float | None:
    """Give the percentage of the rows `among` [n] that are `right` [n]; None when there is none."""
    return percent(int(np.count_nonzero(right & among)), int(np.count_nonzero(among)))


def count_statuses(answers: Answers) -> dict[str, int]:
    """Count the rows by status; the six counts sum to n."""
    counts = np.bincount(answers.status, minlength=len(STATUSES))
    return {str(status): int(count) for status, count in zip(STATUSES, counts, strict=True)}


def looser_rows(answers: Answers, level: Level) -> Bools:
    """Give which rows [n] were read as a name of the list, though not at this level or below."""
    return answers.has(Status.OK) & ~answers.mapped & np.greater(answers.level, level)


def out_rows(answers: Answers, level: Level = Level.LENIENT) -> Bools:
    """Give which rows [n] are out of prompt when names are matched at a level.

    As read (`LENIENT`): status oop. Below, also the answers that were read as a name of the list at
    a higher level. `STRICT` and `NORMALIZED` compare the whole text with the names, as the paper's
    evaluator does, and know neither refusals nor unparsed text: any text that is no name is out.
    """
    out = answers.has(Status.OOP) | looser_rows(answers, level)
    if level <= Level.NORMALIZED:
        out |= answers.has(Status.UNPARSED) | answers.has(Status.REFUSED)
    return out


def counted_rows(answers: Answers, protocol: str) -> Bools:
    """Give which rows [n] count as naming their class under a protocol.

    `cw` and `mc`: status ok, never by mapping. `cw_plus`: those, and out-of-prompt answers that
    were mapped. `ow` and `classify`: every answer that has a class.
    """
    by_name = answers.has(Status.OK) & ~answers.mapped
    if protocol in ("cw", "mc"):
        return by_name
    if protocol == "cw_plus":
        return by_name | (answers.has(Status.OOP) & answers.mapped)
    has_class: Bools = np.not_equal(answers.first, NO_CLASS)
    return has_class & answers.answered


def right_rows(answers: Answers, truth: Truth, counted: Bools) -> Bools:
    """Give which rows [n] are right: counted, and a class that the answer stands for is a label."""
    return truth.any_held(answers.named) & counted


def right_at(
    answers: Answers, truth: Truth, protocol: str, right: Bools, level: Level
) -> Bools | None:
    """Give which rows [n] are right when names are matched at a level; `right` [n] is as read.

    An answer that was read at a higher level is out of prompt here: wrong under `cw` and `mc`, and
    under `cw_plus` the class that the text encoder finds nearest. None where `nearest` is not known
    for them, since the rows are of an older harness or were not mapped.
    """
    looser = looser_rows(answers, level)
    if protocol != "cw_plus" or not looser.any():
        return right & ~looser
    if not len(answers.near):
        return None
    return np.where(looser, truth.any_held(answers.near), right)


def right_in_top(answers: Answers, truth: Truth) -> Bools:
    """Give for which rows [n] one of the best five classes of `top`, or fewer, is a label."""
    rows = np.broadcast_to(np.arange(len(answers))[:, None], answers.top.shape)
    found: Bools = np.logical_or.reduce(truth.holds(rows, answers.top), axis=1)
    return found


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of n rows a label set scores, and the class each image is filed under."""

    scored: Bools
    """[n] answers to images that have a label."""
    empty: Bools
    """[n] answers to images of the label set that have no valid label."""
    failed: Bools
    """[n] rows with `error` on images of the label set; they are not scored."""
    home: Ints
    """[n] class of the image: its original label, else the lowest of its labels; -1 for none."""


def scope_of(answers: Answers, truth: Truth, original: Truth | None) -> Scope:
    """Give the scope of a label set; `original` are the data set's own labels, if known."""
    answered = answers.answered & truth.labelled
    home = truth.lowest
    if original is not None:
        home = np.where(original.lowest != NO_CLASS, original.lowest, truth.lowest)
    return Scope(
        scored=answered & (truth.n_labels > 0),
        empty=answered & (truth.n_labels == 0),
        failed=~answers.answered & truth.labelled,
        home=home,
    )


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Accuracy of each of c classes, over the images filed under it."""

    ids: Ints
    """[c] ascending."""
    n: Ints
    """[c] scored images, at least 1."""
    accuracy: NDArray[np.float64]
    """[c] percent."""


def class_table(right: Bools, scope: Scope) -> ClassTable:
    """Give the accuracy of every class that has a scored image."""
    ids, places = np.unique(scope.home[scope.scored], return_inverse=True)
    n = np.bincount(places, minlength=len(ids))
    hits = np.bincount(places, weights=right[scope.scored], minlength=len(ids))
    return ClassTable(ids, n, 100 * hits / n)


def macro_f1(
    answers: Answers, truth: Truth, scope: Scope, right: Bools, counted: Bools
) -> tuple[float | None, int]:
    """Give the mean F1 of all classes that a scored image, or an answer to one, is of, in percent
    (None without a scored image), and how many classes these are.

    `right` [n] and `counted` [n] are of one protocol. A right answer counts for its class, the
    first of several that is a label. A wrong one is a false positive of its first class, where it
    has any, and a false negative of one label of its image: the class that the image is filed
    under where that is a label, else the lowest. With one label an image it is scikit-learn's
    `f1_score(average="macro")`, of which answers without a class are no class; as each class has
    an image or an answer, `zero_division` never applies.
    """
    rows = np.arange(len(answers))
    true = np.where(truth.holds(rows, scope.home), scope.home, truth.lowest)
    predicted = merge_ids(np.where(counted, answers.first, NO_CLASS), truth.equivalences)
    of_label = np.full(len(answers), NO_CLASS, dtype=np.int64)
    # Backwards, so that the first of several labels wins.
    hit_row, hit_class = answers.named[truth.holds(*answers.named.T)][::-1].T
    of_label[hit_row] = merge_ids(hit_class, truth.equivalences)
    true, predicted = (np.where(right, of_label, each)[scope.scored] for each in (true, predicted))
    named = predicted != NO_CLASS
    ids, places = np.unique(np.concatenate([true, predicted[named]]), return_inverse=True)
    if not len(true):
        return None, 0
    both = np.bincount(places, minlength=len(ids))
    hits = np.bincount(places[: len(true)], weights=true == predicted, minlength=len(ids))
    return float(np.mean(200 * hits / both)), len(ids)


def group_rows(truth: Truth, scope: Scope, original: Truth | None) -> dict[Group, Bools]:
    """Give the rows [n] of each group of images.

    A: all that are scored (S and M); N: no label; S: one effective label, that is, one after
    merging; M: several; with + or - whether the original label is among them. Where the original
    label is unknown, neither. Kisel et al., "Multimodal Large Language Models as Image
    Classifiers", 2026.
    """
    single = scope.scored & (truth.n_labels == 1)
    several = scope.scored & (truth.n_labels > 1)
    if original is None:
        kept = lost = np.zeros_like(single)
    else:
        kept = truth.shares_label(original)
        lost = ~kept & (original.n_labels > 0)
    return {
        "A": scope.scored,
        "N": scope.empty,
        "S": single,
        "S+": single & kept,
        "S-": single & lost,
        "M": several,
        "M+": several & kept,
        "M-": several & lost,
    }
