"""What earlier runs of a model say: what is answered already, how long it took, its tokens."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.answers.outcome import Status
from harness.errors import HarnessError
from harness.prompts.plan import Plan, PlannedRequest
from harness.runner.beginning import as_part
from harness.runner.identity import differences, known_identity
from harness.runner.loop import owed
from harness.runs.finish import repeat_name, repeat_of
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory, find_runs, run_path
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run of the same model, and means over the requests that it has answered."""

    path: Path
    task: str
    same_task: bool
    """Whether it is of the very task; else its prompts, and so its times, are others."""
    requests: float
    """How many requests were answered."""
    seconds: float | None
    """For a request, of one process."""
    processes: int
    prompt_tokens: float | None
    """Of a request; None where rows do not say it, and for another task."""
    answer_tokens: float | None
    cost: float | None
    """US dollars of a request, at the prices and with the server's cache of that run."""
    row_bytes: float | None
    """Of an image's row on the disk; None while the run is not merged."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What the output folder holds for a plan."""

    asked: tuple[PlannedRequest, ...]
    """What the command would ask: the requests of a slice that have no answer yet, of all repeats,
    with the texts and options of the first."""
    earlier: Earlier | None
    notes: tuple[str, ...]


def on_disk(
    output: Path, model: ModelSpec, plan: Plan, requests: Sequence[PlannedRequest]
) -> OnDisk:
    """Look for what of `requests` is answered, and for a run that says how the model answers.

    A run of the same task comes before others, of these the one that began last. One that answers
    of this command would not be joined with is named in a note. Raises DataError or RunError for a
    run of the task that cannot be read.
    """
    task, notes = plan.opened.task, list[str]()
    base = run_path(output, model.model, task.task)
    paths = [base]
    if task.repeats > 1:
        paths = [base / repeat_name(number) for number in range(task.repeats)]
    asked: list[PlannedRequest] = []
    earlier: Earlier | None = None
    for number, path in enumerate(paths):
        rows: Mapping[str, Prediction] = {}
        if RunDirectory(path).started:
            manifest = Manifest.read(path)
            repeat = replace(plan, opened=replace(plan.opened, task=repeat_of(task, number)))
            rows = RunDirectory(path).rows()
            others = _others(manifest, repeat, model) if rows else []
            if others:
                what = f"{path} holds a run of something else, so that `harness run` stops"
                notes.append(f"{what}: {'; '.join(others)}")
                rows = {}
            earlier = earlier or _summary(path, manifest, list(rows.values()), same_task=True)
        asked += owed(requests, rows)
    return OnDisk(tuple(asked), earlier or _of_other_task(base.parent, model, plan), tuple(notes))


def _others(manifest: Manifest, plan: Plan, model: ModelSpec) -> list[str]:
    """Name what answers depend on and was otherwise, but for the files of the model."""
    identity = known_identity(manifest.identity, plan, model)
    now = manifest.model_copy(update={"identity": identity, "limit": plan.opened.limit})
    return differences(as_part(manifest, now), identity, model)


def _of_other_task(folder: Path, model: ModelSpec, plan: Plan) -> Earlier | None:
    """Give what the newest run of the very model over another task says; None without one."""
    found: list[tuple[str, Earlier]] = []
    with contextlib.suppress(HarnessError):  # no run, which is no mistake here
        for path in find_runs(folder):
            with contextlib.suppress(HarnessError):
                manifest = Manifest.read(path)
                if manifest.task == plan.opened.task.task or not _is_model(manifest, plan, model):
                    continue
                rows = list(RunDirectory(path).rows().values())
                summary = _summary(path, manifest, rows, same_task=False)
                found += [(manifest.started, summary)] if summary else []
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _is_model(manifest: Manifest, plan: Plan, model: ModelSpec) -> bool:
    was = manifest.identity
    now = was.model_copy(update={"model": known_identity(was, plan, model).model})
    return not differences(was, now, model)


def _summary(
    path: Path, manifest: Manifest, rows: Sequence[Prediction], *, same_task: bool
) -> Earlier | None:
    answered = [row for row in rows if row.status is not Status.ERROR]
    if not answered:
        return None
    file = RunDirectory(path).predictions
    size = file.stat().st_size / len(rows) if file.is_file() and same_task else None
    return Earlier(
        path=path,
        task=manifest.task,
        same_task=same_task,
        requests=sum(_weight(row) for row in answered),
        seconds=_mean((row.seconds, _weight(row)) for row in answered),
        processes=manifest.processes,
        prompt_tokens=_mean((row.prompt_tokens, _weight(row)) for row in answered if same_task),
        answer_tokens=_mean((row.tokens, _weight(row)) for row in answered if same_task),
        cost=_mean((row.cost, _weight(row)) for row in answered if same_task),
        row_bytes=size,
    )


def _weight(row: Prediction) -> float:
    """Give a row's part of its request: what several images share stands in each of their rows."""
    return 1 / (row.images_in_prompt or 1)


def _mean(pairs: Iterator[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if known else None
