"""How general answers are, as a table."""

from collections.abc import Iterator, Sequence

from harness.report.table import Cell, Column, Number, Table, names
from harness.scores.result_parts import RELATIONS, Granularity, Relation
from harness.scores.results import Results


def granularity_table(results: Sequence[Results], everything: bool = False) -> Table | None:
    """Give what the answers are to the labels in the hierarchy of the classes: one row for each
    model, task, protocol and label set.

    None where no answer is anything but a class or nothing, unless `everything` is asked for, and
    where no class list has a hierarchy.
    """
    rows = list(_rows(results))
    outside = (Relation.GENERIC, Relation.SPECIFIC)
    if not any(everything or any(each.relations[r].n for r in outside) for *_, each in rows):
        return None
    lines: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, each.n,
            *(Number(each.relations[relation].share) for relation in RELATIONS),
            Number(each.precision), Number(each.recall),
            Number(each.mistake_height, n=each.n_mistakes),
        )
        for result, protocol, label_set, each in rows
    ]  # fmt: skip
    columns = (
        *names("model", "task", "protocol", "label set"),
        Column("n", "n"),
        *(Column(relation.value, heading) for relation, heading in RELATIONS.items()),
        Column("precision", "h-precision", is_extra=True),
        Column("recall", "h-recall", is_extra=True),
        Column("mistake_height", "height (n)", ("n",)),
    )
    caption = (
        "By the hierarchy of the class list. too generic: an ancestor of the label; too specific: "
        "below it; sibling: another class near it; no node: nothing in the hierarchy. height (no "
        "percentage): mean height of the lowest common ancestor of label and sibling or wrong one."
    )
    return Table("granularity", "How general answers are (%)", columns, lines, caption)


def _rows(results: Sequence[Results]) -> Iterator[tuple[Results, str, str, Granularity]]:
    for result in results:
        for protocol, by_labels in result.granularity.scores.items() if result.granularity else ():
            for label_set, found in by_labels.items():
                yield result, protocol, label_set, found
