"""Open a run whose answers were merged, mapped and scored, to look at them in another way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem
from harness.runs.mapping import places_unmapped
from harness.runs.reopen import reopen
from harness.specs.catalogue import Catalogue
from harness.store.directory import RunDirectory
from harness.store.lock import reading
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run with its rows, and its task opened as it is now."""

    path: Path
    manifest: Manifest
    opened: OpenTask
    rows: Sequence[Prediction]


def open_scored(catalogue: Catalogue, path: Path, overrides: Overrides) -> ScoredRun:
    """Open a run directory; nothing in it is changed, by nobody while it is read.

    Raises DataError when it is no run, when it has answers that are not merged, mapped and scored
    yet, or as `reopen`; RunError when another process writes into it.
    """
    Manifest.read(path)
    with reading([path]):
        return open_held(catalogue, path, overrides)


def open_held(catalogue: Catalogue, path: Path, overrides: Overrides) -> ScoredRun:
    """Open a run directory as `open_scored` where the caller has it locked."""
    manifest = Manifest.read(path)
    directory = RunDirectory(path)
    ended = manifest.status != "running" and directory.results.is_file()
    if directory.parts() or not ended:
        raise _not_scored(path)
    opened = reopen(catalogue, path, overrides)
    rows = tuple(directory.rows(scored=True).values())
    if places_unmapped(opened.task, rows):
        raise _not_scored(path)
    return ScoredRun(path, manifest, opened, rows)


def _not_scored(path: Path) -> DataError:
    what = "has answers that are not scored yet"
    return DataError(Problem(str(path), what, fix=f"harness score {path}"))
