"""One model over one task: begin or resume, answer what is owed, end."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import harness
from harness.adapters.base import Adapter, ModelFacts
from harness.answers.outcome import Status
from harness.catalogue import Catalogue, own_root
from harness.errors import Problem, UserError
from harness.prompt.plan import PlannedRequest
from harness.ranks import Rank
from harness.run.answer import answer_requests, owed
from harness.run.asking import Asker
from harness.run.bench import NO_OVERRIDES, Bench, Overrides, open_bench
from harness.run.finish import Ending, finish
from harness.run.progress import RunProgress
from harness.score.results import Results
from harness.spec.model import ModelSpec
from harness.spec.task import Metric, TaskSpec
from harness.store.directory import RunDirectory, run_path
from harness.store.manifest import (
    ClassListFacts,
    DataFacts,
    Identity,
    Manifest,
    git_state,
    hardware_facts,
    package_versions,
)

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of a run beside its task and model."""

    output: Path
    batch_size: int
    settings: tuple[str, ...] = ()
    overrides: Overrides = NO_OVERRIDES
    fresh: bool = False
    show_progress: bool = True
    subfolder: str = ""
    """Below the task's folder, for one of several repeats."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the files of a run are, and its scores (on the first process only)."""

    path: Path
    results: Results | None
    metrics: tuple[Metric, ...] = ()
    """Columns that the task's `metric_list` asks for."""


def run_task(
    catalogue: Catalogue,
    task: TaskSpec,
    model: ModelSpec,
    adapter: Callable[[], Adapter],
    rank: Rank,
    options: RunOptions,
) -> Finished:
    """Run a model over a task, from where an earlier run of the same stopped.

    `adapter` loads the model; it is called only when an answer is owed. Raises UserError when the
    directory holds a run of something else.
    """
    bench = open_bench(catalogue, task, options.overrides)
    path = run_path(options.output, model.model, task.task) / options.subfolder
    directory = RunDirectory(path)
    if options.fresh and rank.is_first and directory.started:
        log.info("the earlier run is now in %s", directory.set_aside())
    manifest = _manifest(bench, model, rank, options)
    if directory.started:
        manifest = _resumed(Manifest.read(directory.path), manifest)
    started = time.monotonic()
    done = {each for each, row in directory.rows().items() if row.status is not Status.ERROR}
    requests = rank.share(owed(bench, done))
    if rank.is_first:
        manifest.write(directory.path)
    facts = None
    if requests:
        log.info("%s: %d of %d images to answer", task.task, len(requests), manifest.n)
        facts = _answer(bench, adapter(), requests, directory, rank, options)
    rank.wait()
    if not rank.is_first:
        return Finished(directory.path, None)
    _note_end(directory, facts, time.monotonic() - started)
    ending = Ending(catalogue, task, bench.classes, bench.truths)
    metrics = tuple(each.metric for each in task.metric_list)
    return Finished(directory.path, finish(directory, ending), metrics)


def _answer(
    bench: Bench,
    adapter: Adapter,
    requests: Sequence[PlannedRequest],
    directory: RunDirectory,
    rank: Rank,
    options: RunOptions,
) -> ModelFacts:
    asker = Asker(adapter, options.batch_size)
    total = sum(len(request.image_ids) for request in requests)
    progress = RunProgress(
        bench.task.task,
        total,
        bench.truths.label_sets[0],
        bench.truths.equivalences,
        shown=rank.is_first and options.show_progress,
    )
    with progress, directory.append(rank.index, rank.processes) as appender:
        answer_requests(bench, asker, requests, appender, progress)
    return adapter.facts


def _manifest(bench: Bench, model: ModelSpec, rank: Rank, options: RunOptions) -> Manifest:
    task, classes = bench.task, bench.classes
    return Manifest(
        harness_version=harness.__version__,
        task=task.task,
        model=model.model,
        identity=Identity(
            task=task.identity(),
            model=model.identity(),
            class_list=classes.digest,
            data=bench.source.fingerprint,
            options=bench.options_digest,
        ),
        settings=options.settings,
        class_list=ClassListFacts(
            name=classes.name, name_set=classes.name_set, n=len(classes), sha256=classes.digest
        ),
        data=DataFacts(
            dataset_path=task.dataset_path,
            dataset_name=task.dataset_name,
            split=task.test_split,
            revision=task.revision,
            fingerprint=bench.source.fingerprint,
            n=len(bench.source),
        ),
        n=len(bench.image_ids),
        limit=task.limit,
        skipped=dict(bench.skipped),
        batch_size=options.batch_size,
        processes=rank.processes,
        versions=package_versions(),
        git=git_state(own_root()),
        hardware=hardware_facts(),
        started=_now(),
    )


def _resumed(old: Manifest, new: Manifest) -> Manifest:
    """Give the manifest of a run that goes on. Raises UserError when it is another run's."""
    differences = old.identity.differences(new.identity)
    if differences:
        raise UserError(
            Problem(
                f"{new.model} on {new.task}",
                "the output directory holds a run of something else",
                got="; ".join(differences),
                expected="the same task, model, classes and data",
                fix="choose another --output, or move the old run aside with --fresh",
            )
        )
    longer = old if old.n > new.n else new  # a smaller --limit takes nothing away
    kept = {
        "started": old.started,
        "seconds": old.seconds,
        "model_facts": old.model_facts,
        "mapping": old.mapping,
        "n": longer.n,
        "limit": longer.limit,
    }
    return new.model_copy(update=kept)


def _note_end(directory: RunDirectory, facts: ModelFacts | None, seconds: float) -> None:
    manifest = Manifest.read(directory.path)
    update: dict[str, object] = {
        "ended": _now(),
        "seconds": round((manifest.seconds or 0.0) + seconds, 3),
    }
    if facts is not None:
        update |= {"model_facts": asdict(facts), "mapping": None}
    manifest.model_copy(update=update).write(directory.path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
