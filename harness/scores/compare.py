"""Runs on the same images under one label set, two by two: the 2x2 table and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np

from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints, to_answers
from harness.scores.judgement import judge
from harness.scores.metrics import percent
from harness.scores.results import Interval, Part, Percent, Protocol, PValue
from harness.scores.statistics import Draws, class_bootstrap, holm, mcnemar
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs."""

    name: str
    protocol: Protocol
    rows: Sequence[Prediction]


class Comparison(Part):
    """Two runs, a and b, on the images that both answered and that have a label."""

    a: str
    b: str
    protocol_a: Protocol
    protocol_b: Protocol
    label_set: str
    equivalences: str
    n: int
    n_left_out: int
    """Images that are not in every run that is compared, have no label, or failed in a run."""
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    accuracy_a: Percent | None
    accuracy_b: Percent | None
    delta: Percent | None
    """accuracy_a less accuracy_b, in percentage points, as the pages of a site have it."""
    ci95: Interval | None
    """Of `delta`: whole classes redrawn, both runs by the same draws."""
    p_mcnemar: PValue
    """Exact, two-sided."""
    p_holm: PValue
    """After Holm's correction, where several comparisons were made together."""
    n_other_options: int | None = None
    """Of the n images of two runs of multiple choice, those whose options are other classes, so
    that the runs were not asked the same question; null unless both runs have options."""
    n_other_order: int | None = None
    """Those whose options are the same classes in another order."""

    def to_json(self) -> dict[str, Any]:
        """Give JSON values, percent rounded to four decimals."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A run laid beside the labels of n images, in the order of their ids."""

    side: Side
    answers: Answers
    right: Bools
    scored: Bools
    home: Ints


def compare(
    a: Side,
    b: Side,
    label_set: LabelSet,
    equivalences: Equivalences | None = None,
    original: LabelSet | None = None,
    draws: Draws | None = None,
) -> Comparison:
    """Compare two runs image by image: `compare_all` of two."""
    (found,) = compare_all((a, b), label_set, equivalences, original, draws)
    return found


def compare_all(
    sides: Sequence[Side],
    label_set: LabelSet,
    equivalences: Equivalences | None = None,
    original: LabelSet | None = None,
    draws: Draws | None = None,
) -> tuple[Comparison, ...]:
    """Compare every two of k runs, (0, 1), (0, 2), … (k - 2, k - 1), all on the same images: those
    that all runs answered and that have a label.

    `original` files images under classes for the bootstrap; without it their lowest label does.
    Raises DataError for two rows of one image in a run. Runs without a common image, or of which
    the label set knows none, give n = 0 and null accuracies. The p-values are not corrected for
    their number, see `with_holm`.
    """
    merged = equivalences or Equivalences.none()
    ids = [{row.image_id for row in side.rows} for side in sides]
    home = () if original is None or original is label_set else (replace(original, original=True),)
    labels = Labels((label_set, *home), merged)
    common = set.intersection(*ids)
    judged = [_judged(side, common, labels) for side in sides]
    scored = reduce(np.logical_and, (each.scored for each in judged))
    left_out = len(set.union(*ids)) - int(scored.sum())
    about = (label_set.name, merged.source, left_out)
    return tuple(_pair(a, b, scored, about, draws or Draws()) for a, b in combinations(judged, 2))


def _judged(side: Side, common: set[str], labels: Labels) -> _Judged:
    rows = (row for row in side.rows if row.image_id in common)
    where = f"predictions of {side.name}"
    answers = to_answers(sorted(rows, key=lambda row: row.image_id), where=where)
    found = judge(answers, labels, [side.protocol])[0]
    scope = found.scope
    return _Judged(side, answers, found.right[side.protocol], scope.scored, scope.home)


def _pair(
    a: _Judged, b: _Judged, scored: Bools, about: tuple[str, str, int], draws: Draws
) -> Comparison:
    label_set, equivalences, left_out = about
    n = int(scored.sum())
    only_a, only_b = (
        int((scored & mask).sum()) for mask in (a.right & ~b.right, b.right & ~a.right)
    )
    both = int((scored & a.right & b.right).sum())
    p_value = mcnemar(only_a, only_b)
    other_options, other_order = _unlike_questions(a.answers, b.answers, scored)
    step = 100.0 * a.right[scored] - 100.0 * b.right[scored]
    return Comparison(
        a=a.side.name,
        b=b.side.name,
        protocol_a=a.side.protocol,
        protocol_b=b.side.protocol,
        label_set=label_set,
        equivalences=equivalences,
        n=n,
        n_left_out=left_out,
        both_right=both,
        only_a=only_a,
        only_b=only_b,
        both_wrong=n - both - only_a - only_b,
        accuracy_a=percent(both + only_a, n),
        accuracy_b=percent(both + only_b, n),
        delta=percent(only_a - only_b, n),
        ci95=class_bootstrap(step, a.home[scored], draws),
        p_mcnemar=p_value,
        p_holm=p_value,
        n_other_options=other_options,
        n_other_order=other_order,
    )


def with_holm(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Give the comparisons with `p_holm` corrected for their number."""
    adjusted = holm([item.p_mcnemar for item in comparisons])
    return tuple(
        item.model_copy(update={"p_holm": p_holm})
        for item, p_holm in zip(comparisons, adjusted, strict=True)
    )


def _unlike_questions(a: Answers, b: Answers, scored: Bools) -> tuple[int, int] | tuple[None, None]:
    """Count the `scored` [n] questions whose options are other classes in b than in a, and those
    whose options only stand in another order; None where a run has no options at all.
    """
    if not (a.options != NO_CLASS).any() or not (b.options != NO_CLASS).any():
        return None, None
    wide = max(a.options.shape[1], b.options.shape[1])
    one, two = (_widened(each.options, wide) for each in (a, b))
    moved = scored & (one != two).any(axis=1)
    other = scored & (np.sort(one, axis=1) != np.sort(two, axis=1)).any(axis=1)
    return int(other.sum()), int((moved & ~other).sum())


def _widened(options: Ints, wide: int) -> Ints:
    room = ((0, 0), (0, wide - options.shape[1]))
    return np.pad(options, room, constant_values=NO_CLASS)
