"""Read the entries of a leaderboard and their ledger, and open the tasks that their runs are of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data.labels.of_task import Overrides, share_overrides
from harness.data.opened import OpenTask, open_task
from harness.errors import DataError, Problem, UserError
from harness.leaderboard.entries.check import entries_in
from harness.leaderboard.entries.entry import Entry, open_entry
from harness.leaderboard.entries.finding import Report, errors_in
from harness.leaderboard.entries.ledger import LEDGER, Decision, decisions_on, read_ledger, vanished
from harness.leaderboard.entries.rules.files import check_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_run_task
from harness.specs.task import TaskSpec

_LABEL_KEYS = ("class_list", "name_set", "label_sets", "equivalences", "dataset_path")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a leaderboard is built from."""

    entries: tuple[Entry, ...]
    """By name; without those that were withdrawn, and those that are refused."""
    ledger: tuple[Decision, ...]
    """Oldest first."""
    refused: tuple[Report, ...] = ()
    """Entries that the checker refuses, with its errors; they are on no board."""

    def without(self, refused: Sequence[Report]) -> "Gathered":
        """Move some more entries to those that are refused."""
        names = {report.name for report in refused}
        kept = tuple(entry for entry in self.entries if entry.name not in names)
        reports = sorted((*self.refused, *refused), key=lambda each: each.name)
        return replace(self, entries=kept, refused=tuple(reports))


def gather(catalogue: Catalogue, folder: Path) -> Gathered:
    """Read the entries in a folder, and its `decisions.jsonl`.

    Every subfolder is an entry, but for hidden ones. Raises DataError when there is none, and when
    one that was decided on, and not withdrawn, is not there.
    """
    if not folder.is_dir():
        fix = "give a folder of entries"
        raise UserError(Problem(str(folder), "there is no such folder", fix=fix))
    ledger = read_ledger(folder / LEDGER)
    last = {decision.entry: decision.decision for decision in ledger}
    paths = [path for path in entries_in(folder) if last.get(path.name) != "withdrawn"]
    missing = vanished(ledger, [path.name for path in paths])
    if missing:
        what = "entries that were decided on are not there"
        fix = "put them back, or write a decision `withdrawn` with its reason into the ledger"
        raise DataError(Problem(str(folder), what, got=", ".join(missing), fix=fix))
    if not paths and not ledger:
        raise DataError(Problem(str(folder), "holds no entry", fix="harness submit pack"))
    return _sifted(catalogue, paths, ledger)


def _sifted(catalogue: Catalogue, paths: Sequence[Path], ledger: tuple[Decision, ...]) -> Gathered:
    entries: list[Entry] = []
    refused: list[Report] = []
    for path in paths:
        opened = open_entry(path)
        entry = opened.entry
        found = list(opened.findings)
        for run in entry.manifest.runs if entry else ():
            found += check_task(catalogue, run)
        errors = errors_in(found)
        if entry is None or errors:
            refused.append(Report(path.name, path.name, errors))
        else:
            entries.append(replace(entry, decisions=decisions_on(ledger, entry.name)))
    return Gathered(tuple(entries), ledger, tuple(refused))


def open_tasks(
    catalogue: Catalogue, entries: Sequence[Entry], overrides: Overrides
) -> dict[str, OpenTask]:
    """Open every task that a run is of, by name, sorted: classes and label sets as they are today.

    Raises SpecError or DataError when one is missing or broken.
    """
    names = sorted({run.task for entry in entries for run in entry.manifest.runs})
    tasks = {name: load_run_task(catalogue, name) for name in names}
    overrides = share_overrides(catalogue, [*tasks.values()], overrides)
    found: dict[str, OpenTask] = {}
    opened: dict[object, OpenTask] = {}
    for name, task in tasks.items():
        labels = _labels_of(task)
        if labels not in opened:
            opened[labels] = open_task(catalogue, task, overrides, images="none")
        found[name] = replace(opened[labels], task=task)
    return found


def _labels_of(task: TaskSpec) -> object:
    """Give what decides on classes and labels, so that tasks that share it are opened once."""
    named = [getattr(task, name) for name in _LABEL_KEYS]
    folders = [task.folders.get(name, task.directory) for name in _LABEL_KEYS]
    return (*named, *folders)
