"""How general answers are, as a table."""

from collections.abc import Iterator, Sequence

from harness.report.table import NONE, Cell, Column, Number, Table, names
from harness.scores.result_parts import RELATIONS, Granularity, Placed, Relation
from harness.scores.results import Results

_BY = {
    Placed.NAME: "by name",
    Placed.NEAREST_NODE: "by node",
    Placed.NEAREST_CLASS: "by class",
}
"""How answers that are no name of the list may be placed, with headings."""


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
            *(each.placed.get(placed, NONE) for placed in _BY),
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


def _rows(results: Sequence[Results]) -> Iterator[tuple[Results, str, str, Granularity]]:
    for result in results:
        for protocol, by_labels in result.granularity.scores.items() if result.granularity else ():
            for label_set, found in by_labels.items():
                yield result, protocol, label_set, found
