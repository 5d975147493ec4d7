"""How general the answers are in the runs of a study: what they are to the labels, side by side."""

from collections.abc import Iterable, Iterator, Sequence

from harness.report.table import INTERVAL, Column, Number, Table, names
from harness.scores.result_parts import RELATIONS, GranularityPart
from harness.studies.design import Variant
from harness.studies.observe import Judged
from harness.studies.results import RunGranularity, StudyResults


def granularity_of_runs(
    runs: Iterable[tuple[str, Variant, Judged]], label_sets: Sequence[str]
) -> tuple[list[RunGranularity], list[str]]:
    """Give what the answers are to the labels, of the runs of tasks as they are; nothing without
    two that have a hierarchy. Beside it a note for each run and label set that is left out, as its
    labels are others of the same name.
    """
    found: list[RunGranularity] = []
    notes: list[str] = []
    first: dict[str, str] = {}
    for model, variant, judged in runs:
        part = judged.granularity
        if part is None:
            continue
        for name in (each for each in label_sets if each in judged.digests):
            if judged.digests[name] == first.setdefault(name, judged.digests[name]):
                found += _of_run(model, variant.task, part, name)
            else:
                what = f"has other labels than the rest under the name {name}"
                notes.append(f"{model} on {variant.task} {what}: left out of the granularity.")
    is_pair = len({(each.model, each.task) for each in found}) > 1
    return (found, notes) if is_pair else ([], [])


def _of_run(
    model: str, task: str, part: GranularityPart, label_set: str
) -> Iterator[RunGranularity]:
    for protocol, by_labels in part.scores.items():
        each = by_labels[label_set]
        if each.n:
            yield RunGranularity(
                model=model, task=task, protocol=protocol, label_set=label_set,
                n=each.n, relations=each.relations, placed=each.placed,
            )  # fmt: skip


def granularity_table(found: StudyResults, label_set: str) -> Table:
    """Give one row a run and relation: there is not room for all relations in one row."""
    columns = (
        *names("model", "task", "protocol"),
        Column("relation", "answers", is_name=True),
        Column("share", "% [95 %]", INTERVAL),
        Column("count", "answers"),
        Column("n", "n"),
    )
    rows = [
        (
            *(each.model, each.task, each.protocol, heading),
            Number(each.relations[relation].share, each.relations[relation].ci95),
            *(each.relations[relation].n, each.n),
        )
        for each in found.granularity
        if each.label_set == label_set
        for relation, heading in RELATIONS.items()
    ]
    title = f"How general the answers are under {label_set}"
    caption = "By the hierarchy of the class list; all images of each run. Intervals: Wilson's."
    return Table("granularity", title, columns, rows, caption, {"label_set": label_set})
