"""Results as tables, with the denominator beside every share."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from harness.report import answers_tables
from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Probability, Table, names
from harness.scores.long_form import METRICS
from harness.scores.results import Results, Score
from harness.scores.statistics import Repeats

_HEADINGS: Mapping[str, str] = {
    "accuracy_strict": "strict",
    "accuracy_normalized": "normalized",
    "accuracy_first_in_list": "first in list",
    "accuracy_empty_correct": "empty = right (n)",
    "mean_per_class": "per class (n)",
    "macro_f1": "macro F1 (n)",
    "top5": "top-5",
}
"""Of metrics, in the order of the columns; with `(n)` the denominator is shown beside the value."""
_ON_REQUEST = ("accuracy_strict", "accuracy_normalized", "macro_f1")
"""Shown only where a task's `metric_list` names them."""

_GUESSING: Mapping[str, str] = {"chance": "chance", "constant answer": "constant_answer"}
"""What guessing is called, and the key of its accuracy in `Score`."""
_GUESSING_MEANING = (
    " chance: a class of the list, or a letter, drawn blindly. constant answer: the one that is "
    "right most often, for all images."
)


def tables_of(
    results: Sequence[Results],
    metrics: Sequence[str] = (),
    details: bool = False,
    asked: Sequence[str | None] = (),
) -> Iterator[Table]:
    """Give all tables about some runs: accuracies first (`asked` as of `results_table`), then those
    of the answers that say anything; the details are tables for each run (groups of images,
    changes of label set, letters).
    """
    yield results_table(results, metrics, asked)
    if any(each.counts["ok"] < each.n for each in results):
        yield answers_tables.answers_table(results)
    of_answers = (
        answers_tables.matching_table(results),
        answers_tables.several_table(results),
        answers_tables.granularity_table(results, everything=details),
        answers_tables.calibration_table(results, everything=details),
    )
    yield from (table for table in of_answers if table is not None)
    for scored in results if details else ():
        yield groups_table(scored)
        if scored.changes:
            yield changes_table(scored)
        letters = choice_table(scored)
        if letters is not None:
            yield letters


def results_table(
    results: Sequence[Results], metrics: Sequence[str] = (), asked: Sequence[str | None] = ()
) -> Table:
    """Give one row for each model, task, protocol and label set; accuracies in percent.

    Beside accuracy and the share of out-of-prompt answers stand the columns of `metrics`; without
    any, every column that has a value, but for what `matching_table` shows. The best is one of the
    runs on the same task under one protocol and label set, where all of them are complete, on the
    same images; what each was `asked` about (`runs.finish.asked_of`) is known to `harness score`.
    """
    rows = list(answers_tables.by_label_set(results, lambda each: each.scores))
    shown = [
        name
        for name in _HEADINGS
        if (name in metrics or not (metrics or name in _ON_REQUEST))
        and any(METRICS[name].value(score) is not None for *_, score in rows)
    ]
    columns = (
        *answers_tables.NAMES,
        Column("n", "n"),
        Column("accuracy", "accuracy [95 % CI]", INTERVAL, has_best=True, stays=True),
        *(Column(name, _HEADINGS[name], _parts(name), has_best=True) for name in shown),
        Column("oop", "OOP", ("count", "n"), stays=True),
        *Column.csv_only(*_GUESSING.values()),
    )
    lines: list[tuple[Cell, ...]] = []
    for result, protocol, label_set, score in rows:
        named = (result.model, _task(result), protocol, label_set, score.n)
        extra = (_metric(name, score) for name in shown)
        share = Number(result.shares["oop"], count=result.counts["oop"], n=result.n)
        guesses = (Number(getattr(score, key)) for key in _GUESSING.values())
        lines.append((*named, Number(score.accuracy, score.ci95), *extra, share, *guesses))
    of_scores = [(_task(result), protocol, name, score) for result, protocol, name, score in rows]
    references = _guessing(of_scores, len(columns))
    caption = (
        "n: answered images with a label. CI: Wilson. OOP: share of all rows, failed ones too, "
        "whose answer is no name of the prompt."
        + (
            " empty = right: images without a label counted as right, as in the paper."
            if "accuracy_empty_correct" in shown
            else ""
        )
        + (_GUESSING_MEANING if references else "")
    )
    known = {id(result): each for result, each in zip(results, asked, strict=False)}
    peers = _peers(rows, known)
    return Table(
        "accuracy", "Accuracy (%)", columns, lines, caption, peers=peers, references=references
    )


def _guessing(
    rows: Sequence[tuple[str, str, str, Score]], n_columns: int
) -> list[tuple[Cell, ...]]:
    """Give what guessing reaches, of rows of task, protocol, label set and score; once where it is
    the same for several tasks and protocols. All else of `n_columns` is empty.
    """
    asked: dict[tuple[str, str, int, float], list[tuple[str, str]]] = defaultdict(list)
    for name, key in _GUESSING.items():
        for task, protocol, label_set, score in rows:
            value = getattr(score, key)
            if value is not None:
                asked[name, label_set, score.n, value].append((task, protocol))
    found: list[tuple[Cell, ...]] = []
    for (name, label_set, n, value), of_each in asked.items():
        tasks, protocols = map(set, zip(*of_each, strict=True))
        of = (_one_or_all(tasks, "tasks"), _one_or_all(protocols, "protocols"))
        found.append((name, *of, label_set, n, Number(value), *[NONE] * (n_columns - 6)))
    return found


