"""What new labels do to the accuracy of a run, on the same images."""

from collections.abc import Sequence
from dataclasses import replace

from harness.data.labels.label_set import Labels, LabelSet
from harness.review.merging import Merged
from harness.runs.reopen import OpenRun
from harness.scores.answers import to_answers
from harness.scores.judgement import judge
from harness.scores.results import Interval, Part, Percent, Protocol, PValue
from harness.scores.scoring import change_of
from harness.scores.statistics import Draws, holm


class Effect(Part):
    """A run under the labels before and after, on the images that have a label in both."""

    model: str
    task: str
    protocol: Protocol
    n: int
    before: Percent | None
    after: Percent | None
    delta: Percent | None
    """`after` less `before`, in percentage points."""
    ci95: Interval | None
    """Of `delta`: whole classes redrawn."""
    only_before: int
    """Right under the old labels alone."""
    only_after: int
    p_mcnemar: PValue
    """Exact, two-sided."""
    p_holm: PValue
    """After Holm's correction for the number of runs."""
    n_entered: int
    """Images that have a label only now, and are left out."""
    n_left: int
    """Images that have a label no more, and are left out."""


def effects_on(
    runs: Sequence[OpenRun], merged: Merged, original: LabelSet | None
) -> tuple[Effect, ...]:
    """Give the effect on each run. Raises DataError as `to_answers`."""
    found = [_effect(run, merged, original) for run in runs]
    adjusted = holm([each.p_mcnemar for each in found])
    return tuple(
        each.model_copy(update={"p_holm": p_holm})
        for each, p_holm in zip(found, adjusted, strict=True)
    )


def _effect(run: OpenRun, merged: Merged, original: LabelSet | None) -> Effect:
    protocol = run.opened.task.protocol
    answers = to_answers(run.rows, run.opened.classes, f"predictions of {run.path}")
    sets = [replace(merged.base, original=False), merged.labels]
    sets += [replace(original, original=True, name="")] if original else []
    before, after, *_ = judge(answers, Labels(tuple(sets), merged.same), [protocol])
    change = change_of(before, after, protocol, Draws())
    was, now = before.right[protocol], after.right[protocol]
    common = before.scope.scored & after.scope.scored
    return Effect(
        model=run.manifest.model,
        task=run.manifest.task,
        protocol=protocol,
        n=change.n,
        before=change.from_,
        after=change.to,
        delta=change.delta,
        ci95=change.ci95,
        only_before=int((common & was & ~now).sum()),
        only_after=int((common & now & ~was).sum()),
        p_mcnemar=change.p_mcnemar,
        p_holm=change.p_mcnemar,
        n_entered=int((after.scope.scored & ~before.scope.scored).sum()),
        n_left=int((before.scope.scored & ~after.scope.scored).sum()),
    )
