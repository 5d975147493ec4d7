"""The scores of a run in long form: one figure a row, with its denominator and its provenance."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.export.hf.runs import ExportRun
from harness.score.results import Interval, MappedScore, Matching, Results, Score

_NO_INTERVAL = (None, None)
_CLOSER: tuple[Matching, ...] = ("strict", "normalized")
"""Ways to match answers whose figures have a metric of their own; as read they are `accuracy` and
`share_oop`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run: percent or percentage points, but for the metrics `p_…`."""

    model: str
    task: str
    protocol: str
    label_set: str | None
    """None for what no label is needed for; `a->b` for a change."""
    metric: str
    value: float
    n: int
    """What the figure is a share or a mean of: images, or classes for `mean_per_class`."""
    ci_low: float | None = None
    """95 % interval: Wilson's for an accuracy, of redrawn classes for a change."""
    ci_high: float | None = None
    ci_classes_low: float | None = None
    """95 % interval of an accuracy when whole classes are redrawn."""
    ci_classes_high: float | None = None
    label_set_sha256: str | None = None
    class_list_sha256: str | None = None
    data_fingerprint: str | None = None
    harness_version: str | None = None
    git_commit: str | None = None


def figures(run: ExportRun) -> Iterator[Figure]:
    """Give every figure of a run's results that has a value."""
    results, manifest = run.results, run.manifest
    for figure in _figures(results):
        labels = results.label_sets.get(figure.label_set or "")
        yield replace(
            figure,
            label_set_sha256=labels.digest if labels else None,
            class_list_sha256=results.class_list.digest,
            data_fingerprint=manifest.data.images_sha256 or manifest.data.fingerprint,
            harness_version=manifest.harness_version,
            git_commit=manifest.git.get("commit"),
        )


def _figures(results: Results) -> Iterator[Figure]:
    for protocol, by_labels in results.scores.items():
        for label_set, score in by_labels.items():
            start = Figure(results.model, results.task, protocol, label_set, "", 0.0, 0)
            yield from _of_score(start, score)
    for name, change in results.changes.items():
        start = Figure(results.model, results.task, change.protocol, name, "", 0.0, change.n)
        low, high = change.ci95 or _NO_INTERVAL
        if change.delta is not None and change.both is not None:
            yield replace(start, metric="change", value=change.delta, ci_low=low, ci_high=high)
            yield replace(start, metric="right_under_both", value=change.both)
            yield replace(start, metric="p_mcnemar", value=change.p_mcnemar)
            yield replace(start, metric="p_holm", value=change.p_holm)
    yield from _of_answers(results)


def _of_score(start: Figure, score: Score) -> Iterator[Figure]:
    if score.accuracy is None:
        return
    low, high = score.ci95 or _NO_INTERVAL
    by_class: Interval | tuple[None, None] = score.ci95_classes or _NO_INTERVAL
    yield replace(
        start, metric="accuracy", value=score.accuracy, n=score.n, ci_low=low, ci_high=high,
        ci_classes_low=by_class[0], ci_classes_high=by_class[1],
    )  # fmt: skip
    others = (
        ("accuracy_empty_correct", score.accuracy_empty_correct, score.n + score.n_empty),
        *((f"accuracy_{each}", score.accuracy_by(each), score.n) for each in _CLOSER),
        ("accuracy_first_in_list", score.accuracy_first_in_list, score.n),
        ("mean_per_class", score.mean_per_class, score.n_classes),
        ("top5", score.top5, score.n),
        *((f"accuracy_{name}", each.accuracy, each.n) for name, each in score.groups.items()),
    )
    for metric, value, n in others:
        if value is not None and metric != "accuracy_A":
            yield replace(start, metric=metric, value=value, n=n)


def _of_answers(results: Results) -> Iterator[Figure]:
    """Give the figures that no label, or no protocol of its own, belongs to."""
    start = Figure(results.model, results.task, results.protocol, None, "", 0.0, results.n)
    for status, share in results.shares.items():
        if share is not None:
            yield replace(start, metric=f"share_{status}", value=share)
    answered = results.n - results.counts.get("error", 0)
    for matching in _CLOSER:
        out = results.out_share(matching)
        if out is not None:
            yield replace(start, metric=f"oop_{matching}", value=out, n=answered)
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