def _one_or_all(names: set[str], what: str) -> str:
    return next(iter(names)) if len(names) == 1 else f"{len(names)} {what}"


def _peers(
    rows: Sequence[tuple[Results, str, str, Score]], asked: Mapping[int, str | None]
) -> list[Hashable]:
    """Give for each row what makes it one of several of which one may be the best: task, protocol
    and label set. None where these rows are not all of the same images and labels.
    """
    alike: dict[Hashable, set[Hashable]] = defaultdict(set)
    keys: list[Hashable] = []
    for result, protocol, label_set, score in rows:
        keys.append((result.task, protocol, label_set))
        labels = result.label_sets.get(label_set)
        images = (result.n, score.n, result.sample, result.blank_images, asked.get(id(result)))
        names = (labels.digest if labels else None, result.class_list.digest)
        alike[keys[-1]].add((*images, *names) if result.complete else None)
    return [key if len(alike[key]) == 1 and None not in alike[key] else None for key in keys]


def _task(result: Results) -> str:
    """Name the task, what part of it a run is of, and whether its images were shown."""
    part = f" (sample of {result.sample.n})" if result.sample else ""
    return f"{result.task}{part}{' (blank images)' if result.blank_images else ''}"


def _parts(name: str) -> tuple[str, ...]:
    """Say whether a metric's denominator is shown: where it is another than n."""
    return ("n",) if _HEADINGS[name].endswith("(n)") else ()


def _metric(name: str, score: Score) -> Number:
    metric = METRICS[name]
    return Number(metric.value(score), n=metric.n(score) if _parts(name) else None)


def repeats_table(model: str, task: str, accuracy: Mapping[str, Mapping[str, Repeats]]) -> Table:
    """Give mean and interval of the accuracy over the repeats, by protocol and label set."""
    columns = (
        *names("protocol", "label set"),
        Column("repeats", "repeats"),
        Column("mean", "mean [95 % Student-t]", INTERVAL, stays=True),
        Column("deviation", "sd"),
    )
    rows = [
        (protocol, label_set, found.n, Number(found.mean, found.ci95), Number(found.deviation))
        for protocol, label_sets in accuracy.items()
        for label_set, found in label_sets.items()
    ]
    title = f"{model} on {task}: accuracy (%) over repeats"
    return Table("repeats", title, columns, rows, about={"model": model, "task": task})


def groups_table(results: Results) -> Table:
    """Give the accuracy by group of images (A all, N no label, S one, M several, original label
    among them + or not -) for every label set of the run's protocol.
    """
    scores = results.scores[results.protocol]
    groups = list(next(iter(scores.values())).groups) if scores else []
    columns = (
        *names("label set"),
        *(Column(name, f"{name} (n)", ("n",), stays=True) for name in groups),
    )
    rows: list[tuple[Cell, ...]] = [
        (label_set, *(Number(item.accuracy, n=item.n) for item in score.groups.values()))
        for label_set, score in scores.items()
    ]
    title = (
        f"{results.model} on {results.task}, {results.protocol}: accuracy (%) by group of images"
    )
    return Table("groups", title, columns, rows, about=_about(results))


def changes_table(results: Results) -> Table:
    """Give the change between label sets on their common images."""
    columns = (
        *names("change", "protocol"),
        Column("n", "n"),
        Column("from", "from"),
        Column("to", "to"),
        Column("delta", "delta [95 %]", INTERVAL, stays=True),
        Column("both", "right under both"),
        Column("p_holm", "p (Holm)", stays=True),
    )
    rows = [
        (
            *(name, change.protocol, change.n, Number(change.from_), Number(change.to)),
            Number(change.delta, change.ci95, signed=True),
            *(Number(change.both), Probability(change.p_holm)),
        )
        for name, change in results.changes.items()
    ]
    title = f"{results.model} on {results.task}: change of label set on the same images"
    about = {"model": results.model, "task": results.task}
    return Table("changes", title, columns, rows, about=about)


def choice_table(results: Results) -> Table | None:
    """Give the letters chosen and the accuracy by the true option's letter; None unless `mc`."""
    if results.mc is None:
        return None
    true = results.mc.by_position
    columns = (
        *names("letter"),
        Column("chosen", "chosen % (n)", ("n",)),
        Column("accuracy_when_true", "accuracy when true % (n)", ("n",), stays=True),
    )
    rows = [
        (letter, Number(each.share, n=each.n), Number(true[letter].accuracy, n=true[letter].n))
        for letter, each in results.mc.letters.items()
    ]
    chance = Number(results.mc.chance).shown()
    title = f"{results.model} on {results.task}: letters; chance {chance} %"
    return Table("letters", title, columns, rows, about=_about(results))


def _about(results: Results) -> dict[str, str]:
    return {"model": results.model, "task": results.task, "protocol": results.protocol}
