"""Results and comparisons as tables for a person, with the denominator beside every share."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from harness.report.terminal import escape
from harness.scores.compare import Comparison
from harness.scores.long_form import METRICS
from harness.scores.results import SIDE_BY_SIDE, Interval, Results, Score
from harness.scores.statistics import Repeats

_NONE = "–"


_HEADINGS: Mapping[str, str] = {
    "accuracy_strict": "strict",
    "accuracy_normalized": "normalized",
    "accuracy_first_in_list": "first in list",
    "accuracy_empty_correct": "empty = right (n)",
    "mean_per_class": "per class (n)",
    "top5": "top-5",
}
"""Of metrics, in the order of the columns; with `(n)` the denominator is shown beside the value."""
_ON_REQUEST = ("accuracy_strict", "accuracy_normalized")
"""Shown only where a task's `metric_list` names them."""


def results_table(results: Sequence[Results], metrics: Sequence[str] = ()) -> Table:
    """Give one row for each model, task, protocol and label set; accuracies in percent.

    Beside accuracy and the share of out-of-prompt answers stand the columns of `metrics`; without
    any, every column that has a value, but for what `matching_table` shows.
    """
    rows = [
        (result, protocol, label_set, score)
        for result in results
        for protocol, scores in result.scores.items()
        for label_set, score in scores.items()
    ]
    shown = [
        name
        for name in _HEADINGS
        if (name in metrics or not (metrics or name in _ON_REQUEST))
        and any(METRICS[name].value(score) is not None for *_, score in rows)
    ]
    headings = [_HEADINGS[name] for name in shown]
    numbers = ("n", "accuracy [95 % CI]", *headings, "OOP")
    table = _table("Accuracy (%)", ("model", "task", "protocol", "label set"), numbers)
    for result, protocol, label_set, score in rows:
        named = (result.model, _task(result), protocol, label_set)
        extra = (_metric(name, score) for name in shown)
        share = f"{percent(result.shares['oop'])} ({result.counts['oop']}/{result.n})"
        table.add_row(*map(escape, named), str(score.n), _accuracy(score), *extra, share)
    table.caption = (
        "n: answered images with a label. CI: Wilson. OOP: share of all rows, failed ones too, "
        "whose answer is no name of the prompt."
        + (
            " empty = right: images without a label counted as right, as in the paper."
            if "accuracy_empty_correct" in shown
            else ""
        )
    )
    return table


def _task(result: Results) -> str:
    """Name the task, and what part of it a run is of."""
    return f"{result.task} (sample of {result.sample.n})" if result.sample else result.task


def _metric(name: str, score: Score) -> str:
    """Write a metric, with its denominator where that is another than n."""
    metric = METRICS[name]
    value = metric.value(score)
    return _of(value, metric.n(score)) if _HEADINGS[name].endswith("(n)") else percent(value)


def answers_table(results: Sequence[Results]) -> Table:
    """Give what became of the rows: for every status that occurs its share of n and its count."""
    every = tuple(results[0].counts) if results else ()
    statuses = [name for name in every if any(result.counts[name] for result in results)]
    table = _table("Answers, % of n (count)", ("model", "task"), ("n", *statuses))
    for result in results:
        table.add_row(
            escape(result.model),
            escape(result.task),
            str(result.n),
            *(_of(result.shares[status], result.counts[status]) for status in statuses),
        )
    return table


def matching_table(results: Sequence[Results]) -> Table | None:
    """Give accuracy and the share of out-of-prompt answers by how closely answers are matched.

    None where it makes no difference in any of the runs; it fits 80 columns.
    """
    runs = [result for result in results if _depends_on_matching(result)]
    if not runs:
        return None
    title = "Accuracy and out-of-prompt answers (%) by matching"
    table = _table(title, ("model", "task", "protocol", "label set"), tuple(SIDE_BY_SIDE.values()))
    for result in runs:
        named = (escape(result.model), escape(result.task))
        for protocol, scores in result.scores.items():
            for label_set, score in scores.items():
                cells = (percent(score.accuracy_by(matching)) for matching in SIDE_BY_SIDE)
                table.add_row(*named, protocol, escape(label_set), *cells)
        cells = (percent(result.out_share(matching)) for matching in SIDE_BY_SIDE)
        table.add_row(*named, "", "(out of prompt)", *cells)
    table.caption = (
        "strict: in lower case and stripped, as the paper's evaluator. normalized: but for case, "
        "markup, punctuation, spelling. as read: by all rules of the parser. Out of prompt: % of "
        "the answers."
    )
    return table


def _depends_on_matching(result: Results) -> bool:
    shares = {result.out_share(matching) for matching in SIDE_BY_SIDE}
    accuracies = [
        {score.accuracy_by(matching) for matching in SIDE_BY_SIDE}
        for scores in result.scores.values()
        for score in scores.values()
    ]
    return any(len(values) > 1 for values in (shares, *accuracies))


