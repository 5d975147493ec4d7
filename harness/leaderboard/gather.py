"""Read the entries of a leaderboard and their ledger, and open the tasks that their runs are of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.catalogue import Catalogue
from harness.entries.comparable import differences
from harness.entries.ledger import LEDGER, Decision, read_ledger, vanished
from harness.entries.manifest import EntryRun
from harness.entries.read import Entry, read_entry
from harness.errors import DataError, Problem, UserError
from harness.run.bench import Overrides, share_overrides
from harness.run.finish import Ending
from harness.run.rescore import check_classes, open_ending
from harness.spec.load import load_run_task
from harness.spec.task import TaskSpec

_LABEL_KEYS = ("class_list", "name_set", "label_sets", "equivalences", "dataset_path")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a leaderboard is built from."""

    entries: tuple[Entry, ...]
    """By name; without those that were withdrawn."""
    ledger: tuple[Decision, ...]
    """Oldest first."""


def gather(folder: Path) -> Gathered:
    """Read the entries in a folder, and its `decisions.jsonl`.

    Every subfolder is an entry, but for hidden ones. Raises DataError with the problems of all
    entries that are broken, and when one that was decided on, and not withdrawn, is not there.
    """
    if not folder.is_dir():
        raise UserError(Problem(str(folder), "there is no such folder"))
    ledger = read_ledger(folder / LEDGER)
    last = {decision.entry: decision.decision for decision in ledger}
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith(".") or last.get(path.name) == "withdrawn":
            continue
        try:
            entries.append(read_entry(path))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    if not entries and not ledger:
        raise DataError(Problem(str(folder), "holds no entry", fix="harness submit pack"))
    missing = vanished(ledger, [entry.name for entry in entries])
    if missing:
        what = "entries that were decided on are not there"
        fix = "put them back, or write a decision `withdrawn` with its reason into the ledger"
        raise DataError(Problem(str(folder), what, got=", ".join(missing), fix=fix))
    return Gathered(tuple(entries), ledger)


def open_tasks(
    catalogue: Catalogue, entries: Sequence[Entry], overrides: Overrides
) -> dict[str, Ending]:
    """Open every task that a run is of, by name, sorted: classes and label sets as they are today.

    Raises DataError with the problems of all runs that are not comparable: of another task than
    the catalogue's of that name, or over other classes.
    """
    names = sorted({run.task for entry in entries for run in entry.manifest.runs})
    tasks = {name: load_run_task(catalogue, name) for name in names}
    overrides = share_overrides(catalogue, [*tasks.values()], overrides)
    endings: dict[str, Ending] = {}
    opened: dict[object, Ending] = {}
    for name, task in tasks.items():
        labels = _labels_of(task)
        if labels not in opened:
            opened[labels] = open_ending(catalogue, task, overrides)
        endings[name] = replace(opened[labels], task=task)
    problems: list[Problem] = []
    for entry in entries:
        for run in entry.manifest.runs:
            problems += _misfits(entry, run, endings[run.task])
    if problems:
        raise DataError(problems)
    return endings


def _labels_of(task: TaskSpec) -> object:
    """Give what decides on classes and labels, so that tasks that share it are opened once."""
    named = [getattr(task, name) for name in _LABEL_KEYS]
    folders = [task.folders.get(name, task.directory) for name in _LABEL_KEYS]
    return (*named, *folders)


def _misfits(entry: Entry, run: EntryRun, ending: Ending) -> list[Problem]:
    where = f"entry `{entry.name}`, task `{run.task}`"
    try:
        check_classes(ending.classes, run.run, where)
    except DataError as error:
        return list(error.problems)
    found = differences(run, ending)
    if not found:
        return []
    fix = "score it with the task that it was run with, or run the task as it is today"
    problem = Problem(
        where, "not comparable: the run is of other settings than the task of that name has today",
        got="; ".join(found), fix=fix,
    )  # fmt: skip
    return [problem]
