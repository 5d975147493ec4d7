"""Macro averages of a model over the data sets of a group."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.report.table import Cell, Column, Number, Table, names
from harness.scores.results import Protocol, Results
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_group, load_task

_CAPTION = (
    "Unweighted mean of the accuracies on the data sets, each by its own labels; it has no "
    "denominator and no interval. None where one of them has no complete run of its whole split."
)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Averaged:
    """One task on each data set of a group."""

    group: str
    kind: str
    """The task's name without the data set's."""
    tasks: Mapping[str, str]
    """Data set, which is the name of its label set, to the name of the task."""


def average_table(catalogue: Catalogue, results: Sequence[Results]) -> Table | None:
    """Give a row a group with `average: macro`, model, task, protocol of two or more data sets."""
    by_model: defaultdict[str, dict[str, list[Results]]] = defaultdict(lambda: defaultdict(list))
    for each in results:
        by_model[each.model][each.task].append(each)
    lines = [
        line
        for averaged in _groups(catalogue)
        for model, runs in by_model.items()
        for line in _lines(catalogue, averaged, model, runs)
    ]
    if not lines:
        return None
    columns = (
        *names("group", "model", "task", "protocol", "data sets"),
        Column("mean", "macro average"),
        *names("not averaged"),
    )
    return Table("average", "Macro averages (%)", columns, lines, _CAPTION)


def _groups(catalogue: Catalogue) -> Iterator[_Averaged]:
    tasks = set(catalogue.names(Kind.TASK))
    for name in catalogue.names(Kind.GROUP):
        group = load_group(catalogue, name)
        first = group.task[0]
        kinds = sorted(task.removeprefix(f"{first}_") for task in tasks if task.startswith(first))
        for kind in kinds if group.average else ():
            found = {member: f"{member}_{kind}" for member in group.task}
            if tasks.issuperset(found.values()):
                yield _Averaged(name, kind, found)


def _lines(
    catalogue: Catalogue, averaged: _Averaged, model: str, runs: Mapping[str, Sequence[Results]]
) -> Iterator[tuple[Cell, ...]]:
    found = {member: runs[task] for member, task in averaged.tasks.items() if task in runs}
    protocols = dict.fromkeys(
        protocol for each in found.values() for run in each for protocol in run.scores
    )
    for protocol in protocols if len(found) > 1 else ():
        values: list[float] = []
        missing: list[str] = []
        for member, task in averaged.tasks.items():
            value = _accuracy(catalogue, member, task, runs.get(task, ()), protocol)
            if isinstance(value, float):
                values.append(value)
            else:
                missing.append(f"{member}: {value}")
        missing.sort(key=lambda text: text.endswith("no run"))
        mean = None if missing else sum(values) / len(values)
        more = f"; {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        yield (
            averaged.group, model, averaged.kind, protocol,
            f"{len(values)} of {len(averaged.tasks)}", Number(mean),
            "; ".join(missing[:_SHOWN]) + more,
        )  # fmt: skip


def _accuracy(
    catalogue: Catalogue, member: str, task: str, runs: Sequence[Results], protocol: Protocol
) -> float | str:
    """Give the accuracy of the one complete run of the whole split, or why there is none."""
    if len(runs) != 1:
        return "no run" if not runs else f"{len(runs)} runs"
    run, expected = runs[0], load_task(catalogue, task).metadata.images
    score = run.scores.get(protocol, {}).get(member)
    if not run.complete or run.blank_images:
        return "not complete" if not run.complete else "blank images"
    if expected not in (None, run.n):
        return f"{run.n:,} of {expected:,} images"
    return "no score" if score is None or score.accuracy is None else score.accuracy
