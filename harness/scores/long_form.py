"""The figures of results in long form: the one place for tables, CSV files and datasets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.scores.confidence import Signal
from harness.scores.result_parts import Calibration, Granularity, SeveralAnswers
from harness.scores.results import Interval, MappedScore, Matching, Protocol, Results, Score

CLOSER: tuple[Matching, ...] = ("strict", "normalized")
"""Ways to match answers whose figures have a metric of their own; as read they are `accuracy` and
`share_oop`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of one label set, beside its accuracy."""

    value: Callable[[Score], float | None]
    """In percent; None where it does not apply."""
    n: Callable[[Score], int] = lambda score: score.n
    """What it is a share or a mean of."""


METRICS: Mapping[str, Metric] = {
    "accuracy_empty_correct": Metric(
        lambda score: score.accuracy_empty_correct, lambda score: score.n + score.n_empty
    ),
    "accuracy_strict": Metric(lambda score: score.accuracy_by("strict")),
    "accuracy_normalized": Metric(lambda score: score.accuracy_by("normalized")),
    "accuracy_first_in_list": Metric(lambda score: score.accuracy_first_in_list),
    "mean_per_class": Metric(lambda score: score.mean_per_class, lambda score: score.n_classes),
    "macro_f1": Metric(lambda score: score.macro_f1, lambda score: score.n_classes_f1),
    "top5": Metric(lambda score: score.top5),
}


def shares_of(results: Results) -> dict[str, tuple[float | None, int]]:
    """Give the shares that no label is needed for, in percent, and what each is a share of: every
    status of all rows, and what is out of prompt by closer matching of the answers.
    """
    answered = results.n - results.counts.get("error", 0)
    return {f"share_{status}": (share, results.n) for status, share in results.shares.items()} | {
        f"oop_{matching}": (results.out_share(matching), answered) for matching in CLOSER
    }


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run: percent or percentage points, but for `p_…` and `mistake_height`."""

    model: str
    """Name of the model."""
    task: str
    """Name of the task."""
    protocol: str
    """How answers counted; a run of `cw` is scored as `cw_plus` too."""
    label_set: str | None
    """Null where no label is needed; `a->b` for a change between two."""
    metric: str
    """`accuracy` and others."""
    value: float
    """Percent or percentage points; a probability for `p_mcnemar` and `p_holm`, and a height in the
    hierarchy of the classes for `mistake_height`."""
    n: int
    """What it is a share or mean of: images, or classes for `mean_per_class` and `macro_f1`."""
    ci_low: float | None = None
    """95 % interval: Wilson's for an accuracy, of redrawn classes for `change`, `ece_…` and
    `label_recall`, DeLong's for `auroc_…`."""
    ci_high: float | None = None
    """Its upper end."""
    ci_classes_low: float | None = None
    """95 % interval of an accuracy when whole classes are redrawn."""
    ci_classes_high: float | None = None
    """Its upper end."""
    sample: str | None = None
    """How the images of the run were chosen, where they are some of its data set's: `seed 0`, `by a
    list of ids`, `the first ones`; null for all."""
    sample_n: int | None = None
    """How many were chosen, those without a question among them; null for all."""
    sample_of: int | None = None
    """How many its data set has; null for all."""
    label_set_sha256: str | None = None
    """Of the labels."""
    class_list_sha256: str | None = None
    """Of ids, names, aliases and WordNet ids."""
    data_fingerprint: str | None = None
    """Of the images that were answered: their ids and pixels."""
    harness_version: str | None = None
    """That answered."""
    git_commit: str | None = None
    """Of the harness that answered."""


def figures_of(results: Results) -> Iterator[Figure]:
    """Give every figure that has a value, without where it comes from."""
    about = (results.model, results.task)
    for start, score in _starts(results, results.scores):
        yield from _of_score(start, score)
    for name, change in results.changes.items():
        start = Figure(*about, change.protocol, name, "", 0.0, change.n)
        if change.delta is not None and change.both is not None:
            yield from _figure(start, "change", change.delta, ci95=change.ci95)
            yield from _figure(start, "right_under_both", change.both)
            yield from _figure(start, "p_mcnemar", change.p_mcnemar)
            yield from _figure(start, "p_holm", change.p_holm)
    for start, each in _starts(results, results.granularity.scores if results.granularity else {}):
        yield from _of_granularity(start, each)
    for start, several in _starts(results, results.several_answers):
        yield from _of_several(start, several)
    yield from _of_calibrations(results)
    yield from _of_answers(Figure(*about, results.protocol, None, "", 0.0, results.n), results)