def repeats_table(model: str, task: str, accuracy: Mapping[str, Mapping[str, Repeats]]) -> Table:
    """Give mean and interval of the accuracy over the repeats, by protocol and label set."""
    title = f"{model} on {task}: accuracy (%) over repeats"
    table = _table(title, ("protocol", "label set"), ("repeats", "mean [95 % Student-t]", "sd"))
    for protocol, label_sets in accuracy.items():
        for label_set, found in label_sets.items():
            mean = percent(found.mean) + _ends(found.ci95)
            named = map(escape, (protocol, label_set))
            table.add_row(*named, str(found.n), mean, percent(found.deviation))
    return table


def groups_table(results: Results) -> Table:
    """Give the accuracy by group of images (A all, N no label, S one, M several, original label
    among them + or not -) for every label set of the run's protocol.
    """
    scores = results.scores[results.protocol]
    names = list(next(iter(scores.values())).groups) if scores else []
    title = (
        f"{results.model} on {results.task}, {results.protocol}: accuracy (%) by group of images"
    )
    table = _table(title, ("label set",), [f"{name} (n)" for name in names])
    for label_set, score in scores.items():
        cells = (_of(item.accuracy, item.n) for item in score.groups.values())
        table.add_row(escape(label_set), *cells)
    return table


def changes_table(results: Results) -> Table:
    """Give the change between label sets on their common images."""
    table = _table(
        f"{results.model} on {results.task}: change of label set on the same images",
        ("change", "protocol"),
        ("n", "from", "to", "delta [95 %]", "right under both", "p (Holm)"),
    )
    for name, change in results.changes.items():
        table.add_row(
            escape(name),
            change.protocol,
            str(change.n),
            percent(change.from_),
            percent(change.to),
            signed(change.delta, change.ci95),
            percent(change.both),
            probability(change.p_holm),
        )
    return table


def choice_table(results: Results) -> Table | None:
    """Give the letters chosen and the accuracy by the true option's letter; None unless `mc`."""
    if results.mc is None:
        return None
    table = _table(
        f"{results.model} on {results.task}: letters; chance {percent(results.mc.chance)} %",
        ("letter",),
        ("chosen % (n)", "accuracy when true % (n)"),
    )
    for letter, chosen in results.mc.letters.items():
        true = results.mc.by_position[letter]
        table.add_row(letter, _of(chosen.share, chosen.n), _of(true.accuracy, true.n))
    return table


def comparison_table(comparison: Comparison) -> Table:
    """Give the 2x2 table of two runs; the difference and its test stand below."""
    a, b = escape(comparison.a), escape(comparison.b)
    title = (
        f"{comparison.a} and {comparison.b} on {comparison.label_set}, n = {comparison.n} images"
    )
    table = _table(title, ("",), (f"{comparison.b} right", f"{comparison.b} wrong", "sum"))
    for name, cells in (
        (f"{a} right", (comparison.both_right, comparison.only_a)),
        (f"{a} wrong", (comparison.only_b, comparison.both_wrong)),
    ):
        table.add_row(name, *map(str, cells), str(sum(cells)))
    right_b = comparison.both_right + comparison.only_b
    table.add_row("sum", str(right_b), str(comparison.n - right_b), str(comparison.n))
    table.caption = (
        f"{a} ({comparison.protocol_a}): {percent(comparison.accuracy_a)} %; "
        f"{b} ({comparison.protocol_b}): {percent(comparison.accuracy_b)} %; "
        f"difference {escape(signed(comparison.delta, comparison.ci95))} points; exact McNemar "
        f"p = {probability(comparison.p_mcnemar, 3)} (Holm {probability(comparison.p_holm, 3)}); "
        f"equivalent classes: {escape(comparison.equivalences)}; {comparison.n_left_out} images "
        "left out (in one run only, without a label, or failed)." + _questions(comparison)
    )
    return table


def _questions(comparison: Comparison) -> str:
    """Say, of two runs of multiple choice, on how many images they were asked something else."""
    other, order, n = comparison.n_other_options, comparison.n_other_order, comparison.n
    if other is None:
        return ""
    if not other and not order:
        return " Both were asked with the same options."
    note = f" Asked with other options: {other} of {n} images"
    note += f"; with the same in another order: {order}." if order else "."
    return note + " The difference is of the questions too, not of the models alone."


def percent(value: float | None) -> str:
    """Write a percentage with two decimals; a dash for none."""
    return _NONE if value is None else f"{value:.2f}"


def probability(value: float, digits: int = 2) -> str:
    """Write a p-value; 0 is one too small for a float, and never the truth."""
    return f"{value:.{digits}g}" if value else "<1e-300"


def signed(value: float | None, interval: Interval | None) -> str:
    """Write a change with its sign, two decimals and its interval; a dash for none."""
    if value is None:
        return _NONE
    ends = f" [{interval[0]:+.2f}, {interval[1]:+.2f}]" if interval else ""
    return f"{value:+.2f}{ends}"


def _accuracy(score: Score) -> str:
    return percent(score.accuracy) + _ends(score.ci95)


def _ends(interval: Interval | None) -> str:
    return f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else ""


def _of(value: float | None, n: int) -> str:
    return f"{percent(value)} ({n})"


def _table(title: str, names: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=escape(title), box=box.SIMPLE_HEAD, caption_justify="left")
    for name in names:
        table.add_column(escape(name), overflow="fold")
    for name in numbers:
        table.add_column(escape(name), justify="right", no_wrap=True)
    return table
