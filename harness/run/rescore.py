"""Score a run again from its files: no model, no images."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.catalogue import Catalogue
from harness.classes import ClassList
from harness.data.open import open_source
from harness.errors import DataError, Problem
from harness.run.bench import (
    Overrides,
    label_set_specs,
    open_truths,
    share_overrides,
    task_classes,
)
from harness.run.finish import Ending, finish
from harness.run.repeats import write_spread
from harness.score.results import Results
from harness.spec.load import load_run_task
from harness.spec.task import TaskSpec
from harness.store.directory import RunDirectory
from harness.store.lock import locked
from harness.store.manifest import Manifest

log = logging.getLogger("harness")


def rescore(catalogue: Catalogue, path: Path, overrides: Overrides) -> Results:
    """Score a run directory under the label sets that its task has now.

    Raises DataError when it is no run, or when the task or its classes are not those of the run,
    RunError when a process still writes into it.
    """
    Manifest.read(path)  # a lock beside what is no run would be for nothing
    with locked(path):
        ending = reopen(catalogue, path, overrides)
        results = finish(RunDirectory(path), ending)
    write_spread(path.resolve(), ending.task.repeats)
    return results


def reopen(catalogue: Catalogue, path: Path, overrides: Overrides) -> Ending:
    """Open task, classes and label sets of a run. Raises DataError as `rescore`."""
    manifest = Manifest.read(path)
    task = load_run_task(catalogue, manifest.task, manifest.settings, overrides.settings)
    check_classes(task_classes(catalogue, task), manifest, str(path))
    return open_ending(catalogue, task, overrides)


def open_ending(catalogue: Catalogue, task: TaskSpec, overrides: Overrides) -> Ending:
    """Open the classes and label sets of a task; its images only for labels that stand in a column.

    Raises SpecError or DataError when one of them is missing or broken.
    """
    classes = task_classes(catalogue, task)
    specs = label_set_specs(catalogue, task, overrides)
    columns = _columns(task, [spec.column for spec in specs if spec.column])
    truths = open_truths(task, classes, specs, overrides, columns)
    for name in truths.missing:
        log.warning("label set `%s` is not on this machine; the others still score", name)
    return Ending(catalogue, task, classes, truths)


def share_among_runs(
    catalogue: Catalogue, paths: Sequence[Path], overrides: Overrides
) -> Overrides:
    """Give overrides of which each run takes the label sets that apply to its task.

    Raises SpecError as `share_overrides`, DataError for a path that is no run.
    """
    if not (overrides.label_sets or overrides.equivalences):
        return overrides
    manifests = [Manifest.read(path) for path in paths]
    tasks = {(each.task, each.settings): each for each in manifests}
    said = overrides.settings
    specs = [load_run_task(catalogue, name, settings, said) for name, settings in tasks]
    return share_overrides(catalogue, specs, overrides)


def check_classes(classes: ClassList, manifest: Manifest, where: str) -> None:
    """Raise DataError when a run was made with other classes than these."""
    if classes.digest != manifest.class_list.sha256:
        raise DataError(
            Problem(
                where,
                f"class list `{classes.name}` has changed since the run",
                got=f"sha256 {classes.digest}",
                expected=f"sha256 {manifest.class_list.sha256}",
                fix="score with the version of the harness that made the run: "
                f"{manifest.harness_version}",
            )
        )


def _columns(task: TaskSpec, wanted: list[str]) -> Mapping[str, Mapping[str, object]]:
    """Read label columns, which stand in the data set; it is opened only when there are any."""
    if not wanted:
        return {}
    return open_source(task, wanted).label_columns()
