"""One model over one task: begin or resume, answer what is owed, end."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from harness.adapters.base import Adapter
from harness.data.class_names import Outputs, match_outputs
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.data.opened import open_task, require_images
from harness.prompts.plan import Plan, PlannedRequest, make_plan
from harness.runner.asking import Asker
from harness.runner.batch_size import BatchSize, find_batch_size
from harness.runner.beginning import Facts, KeptFacts, begun, note_end, resumed
from harness.runner.budget import TENTH, ErrorBudget, ErrorCount
from harness.runner.deferred import Owed, answer_deferred, deferred_of
from harness.runner.identity import identity_of, refuse_other_questions
from harness.runner.loop import Watch, answer_requests, owed
from harness.runner.named_outputs import keep_outputs, outputs_of
from harness.runner.processes import Rank
from harness.runner.progress import RunProgress
from harness.runner.same_images import check_same_images
from harness.runner.signals import StopFlag, stop_flag
from harness.runner.spending import Paid, Spending, warn_of_unknown
from harness.runs.finish import Finished
from harness.runs.preflight import log_findings, preflight, stop_on_errors
from harness.specs.catalogue import Catalogue
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec
from harness.store.directory import RunDirectory, run_path
from harness.store.lock import WHOLE, Shard, locked
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of a run beside its task and model."""

    output: Path
    batch_size: BatchSize
    settings: tuple[str, ...] = ()
    overrides: Overrides = NO_OVERRIDES
    fresh: bool = False
    show_progress: bool = True
    subfolder: str = ""
    """Below the task's folder, for one of several repeats."""
    shard: Shard = WHOLE
    """The slice of the images that this launch answers."""
    max_errors: ErrorBudget = TENTH
    call_timeout: float | None = None
    """Seconds that a call of the model may take."""
    model_settings: tuple[str, ...] = ()
    says_before: bool = True
    """Whether it is said what is going to be scored; not again for the same images and labels."""
    max_cost: float | None = None
    """US dollars that all answers of the command may cost, those on disk too."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task that is open, with the requests that this process owes."""

    catalogue: Catalogue
    model: ModelSpec
    plan: Plan
    directory: RunDirectory
    requests: Sequence[PlannedRequest]
    options: RunOptions
    rank: Rank
    mark: str | None
    """What the rows of the run bear."""
    paid: Paid
    """What its answers on disk have cost: those of the slice that this launch answers."""


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
    directory holds a run of something else, RunError when another process writes into it.
    """
    with ExitStack() as stack, stop_flag() as flag:
        prepared = prepare(catalogue, task, model, rank, options, stack)
        rank.start_together()
        return complete(prepared, adapter, flag, spending_of([prepared]))


def prepare(
    catalogue: Catalogue,
    task: TaskSpec,
    model: ModelSpec,
    rank: Rank,
    options: RunOptions,
    stack: ExitStack,
) -> Prepared:
    """Open a task and find what this process owes, before any process has begun to answer.

    The directory stays locked until `stack` ends.
    """
    path = run_path(options.output, model.model, task.task) / options.subfolder
    directory = RunDirectory(path)
    if rank.is_first:
        stack.enter_context(locked(path, options.shard))
    plan = make_plan(open_task(catalogue, task, options.overrides))
    require_images(plan.opened)
    _say_before(plan, rank, options)
    if rank.is_first and options.fresh and directory.started:
        log.info("the earlier run is now in %s", directory.set_aside())
    if task.protocol == "classify":
        plan = replace(plan, outputs=match_outputs(catalogue, model, plan.opened.classes))
    manifest = begun(
        plan,
        identity_of(catalogue, plan, model),
        (options.settings, options.model_settings),
        options.batch_size,
        rank.processes,
    )
    rows: Mapping[str, Prediction] = {}
    if directory.started and not options.fresh:
        rows = directory.rows()
        # A model that could not be loaded leaves a manifest and no row, and is nobody's run; of a
        # slice, others may be about to write theirs.
        if rows or not options.shard.is_whole:
            old = Manifest.read(directory.path)
            going_on = resumed(old, manifest, model, plan.outputs, has_rows=bool(rows))
            if rank.is_first:  # one is enough: all start together, or none does
                refuse_other_questions(f"{model.model} on {task.task}", plan, rows)
                check_same_images(old, manifest, plan.opened.source, rows)
            manifest = going_on
    # Slices are of all images, as nobody knows what other slices have done; the processes of one
    # launch share what is left, of which all see the same before they start together.
    requests = rank.share(owed(plan.requests[options.shard.index :: options.shard.count], rows))
    if rank.is_first:
        manifest.write(directory.path)
        own, total = _part(rank, options.shard)
        directory.forget_finished(range(own, own + rank.processes), total)
    _tell_share(task.task, len(requests), manifest.n, rank, options)
    paid = _paid(plan, rows, options.shard)
    return Prepared(catalogue, model, plan, directory, requests, options, rank, manifest.mark, paid)


def _say_before(plan: Plan, rank: Rank, options: RunOptions) -> None:
    """Say what is going to be scored, once for all processes; stop where it cannot be.

    Raises UserError for labels of another data set and for names that are one to the encoder.
    """
    found = preflight(plan.opened, plan.image_ids)
    if rank.is_first and options.says_before:
        log_findings(found, plan.opened.task.task)
    stop_on_errors(found)


def spending_of(prepared: Sequence[Prepared]) -> Spending | None:
    """Give what keeps the runs of a launch to its `max_cost`; None without.

    Of the limit each slice has an equal part, and of what a slice has left each of its processes:
    nobody knows what others spend meanwhile.
    """
    options, rank = prepared[0].options, prepared[0].rank
    if options.max_cost is None:
        return None
    before = [each.paid for each in prepared]
    if rank.is_first:
        warn_of_unknown(before)
    left = options.max_cost / options.shard.count - sum(each.at_most for each in before)
    return Spending(options.max_cost, left / rank.processes, before)


def _paid(plan: Plan, rows: Mapping[str, Prediction], shard: Shard) -> Paid:
    if shard.is_whole:
        return Paid.of(rows.values())
    part = plan.requests[shard.index :: shard.count]
    own = (each for request in part for each in request.image_ids)
    return Paid.of(rows[each] for each in own if each in rows)


def complete(
    prepared: Prepared,
    adapter: Callable[[], Adapter],
    flag: StopFlag,
    spending: Spending | None = None,
) -> Finished:
    """Answer what this process owes; the first process waits for the others, merges and scores."""
    directory, rank, options = prepared.directory, prepared.rank, prepared.options
    started, failed = time.monotonic(), 0
    if prepared.requests:
        if spending is not None:
            spending.begin(prepared.paid)
            spending.most()  # before a model is loaded
        failed = _answer(prepared, adapter(), flag, spending)
    directory.mark_finished(*_part(rank, options.shard))
    if not rank.is_first:
        return Finished(directory.path, None, failed=failed)
    own, total = _part(rank, options.shard)
    directory.wait_finished(range(own, own + rank.processes), total, flag.check)
    note_end(directory, time.monotonic() - started)
    if not options.shard.is_whole:
        return Finished(directory.path, None, failed=failed)
    from harness.runs.finish import finish  # SciPy: a second that no answer waits for

    opened = prepared.plan.opened
    return Finished(directory.path, finish(directory, opened), opened.task.columns, failed)


def _answer(prepared: Prepared, adapter: Adapter, flag: StopFlag, spending: Spending | None) -> int:
    """Answer what this process owes; give how many images failed."""
    plan, rank, options = prepared.plan, prepared.rank, prepared.options
    notes: tuple[str, ...] = ()
    if plan.outputs is not None:
        plan, notes = _with_outputs(prepared, adapter, plan.outputs)
    alone = rank.processes == 1 and options.shard.is_whole and options.call_timeout is None
    owed = Owed(prepared.requests, prepared.mark)
    deferred = deferred_of(adapter, plan.ask, prepared.directory.path, owed, alone=alone)
    asker = Asker(adapter, plan.ask, timeout=options.call_timeout)
    size = options.batch_size
    if size == "auto":
        size = find_batch_size(plan, asker, prepared.requests)
    asker.batch_size = size
    total = sum(len(request.image_ids) for request in prepared.requests)
    errors = ErrorCount(options.max_errors, total)
    progress = RunProgress(
        plan.opened.task.task,
        total,
        plan.opened.labels.sets[0],
        plan.opened.labels.equivalences,
        shown=rank.is_first and options.show_progress,
    )

    def known() -> Facts:
        facts = replace(adapter.facts, notes=(*adapter.facts.notes, *notes))
        return Facts(facts, size, asker.batch_size if asker.halved else None)

    facts = KeptFacts(prepared.directory, known, write=rank.is_first)
    facts.keep()
    appending = prepared.directory.append(*_part(rank, options.shard), prepared.mark)
    with progress, appending as appender:
        watch = Watch(progress, errors, flag, facts.keep, spending)
        if deferred is None:
            answer_requests(plan, asker, prepared.requests, appender, watch)
        else:
            answer_deferred(plan, deferred, owed, appender, watch)
    facts.keep(again=True)
    return errors.failed


def _with_outputs(
    prepared: Prepared, adapter: Adapter, ordered: Outputs
) -> tuple[Plan, tuple[str, ...]]:
    """Give the task with the outputs of the loaded model, and how they were joined."""
    plan, is_first = prepared.plan, prepared.rank.is_first
    joined = outputs_of(prepared.catalogue, prepared.model, adapter, plan.opened.classes, ordered)
    if joined.warning and is_first:
        log.warning(joined.warning)
    keep_outputs(prepared.directory, joined.outputs, write=is_first)
    return replace(plan, outputs=joined.outputs), (joined.note,)


def _part(rank: Rank, shard: Shard) -> tuple[int, int]:
    """Give the number of this process's part and how many parts there are."""
    return shard.index * rank.processes + rank.index, shard.count * rank.processes


def _tell_share(task: str, n: int, total: int, rank: Rank, options: RunOptions) -> None:
    where = "" if options.shard.is_whole else f"slice {options.shard}, "
    where += f"process {rank.index + 1} of {rank.processes} on {rank.setting.device}"
    log.info("%s: %s: %d prompts to answer (%d images in all)", task, where, n, total)
