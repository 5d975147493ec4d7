"""What other labels change: the accuracy of each run of a study under two label sets."""

from collections.abc import Iterable, Iterator, Sequence

from harness.report.change_plot import Shift, Shifts, highest_first
from harness.scores.scoring import change_of
from harness.scores.statistics import Draws
from harness.studies.design import Factor, Study, Variant
from harness.studies.effects import LABELS
from harness.studies.observe import Judged
from harness.studies.results import LabelChange, StudyResults


def label_changes(
    study: Study, runs: Iterable[tuple[str, Variant, Judged]], label_sets: Sequence[str]
) -> tuple[list[LabelChange], list[str]]:
    """Give what other labels change in the runs of tasks as they are, and in the one that the
    factor `labels` is read off; and a note for each run whose labels are others of the same name.
    """
    found: list[LabelChange] = []
    notes: list[str] = []
    factor = next((each for each in study.factors if each.name == LABELS), None)
    pair = None if factor is None else _pair(factor, label_sets)
    if factor is None or pair is None:
        return found, notes
    first = None
    for model, variant, judged in runs:
        digests = [judged.digests[each] for each in pair if each in judged.digests]
        is_own = not variant.settings or variant == factor.points[0].variant
        if not is_own or len(digests) < len(pair):
            continue
        first = first or digests
        if digests == first:
            found += _changes(judged, model, variant, pair)
        else:
            what = f"has other labels than the rest under the names {' and '.join(pair)}"
            notes.append(f"{model} on {variant.task} {what}: what they change is left out.")
    return found, notes


def _pair(factor: Factor, label_sets: Sequence[str]) -> tuple[str, str] | None:
    """Give the baseline of the factor and its last other level, of label sets that are here."""
    here = [each.reading for each in factor.points if each.reading in label_sets]
    before = factor.points[factor.baseline or 0].reading
    after = next((each for each in reversed(here) if each != before), None)
    return (before, after) if before in here and after is not None else None


def _changes(
    judged: Judged, model: str, variant: Variant, pair: tuple[str, str]
) -> Iterator[LabelChange]:
    """Give the change under each protocol that a run is scored by; none without images."""
    before, after = (judged.by_label_set[each] for each in pair)
    for protocol in judged.scored_under:
        change = change_of(before, after, protocol, Draws())
        if change.from_ is None or change.to is None or change.delta is None:
            continue
        yield LabelChange(
            model=model,
            task=variant.task,
            protocol=protocol,
            settings=variant.text,
            before=pair[0],
            after=pair[1],
            n=change.n,
            accuracy_before=change.from_,
            accuracy_after=change.to,
            delta=change.delta,
            ci95=change.ci95,
        )


def shifts_of_study(found: StudyResults) -> Shifts | None:
    """Give the changes as the picture and its table have them; None where there are none."""
    runs = [
        Shift(
            each.model, ", ".join(filter(None, (each.task, each.settings))), each.protocol, each.n,
            each.accuracy_before, each.accuracy_after, each.delta, each.ci95,
        )
        for each in found.label_changes
    ]  # fmt: skip
    first = next(iter(found.label_changes), None)
    return highest_first(first.before, first.after, runs) if first else None
