"""The scores of a run by the rules of other papers as a table (`harness rules`)."""

from collections.abc import Iterator, Mapping, Sequence

from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Table, names
from harness.runs.other_papers import RuleScore
from harness.runs.reopen import OpenRun
from harness.scores.metrics import percent
from harness.scores.statistics import wilson

_CAPTION = (
    "The same answers under every rule; docs/other_papers.md says where each comes from. No class: "
    "of the images that have a label, those in whose answer the rule finds none."
)
_SIMILARITY = " Similarity: the mean of 100 times a cosine, which is no share of right answers."


def rules_tables(run: OpenRun, by_label_set: Mapping[str, Sequence[RuleScore]]) -> Iterator[Table]:
    """Give a table for each label set, with one row for each rule."""
    same = run.opened.labels.equivalences.source
    for label_set, scores in by_label_set.items():
        about = {"model": run.manifest.model, "task": run.manifest.task, "label_set": label_set}
        yield _table(scores, about, f"Equivalent classes: {same}.")


def _table(scores: Sequence[RuleScore], about: Mapping[str, str], equivalences: str) -> Table:
    near = any(each.similarity is not None for each in scores)
    columns = (
        *(*Column.csv_only("key"), *names("rule", "source")),
        Column("n", "n"),
        Column("n_right", "right"),
        Column("accuracy", "accuracy (%)", INTERVAL, stays=True),
        *((Column("similarity", "similarity", stays=True),) if near else ()),
        Column("n_without", "no class"),
        Column("otherwise", "an answer outside of the list is", is_extra=True),
    )
    model, task, label_set = about.values()
    title = f"{model} on {task}, label set {label_set}: the rules of other papers"
    caption = f"{_CAPTION}{_SIMILARITY if near else ''} {equivalences}"
    return Table("rules", title, columns, [_cells(each, near) for each in scores], caption, about)


def _cells(score: RuleScore, near: bool) -> tuple[Cell, ...]:
    rule, right = score.rule, score.n_right
    accuracy = Number(None)
    if right is not None:
        accuracy = Number(percent(right, score.n), wilson(right, score.n))
    return (
        *(rule.key, rule.title, rule.source, score.n),
        *(NONE if right is None else right, accuracy),
        *((Number(score.similarity),) if near else ()),
        NONE if score.n_without is None else score.n_without,
        rule.otherwise,
    )
