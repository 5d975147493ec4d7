"""What other labels change: the accuracy of each run of a study under two label sets."""

from collections.abc import Iterator, Sequence

from harness.report.change_plot import Shift, Shifts, highest_first
from harness.scores.statistics import Draws
from harness.studies.design import Factor, Variant
from harness.studies.levels import Levels
from harness.studies.observe import Judged, as_read
from harness.studies.results import LabelChange, StudyResults


def pair_of(factor: Factor, label_sets: Sequence[str]) -> tuple[str, str] | None:
    """Give the baseline of the factor `labels` and the last other level of those label sets that
    are here; None where there are no two.
    """
    here = [each.reading for each in factor.points if each.reading in label_sets]
    before = factor.points[factor.baseline or 0].reading
    after = next((each for each in reversed(here) if each != before), None)
    return (before, after) if before in here and after is not None else None


def changes_of(
    judged: Judged, model: str, variant: Variant, pair: tuple[str, str]
) -> Iterator[LabelChange]:
    """Give the change from one label set of a pair to the other under each protocol that a run is
    scored by; nothing where the run lacks one, or no image has a label in both.
    """
    for protocol in judged.scored_under if set(pair) <= judged.by_label_set.keys() else ():
        levels = Levels([as_read(judged, each, protocol) for each in pair], Draws())
        was, now = levels.accuracies
        if was is None or now is None:
            continue
        effect = levels.level(1, 0, pair[1], None)
        yield LabelChange(
            model=model,
            task=variant.task,
            protocol=protocol,
            settings=variant.text,
            before=pair[0],
            after=pair[1],
            n=effect.n,
            accuracy_before=was,
            accuracy_after=now,
            delta=now - was,
            ci95=effect.delta_ci95,
        )


def shifts_of_study(found: StudyResults) -> Shifts | None:
    """Give the changes as the picture and its table have them; None where there are none."""
    runs = [
        Shift(
            model=each.model,
            task=", ".join(filter(None, (each.task, each.settings))),
            protocol=each.protocol,
            n=each.n,
            before=each.accuracy_before,
            after=each.accuracy_after,
            delta=each.delta,
            ci95=each.ci95,
        )
        for each in found.label_changes
    ]
    first = next(iter(found.label_changes), None)
    return highest_first(first.before, first.after, runs) if first else None
