"""Two runs on the same images under one label set: the 2x2 table and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.data.labels.label_set import Equivalences, LabelSet
from harness.score.answers import NO_CLASS, Answers, Bools, Ints, to_answers
from harness.score.metrics import Scope, counted_rows, percent, right_rows, scope_of
from harness.score.results import Interval, Part, Percent, Protocol, PValue
from harness.score.statistics import Draws, class_bootstrap, holm, mcnemar
from harness.score.truth import to_truth
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


@dataclass(frozen=True, slots=True)
class _Judged:
    answers: Answers
    scope: Scope
    right: Bools


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
    one, two = (_judge(side, common, label_set, merged, original) for side in (a, b))
    scored = one.scope.scored & two.scope.scored
    n = int(scored.sum())
    only_a, only_b = (
        int((scored & mask).sum()) for mask in (one.right & ~two.right, two.right & ~one.right)
    )
    both = int((scored & one.right & two.right).sum())
    p_value = mcnemar(only_a, only_b)
    other_options, other_order = _unlike_questions(one.answers, two.answers, scored)
    step = 100.0 * two.right[scored] - 100.0 * one.right[scored]
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


def _judge(
    side: Side,
    common: set[str],
    label_set: LabelSet,
    equivalences: Equivalences,
    original: LabelSet | None,
) -> _Judged:
    answers = to_answers(
        sorted((row for row in side.rows if row.image_id in common), key=lambda row: row.image_id),
        where=f"predictions of {side.name}",
    )
    truth = to_truth(label_set, answers.image_ids, equivalences)
    home = to_truth(original, answers.image_ids, equivalences) if original else None
    right = right_rows(answers, truth, counted_rows(answers, side.protocol))
    return _Judged(answers, scope_of(answers, truth, home), right)


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
