"""The figures of results in long form, with the names of the metrics and what each is a share of:
the one place for tables, CSV files and datasets.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.scores.calibration_parts import Calibration
from harness.scores.confidence import Signal
from harness.scores.result_parts import Granularity, SeveralAnswers
from harness.scores.results import Interval, MappedScore, Matching, Protocol, Results, Score

_NO_INTERVAL = (None, None)
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
        low, high = change.ci95 or _NO_INTERVAL
        if change.delta is not None and change.both is not None:
            yield replace(start, metric="change", value=change.delta, ci_low=low, ci_high=high)
            yield replace(start, metric="right_under_both", value=change.both)
            yield replace(start, metric="p_mcnemar", value=change.p_mcnemar)
            yield replace(start, metric="p_holm", value=change.p_holm)
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
    low, high = score.ci95 or _NO_INTERVAL
    by_class: Interval | tuple[None, None] = score.ci95_classes or _NO_INTERVAL
    yield replace(
        start, metric="accuracy", value=score.accuracy, ci_low=low, ci_high=high,
        ci_classes_low=by_class[0], ci_classes_high=by_class[1],
    )  # fmt: skip
    found = {name: (each.value(score), each.n(score)) for name, each in METRICS.items()}
    groups = ((name, each) for name, each in score.groups.items() if name != "A")
    found |= {f"accuracy_{name}": (each.accuracy, each.n) for name, each in groups}
    yield from _each(start, found)


def _of_granularity(start: Figure, found: Granularity) -> Iterator[Figure]:
    for relation, each in found.relations.items():
        low, high = each.ci95 or _NO_INTERVAL
        if each.share is not None:
            metric = f"granularity_{relation}"
            yield replace(start, metric=metric, value=each.share, ci_low=low, ci_high=high)
    values = {
        "hierarchical_precision": (found.precision, found.n),
        "hierarchical_recall": (found.recall, found.n),
        "hierarchical_f1": (found.f1, found.n),
        "mistake_height": (found.mistake_height, found.n_mistakes),
    }
    values |= {f"accuracy_at_height_{h}": (each, found.n) for h, each in found.accuracy_at.items()}
    yield from _each(start, values)


def _of_several(start: Figure, found: SeveralAnswers) -> Iterator[Figure]:
    by_class = found.accuracy_all_ci95_classes or _NO_INTERVAL
    low, high = found.accuracy_all_ci95 or _NO_INTERVAL
    if found.accuracy_all is not None:
        yield replace(
            start, metric="accuracy_all_answers", value=found.accuracy_all, ci_low=low,
            ci_high=high, ci_classes_low=by_class[0], ci_classes_high=by_class[1],
        )  # fmt: skip
    low, high = found.label_recall_ci95_classes or _NO_INTERVAL
    if found.label_recall is not None:
        metric = "label_recall"
        yield replace(start, metric=metric, value=found.label_recall, ci_low=low, ci_high=high)


def _of_calibrations(results: Results) -> Iterator[Figure]:
    for protocol, by_labels in results.calibration.items():
        for label_set, signals in by_labels.items():
            for signal, each in signals.items():
                about = (results.model, results.task, protocol, label_set)
                yield from _of_calibration(Figure(*about, "", 0.0, each.n), signal, each)


def _of_calibration(start: Figure, signal: Signal, found: Calibration) -> Iterator[Figure]:
    figures = {
        "ece": (found.ece.ece, found.ece.ci95) if found.ece else (None, None),
        "auroc": (found.auroc, found.auroc_ci95),
        "aurc": (found.aurc, None),
        "accuracy_at_80": (found.accuracy_at_80, None),
    }
    for name, (value, interval) in figures.items():
        low, high = interval or _NO_INTERVAL
        if value is not None:
            metric = f"{name}_{signal}"
            yield replace(start, metric=metric, value=value, ci_low=low, ci_high=high)


def _of_answers(start: Figure, results: Results) -> Iterator[Figure]:
    """Give the figures that no label, or no protocol of its own, belongs to."""
    yield from _each(start, shares_of(results))
    if results.mapping is not None and results.mapping.mapped_share is not None:
        yield replace(start, metric="mapped_share", value=results.mapping.mapped_share)
        yield from _of_mapped(start, results.mapping)
    if results.mc is not None and results.mc.chance is not None:
        asked = sum(each.n for each in results.mc.letters.values())
        yield replace(start, metric="chance", value=results.mc.chance, n=asked)


def _of_mapped(start: Figure, mapping: MappedScore) -> Iterator[Figure]:
    """Give the accuracy of mapped answers, which count under `cw_plus` where the run was `cw`."""
    protocol = "cw_plus" if start.protocol == "cw" else start.protocol
    for name, share in mapping.accuracy_of_mapped.items():
        if share.accuracy is not None:
            yield replace(
                start, protocol=protocol, label_set=name, metric="accuracy_of_mapped",
                value=share.accuracy, n=share.n,
            )  # fmt: skip


def _each(start: Figure, found: Mapping[str, tuple[float | None, int]]) -> Iterator[Figure]:
    for metric, (value, n) in found.items():
        if value is not None:
            yield replace(start, metric=metric, value=value, n=n)
