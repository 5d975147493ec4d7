"""The runs that go into one Hugging Face dataset: complete, and scored by the same labels."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.errors import DataError, Problem, UserError
from harness.runs.reopen import scored_directory
from harness.scores.results import Results
from harness.store.directory import find_runs
from harness.store.lines import read_json
from harness.store.lock import reading
from harness.store.manifest import Manifest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExportRun:
    """A run that may be exported."""

    path: Path
    manifest: Manifest
    results: Results

    @property
    def chosen(self) -> str | None:
        """How its images were chosen, where they are not all of its data set; None for all."""
        if self.results.sample is not None:
            return self.results.sample.how
        limit = self.manifest.limit
        return "the first ones" if limit is not None and limit < self.manifest.data.n else None

    @property
    def file_name(self) -> str:
        """Name of its file, without the suffix, that no file system and no pattern minds."""
        return file_name(f"{self.manifest.model}--{self.manifest.task}")


def file_name(name: str) -> str:
    """Give a file name of plain characters that does not begin as a hidden file does."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip("._-") or "unnamed"


def read_runs(folders: Sequence[Path], held: ExitStack) -> tuple[ExportRun, ...]:
    """Read the runs in these folders, sorted by model and task. No command changes them until
    `held` ends.

    Raises RunError where one writes into them, DataError with every problem: a folder without a
    run, runs that are not complete or not scored, two of one model and task, and runs that
    understand a class list, a label set or the classes that count as one in different ways.
    """
    problems: list[Problem] = []
    paths = [each for folder in folders for each in _tried(find_runs, folder, problems) or ()]
    held.enter_context(reading(paths))
    found = [run for path in paths if (run := _tried(_read, path, problems)) is not None]
    runs = sorted(
        {each.path.resolve(): each for each in found}.values(),
        key=lambda run: (run.manifest.model, run.manifest.task, str(run.path)),
    )
    problems += [*_twice(runs), *_contradictions(runs)]
    if problems:
        raise DataError(problems)
    return tuple(runs)


def _tried(action: Callable[[Path], T], path: Path, problems: list[Problem]) -> T | None:
    """Give what an action gives, or add its problems to the others."""
    try:
        return action(path)
    except UserError as error:
        problems += error.problems
        return None


def _read(path: Path) -> ExportRun:
    manifest = Manifest.read(path)
    if manifest.status != "complete":
        n = sum(manifest.counts.values())
        got = f"{manifest.status}: {n} of {manifest.n} images, {manifest.counts.get('error', 0)} "
        fix = "give the command that made the run again: only what is missing is asked"
        raise DataError(Problem(str(path), "is not complete", f"{got}failed", fix=fix))
    scores = scored_directory(path, manifest).results
    results = Results.from_json(read_json(scores), str(scores))
    return ExportRun(path, manifest, results)


def unused(path: Path) -> Path:
    """Give a path of the dataset. Raises UserError where two names have become one file's."""
    if path.exists():
        what = "two names become this one in the dataset"
        fix = "export them apart, or rename a model"
        raise UserError(Problem(f"{path.parent.name}/{path.name}", what, fix=fix))
    return path


def _twice(runs: Iterable[ExportRun]) -> Iterator[Problem]:
    first: dict[tuple[str, str], ExportRun] = {}
    for run in runs:
        model, task = run.manifest.model, run.manifest.task
        other = first.setdefault((model, task), run)
        if other is not run:
            what = f"is a second run of model `{model}` and task `{task}`"
            fix = "export one of them (of repeats too), or give the model another name"
            yield Problem(str(run.path), what, got=f"also {other.path}", fix=fix)


def _contradictions(runs: Iterable[ExportRun]) -> Iterator[Problem]:
    """Find what bears one name in several runs and is not one thing."""
    first: dict[tuple[str, str], tuple[str, ExportRun]] = {}
    for run in runs:
        for kind, name, value in _meanings(run.results):
            known, other = first.setdefault((kind, name), (value, run))
            if known != value:
                what = f"{kind} `{name}` is another one than in {other.path}"
                fix = "score both under the same files (`harness score`), or export them apart"
                yield Problem(str(run.path), what, value, known, fix)


def _meanings(results: Results) -> Iterator[tuple[str, str, str]]:
    classes = results.class_list
    yield "class list", classes.name, f"sha256 {classes.digest}"
    yield "equivalences under class list", classes.name, str(results.equivalences.groups)
    for name, labels in results.label_sets.items():
        yield "label set", name, f"sha256 {labels.digest}"
