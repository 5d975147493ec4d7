"""Answers as tables: by status and by matching, those that are several, how general, how sure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Table, names
from harness.scores.result_parts import RELATIONS, Calibration, Placed, Relation
from harness.scores.results import SIDE_BY_SIDE, Protocol, Results

FEWEST = 30
"""Images of a row of calibration that is shown unasked; fewer say nothing."""
NAMES = names("model", "task", "protocol", "label set")

T = TypeVar("T")


def by_label_set(
    results: Sequence[Results], part: Callable[[Results], Mapping[Protocol, Mapping[str, T]]]
) -> Iterator[tuple[Results, Protocol, str, T]]:
    """Give what a part of each result says, with its result, protocol and label set."""
    for result in results:
        for protocol, by_labels in part(result).items():
            for label_set, found in by_labels.items():
                yield result, protocol, label_set, found


def answers_table(results: Sequence[Results]) -> Table:
    """Give what became of the rows: for every status that occurs its share of n and its count."""
    every = tuple(results[0].counts) if results else ()
    statuses = [name for name in every if any(result.counts[name] for result in results)]
    shares = (Column(name, name, ("count",), stays=True) for name in statuses)
    columns = (*names("model", "task"), Column("n", "n"), *shares)
    rows: list[tuple[Cell, ...]] = [
        (
            *(result.model, result.task, result.n),
            *(Number(result.shares[name], count=result.counts[name]) for name in statuses),
        )
        for result in results
    ]
    return Table("answers", "Answers, % of n (count)", columns, rows)


def matching_table(results: Sequence[Results]) -> Table | None:
    """Give accuracy and out-of-prompt answers by how closely answers are matched; None where that
    makes no difference in any of the runs. It fits 80 columns.
    """
    runs = [result for result in results if _depends_on_matching(result)]
    if not runs:
        return None
    rows: list[tuple[Cell, ...]] = []
    for result in runs:
        for _, protocol, label_set, score in by_label_set([result], lambda each: each.scores):
            cells = (Number(score.accuracy_by(matching)) for matching in SIDE_BY_SIDE)
            rows.append((result.model, result.task, protocol, label_set, *cells))
        cells = (Number(result.out_share(matching)) for matching in SIDE_BY_SIDE)
        rows.append((result.model, result.task, "", "(out of prompt)", *cells))
    caption = (
        "strict: in lower case and stripped, as the paper's evaluator. normalized: but for case, "
        "markup, punctuation, spelling. as read: by all rules of the parser. Out of prompt: % of "
        "the answers."
    )
    columns = (
        *NAMES,
        *(Column(matching, heading, stays=True) for matching, heading in SIDE_BY_SIDE.items()),
    )
    title = "Accuracy and out-of-prompt answers (%) by matching"
    return Table("matching", title, columns, rows, caption)


def _depends_on_matching(result: Results) -> bool:
    shares = {result.out_share(matching) for matching in SIDE_BY_SIDE}
    accuracies = [
        {score.accuracy_by(matching) for matching in SIDE_BY_SIDE}
        for *_, score in by_label_set([result], lambda each: each.scores)
    ]
    return any(len(values) > 1 for values in (shares, *accuracies))


def several_table(results: Sequence[Results]) -> Table | None:
    """Give a row for each label set of runs with several answers that are all meant, or None."""
    rows: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, each.n, each.n_several,
            Number(each.accuracy_any), Number(each.accuracy_all, each.accuracy_all_ci95),
            Number(each.label_recall, each.label_recall_ci95_classes), each.n_unclear,
        )
        for result, protocol, label_set, each in by_label_set(
            results, lambda each: each.several_answers
        )
    ]  # fmt: skip
    if not rows:
        return None
    columns = (
        *NAMES,
        Column("n", "n"),
        Column("n_several", "several"),
        Column("accuracy_any", "any right"),
        Column("accuracy_all", "all right [95 %]", INTERVAL, stays=True),
        Column("label_recall", "labels named [95 %]", INTERVAL, stays=True),
        Column("n_unclear", "unclear"),
    )
    caption = (
        "several: images with several answers that are all meant. any right: the accuracy. all "
        "right: every answer that names a class names a label; Wilson. labels named: mean share of "
        "an image's labels; classes redrawn. unclear: images of older rows, whose classes may be "
        "of several answers or of one; all right is not known then."
    )
    return Table("several", "Images with several answers (%)", columns, rows, caption)


_BY = {Placed.NAME: "by name", Placed.NEAREST_NODE: "by node", Placed.NEAREST_CLASS: "by class"}
"""How answers that are no name of the list may be placed, with headings."""


def granularity_table(results: Sequence[Results], everything: bool = False) -> Table | None:
    """Give what the answers are to the labels in the hierarchy of the classes. None where no class
    list has one and, unless `everything` is asked for, where all answers are a class or nothing.
    """
    rows = list(
        by_label_set(results, lambda each: each.granularity.scores if each.granularity else {})
    )
    outside = (Relation.GENERIC, Relation.SPECIFIC)
    if not any(everything or any(each.relations[r].n for r in outside) for *_, each in rows):
        return None
    lines: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, each.n,
            *(Number(each.relations[relation].share) for relation in RELATIONS),
            Number(each.precision), Number(each.recall),
            Number(each.mistake_height, n=each.n_mistakes),
            *(each.placed.get(placed, NONE) for placed in _BY),
        )
        for result, protocol, label_set, each in rows
    ]  # fmt: skip
    columns = (
        *NAMES,
        Column("n", "n"),
        *(Column(relation.value, heading) for relation, heading in RELATIONS.items()),
        Column("precision", "h-precision", is_extra=True),
        Column("recall", "h-recall", is_extra=True),
        Column("mistake_height", "height (n)", ("n",)),
        *(Column(placed.value, heading, is_extra=True) for placed, heading in _BY.items()),
    )
    caption = (
        "By the hierarchy of the class list. too generic: an ancestor of the label; too specific: "
        "below it; sibling: another class near it; no node: nothing in the hierarchy. height (no "
        "percentage): mean height of the lowest common ancestor of label and sibling or wrong one. "
        "by name, node, class: answers placed by a name in the text, by the nearest node, by the "
        "nearest class alone."
    )
    return Table("granularity", "How general answers are (%)", columns, lines, caption)


def calibration_table(results: Sequence[Results], everything: bool = False) -> Table | None:
    """Give one row for each model, task, protocol, label set and signal of confidence; without
    `everything` those of `FEWEST` images or more. None where there is no row.
    """
    found = [
        (result, protocol, label_set, str(signal), each)
        for result, protocol, label_set, signals in by_label_set(
            results, lambda each: each.calibration
        )
        for signal, each in signals.items()
        if everything or each.n >= FEWEST
    ]
    if not found:
        return None
    has_error = any(each.ece is not None for *_, each in found)
    rows: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, signal, each.n,
            Number(each.accuracy), *(_error(each) if has_error else ()),
            Number(each.auroc, each.auroc_ci95), Number(each.aurc), Number(each.accuracy_at_80),
        )
        for result, protocol, label_set, signal, each in found
    ]  # fmt: skip
    columns = (
        *NAMES,
        *names("confidence"),
        Column("n", "n"),
        Column("accuracy", "accuracy"),
        *(_ERROR if has_error else ()),
        Column("auroc", "AUROC [95 %]", INTERVAL),
        Column("aurc", "AURC"),
        Column("accuracy_at_80", "at 80 %"),
    )
    caption = (
        "n: scored images whose answer has the confidence. "
        + (_ERROR_MEANING if has_error else "")
        + "AUROC: right against wrong. AURC: area under risk by coverage, lower is better. "
        "at 80 %: accuracy of the surest 80 %."
    )
    return Table("calibration", "Confidence of the answers (%)", columns, rows, caption)


_ERROR = (Column("ece", "ECE [95 %]", INTERVAL), Column("ece_expected", "by chance"))
_ERROR_MEANING = (
    "ECE: expected calibration error, of probabilities alone; by chance: that of a calibrated "
    "model. "
)


def _error(found: Calibration) -> tuple[Number, Number]:
    if found.ece is None:
        return Number(None), Number(None)
    return Number(found.ece.ece, found.ece.ci95), Number(found.ece.expected)
