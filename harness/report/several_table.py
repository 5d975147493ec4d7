"""How answers that are several, all meant, are right, as a table."""

from collections.abc import Sequence

from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.scores.results import Results


def several_table(results: Sequence[Results]) -> Table | None:
    """Give one row for each model, task, protocol and label set of the runs in which images have
    several answers that are all meant; None where none has.
    """
    rows: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, each.n, each.n_several,
            Number(each.accuracy_any), Number(each.accuracy_all, each.accuracy_all_ci95),
            Number(each.label_recall, each.label_recall_ci95_classes), each.n_unclear,
        )
        for result in results
        for protocol, by_labels in result.several_answers.items()
        for label_set, each in by_labels.items()
    ]  # fmt: skip
    if not rows:
        return None
    columns = (
        *names("model", "task", "protocol", "label set"),
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
