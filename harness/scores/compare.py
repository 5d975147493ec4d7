"""Two runs on the same images under one label set: the 2x2 table and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """One of the two runs."""

    name: str
    protocol: Protocol
    rows: Sequence[Prediction]


class Comparison(Part):
    """Run b against run a, on the images that both answered and that have a label."""

    a: str
    b: str
    protocol_a: Protocol
    protocol_b: Protocol
    label_set: str
    equivalences: str
    n: int
    n_left_out: int
    """Images that are in one run only, have no label, or failed in a run."""
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    accuracy_a: Percent | None
    accuracy_b: Percent | None
    delta: Percent | None
    """accuracy_b less accuracy_a, in percentage points."""
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


def compare(
    a: Side,
    b: Side,
    label_set: LabelSet,
    equivalences: Equivalences | None = None,
    original: LabelSet | None = None,
    draws: Draws | None = None,
) -> Comparison:
    """Compare two runs image by image.

    `original` files images under classes for the bootstrap; without it their lowest label does.
    Raises DataError for two rows of one image in a run. Runs without a common image, or of which
    the label set knows none, give n = 0 and null accuracies.
    """
    merged = equivalences or Equivalences.none()
    common = {row.image_id for row in a.rows} & {row.image_id for row in b.rows}
    n_images = len({row.image_id for row in (*a.rows, *b.rows)})
    home = () if original is None or original is label_set else (replace(original, original=True),)
    labels = Labels((label_set, *home), merged)
    answers_a, answers_b = (_answers(side, common) for side in (a, b))
    one, two = (
        judge(answers, labels, [side.protocol])[0]
        for side, answers in ((a, answers_a), (b, answers_b))
    )
    right_a, right_b = one.right[a.protocol], two.right[b.protocol]
    scored = one.scope.scored & two.scope.scored
    n = int(scored.sum())
    only_a, only_b = (
        int((scored & mask).sum()) for mask in (right_a & ~right_b, right_b & ~right_a)
    )
    both = int((scored & right_a & right_b).sum())
    p_value = mcnemar(only_a, only_b)
    other_options, other_order = _unlike_questions(answers_a, answers_b, scored)
    step = 100.0 * right_b[scored] - 100.0 * right_a[scored]
    return Comparison(
        a=a.name,
        b=b.name,
        protocol_a=a.protocol,
        protocol_b=b.protocol,
        label_set=label_set.name,
        equivalences=merged.source,
        n=n,
        n_left_out=n_images - n,
        both_right=both,
        only_a=only_a,
        only_b=only_b,
        both_wrong=n - both - only_a - only_b,
        accuracy_a=percent(both + only_a, n),
        accuracy_b=percent(both + only_b, n),
        delta=percent(only_b - only_a, n),
        ci95=class_bootstrap(step, one.scope.home[scored], draws or Draws()),
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


def _answers(side: Side, common: set[str]) -> Answers:
    rows = (row for row in side.rows if row.image_id in common)
    where = f"predictions of {side.name}"
    return to_answers(sorted(rows, key=lambda row: row.image_id), where=where)


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