_Part = TypeVar("_Part", Score, Granularity, SeveralAnswers)


def _starts(
    results: Results, found: Mapping[Protocol, Mapping[str, _Part]]
) -> Iterator[tuple[Figure, _Part]]:
    """Give each part that is of one protocol and label set, with what its figures share."""
    for protocol, by_labels in found.items():
        for label_set, each in by_labels.items():
            about = (results.model, results.task, protocol, label_set)
            yield Figure(*about, "", 0.0, each.n), each


def _of_score(start: Figure, score: Score) -> Iterator[Figure]:
    if score.accuracy is None:
        return
    yield from _figure(start, "accuracy", score.accuracy, score.n, score.ci95, score.ci95_classes)
    for name, metric in METRICS.items():
        yield from _figure(start, name, metric.value(score), metric.n(score))
    for group, each in score.groups.items():
        if group != "A":
            yield from _figure(start, f"accuracy_{group}", each.accuracy, each.n)


def _of_granularity(start: Figure, found: Granularity) -> Iterator[Figure]:
    for relation, each in found.relations.items():
        yield from _figure(start, f"granularity_{relation}", each.share, ci95=each.ci95)
    yield from _figure(start, "hierarchical_precision", found.precision)
    yield from _figure(start, "hierarchical_recall", found.recall)
    yield from _figure(start, "hierarchical_f1", found.f1)
    yield from _figure(start, "mistake_height", found.mistake_height, found.n_mistakes)
    for height, accuracy in found.accuracy_at.items():
        yield from _figure(start, f"accuracy_at_height_{height}", accuracy)


def _of_several(start: Figure, found: SeveralAnswers) -> Iterator[Figure]:
    ends, by_class = found.accuracy_all_ci95, found.accuracy_all_ci95_classes
    yield from _figure(start, "accuracy_all_answers", found.accuracy_all, found.n, ends, by_class)
    ends = found.label_recall_ci95_classes
    yield from _figure(start, "label_recall", found.label_recall, ci95=ends)


def _of_calibrations(results: Results) -> Iterator[Figure]:
    for protocol, by_labels in results.calibration.items():
        for label_set, signals in by_labels.items():
            for signal, each in signals.items():
                about = (results.model, results.task, protocol, label_set)
                yield from _of_calibration(Figure(*about, "", 0.0, each.n), signal, each)


def _of_calibration(start: Figure, signal: Signal, found: Calibration) -> Iterator[Figure]:
    if found.ece is not None:
        yield from _figure(start, f"ece_{signal}", found.ece.ece, ci95=found.ece.ci95)
    yield from _figure(start, f"auroc_{signal}", found.auroc, ci95=found.auroc_ci95)
    yield from _figure(start, f"aurc_{signal}", found.aurc)
    yield from _figure(start, f"accuracy_at_80_{signal}", found.accuracy_at_80)


def _of_answers(start: Figure, results: Results) -> Iterator[Figure]:
    """Give the figures that no label, or no protocol of its own, belongs to."""
    for metric, (share, n) in shares_of(results).items():
        yield from _figure(start, metric, share, n)
    if results.mapping is not None and results.mapping.mapped_share is not None:
        yield from _figure(start, "mapped_share", results.mapping.mapped_share)
        yield from _of_mapped(start, results.mapping)
    if results.mc is not None:
        asked = sum(each.n for each in results.mc.letters.values())
        yield from _figure(start, "chance", results.mc.chance, asked)


def _of_mapped(start: Figure, mapping: MappedScore) -> Iterator[Figure]:
    """Give the accuracy of mapped answers, which count under `cw_plus` where the run was `cw`."""
    protocol = "cw_plus" if start.protocol == "cw" else start.protocol
    for name, share in mapping.accuracy_of_mapped.items():
        of_labels = replace(start, protocol=protocol, label_set=name)
        yield from _figure(of_labels, "accuracy_of_mapped", share.accuracy, share.n)


def _figure(
    start: Figure,
    metric: str,
    value: float | None,
    n: int | None = None,
    ci95: Interval | None = None,
    by_class: Interval | None = None,
) -> Iterator[Figure]:
    """Give a figure, unless it has no value; `n` is by default that of the start."""
    if value is not None:
        low, high = ci95 or (None, None)
        class_low, class_high = by_class or (None, None)
        yield replace(
            start, metric=metric, value=value, n=start.n if n is None else n, ci_low=low,
            ci_high=high, ci_classes_low=class_low, ci_classes_high=class_high,
        )  # fmt: skip
