"""Open a run whose answers exist, to look at it or to score it again: no model, no images."""

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.classes import ClassList
from harness.data.labels.of_task import Overrides, share_overrides
from harness.data.opened import OpenTask, open_task, task_classes
from harness.errors import DataError, Problem, RunError
from harness.runs.finish import finish, repeat_of, write_spread
from harness.runs.mapping import map_left, places_unmapped
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_run_model, load_run_task
from harness.specs.model import ModelSpec
from harness.specs.task import WHERE_IMAGES_ARE, TaskSpec
from harness.store.directory import RunDirectory
from harness.store.identity import named_differences
from harness.store.lock import locked, reading
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction

log = logging.getLogger("harness")
_TRIES = 5


def rescore(catalogue: Catalogue, path: Path, overrides: Overrides) -> Results:
    """Score a run directory under the label sets that its task has now.

    Raises DataError when it is no run, or when the task or its classes are not those of the run,
    RunError when a process still writes into it.
    """
    Manifest.read(path)  # a lock beside what is no run would be for nothing
    with locked(path):
        opened = reopen(catalogue, path, overrides)
        results = finish(RunDirectory(path), opened)
    write_spread(path.resolve(), opened.task.repeats)
    return results


def reopen(catalogue: Catalogue, path: Path, overrides: Overrides) -> OpenTask:
    """Open task, classes and label sets of a run; warn where the model of its name is another one.

    Raises DataError as `rescore`.
    """
    manifest = Manifest.read(path)
    task = load_run_task(catalogue, manifest.task, manifest.settings, overrides.settings)
    task = refuse_other_task(task, manifest, path)
    classes = task_classes(catalogue, task)
    check_classes(classes, manifest, str(path))
    warn_of_other_model(catalogue, manifest, path)
    return open_task(catalogue, task, overrides, images="none", classes=classes)


def refuse_other_task(task: TaskSpec, manifest: Manifest, path: Path) -> TaskSpec:
    """Give the task as the run asked it: for one of several repeats, with its seeds.

    Raises DataError where it says something else than when the run was asked; where the images are
    is no matter.
    """
    was = TaskSpec.identity_of(manifest.identity.task)
    task = repeat_of(task, _repeat(task, was))
    then, now = (
        {key: value for key, value in each.items() if key not in WHERE_IMAGES_ARE}
        for each in (was, task.identity())
    )
    found = named_differences(then, now)
    if found:
        what = f"task `{task.task}` is not as it was when the run was asked"
        expected = "the task under which the answers were given"
        fix = (
            "put its YAML back, or say with --set KEY=VALUE what it was (of `run`, `import` and "
            "`pack`: ask again into another --output)"
        )
        raise DataError(Problem(str(path), what, "; ".join(found), expected, fix))
    return task


def _repeat(task: TaskSpec, was: Mapping[str, Any]) -> int:
    """Give the number of the repeat that a run is, by its seed."""
    generation = was.get("generation_kwargs")
    seed = generation.get("seed") if isinstance(generation, dict) else None
    number = seed - task.generation_kwargs.seed if isinstance(seed, int) else 0
    return number if 0 < number < task.repeats else 0


def warn_of_other_model(catalogue: Catalogue, manifest: Manifest, path: Path) -> None:
    """Log a warning where the model of that name is not as it was when the run was asked. A model
    that has no name here, and a run that did not note how it was asked for, are passed over.
    """
    if manifest.model_settings is None or manifest.model not in catalogue.names(Kind.MODEL):
        return
    now = load_run_model(catalogue, manifest.model, manifest.model_settings).identity()
    was = ModelSpec.identity_of(manifest.identity.model)
    options = was["options"]  # with the defaults of the adapter, which is not loaded here
    found = named_differences(was, {**now, "options": {**options, **now["options"]}})
    if found:
        log.warning(
            "%s: model `%s` is not as it was when the run was asked; scored is what it was: "
            "%s", path, manifest.model, "; ".join(found),
        )  # fmt: skip


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
    specs = [
        load_run_task(catalogue, name, settings, overrides.settings) for name, settings in tasks
    ]
    return share_overrides(catalogue, specs, overrides)


def check_classes(classes: ClassList, manifest: Manifest, where: str) -> None:
    """Raise DataError when a run was made with other classes than these."""
    if classes.digest != manifest.class_list.sha256:
        what = f"class list `{classes.name}` has changed since the run"
        got, expected = f"sha256 {classes.digest}", f"sha256 {manifest.class_list.sha256}"
        fix = f"score with the version of the harness that made the run: {manifest.harness_version}"
        raise DataError(Problem(where, what, got, expected, fix))


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run with its rows, and its task opened as it is now."""

    path: Path
    manifest: Manifest
    rows: Sequence[Prediction]
    opened: OpenTask


def open_run(catalogue: Catalogue, path: Path, overrides: Overrides) -> OpenRun:
    """Open a run directory; nothing in it is changed, by nobody while it is read.

    Raises DataError when it is no run, when it has answers that are not merged, mapped and scored
    yet, or as `reopen`; RunError when another process writes into it.
    """
    Manifest.read(path)
    with reading([path]):
        return open_locked_run(catalogue, path, overrides)


def open_locked_run(catalogue: Catalogue, path: Path, overrides: Overrides) -> OpenRun:
    """Open a run directory as `open_run` where the caller has it locked."""
    manifest = Manifest.read(path)
    directory = scored_directory(path, manifest)
    opened = reopen(catalogue, path, overrides)
    rows = tuple(directory.rows(scored=True).values())
    if places_unmapped(opened.task, rows):
        raise _not_scored(path)
    return OpenRun(path, manifest, rows, opened)


def scored_directory(path: Path, manifest: Manifest) -> RunDirectory:
    """Give the directory of a run. Raises DataError where it has answers that are not scored."""
    directory = RunDirectory(path)
    if directory.parts() or manifest.status == "running" or not directory.results.is_file():
        raise _not_scored(path)
    return directory


def _not_scored(path: Path) -> DataError:
    what = "has answers that are not scored yet"
    return DataError(Problem(str(path), what, fix=f"harness score {path}"))


def look_at(catalogue: Catalogue, path: Path, overrides: Overrides) -> OpenRun:
    """Open a run as far as it is: rows of processes that still write are read too, and answers that
    are not mapped yet are mapped here. Nothing is written, and nobody is kept from writing.

    Raises DataError as `reopen`, RunError where a file of it contradicts another or is taken away
    again and again, UserError where an answer is not mapped and the text encoder is not here.
    """
    opened = reopen(catalogue, path, overrides)
    rows: Sequence[Prediction] = tuple(_rows_now(path).values())
    manifest = Manifest.read(path)
    if places_unmapped(opened.task, rows):
        rows, _ = map_left(catalogue, opened.task, opened.classes, rows, manifest.mapping)
    return OpenRun(path, manifest, tuple(rows), opened)


def _rows_now(path: Path) -> Mapping[str, Prediction]:
    """Read the rows; once more where they were merged while they were read."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            return RunDirectory(path).rows()
    what, fix = "is being written all the time", "wait until the run has ended"
    raise RunError(str(Problem(str(path), what, fix=fix)))
