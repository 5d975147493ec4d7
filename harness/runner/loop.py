"""The loop of a run: the requests that this process still owes, batch by batch, onto disk."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.adapters.base import Adapter, Preparing
from harness.answers.outcome import Status
from harness.errors import UserError
from harness.prompts.ahead import LoadedRequest, load, pixel_memory, readable, work_ahead
from harness.prompts.plan import Plan, PlannedRequest
from harness.requests import Failed, Request, Response, Text
from harness.runner.asking import Asker, StuckError
from harness.runner.batches import batches_by_size
from harness.runner.budget import ErrorCount
from harness.runner.progress import RunProgress
from harness.runner.signals import StopFlag
from harness.runner.spending import Spending
from harness.runs.rows import answered_rows, classified_row, failed_rows
from harness.store.lines import Appender
from harness.store.prediction import Prediction

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that can be asked, with the SHA-256 of its images' pixels."""

    planned: PlannedRequest
    hashes: tuple[str, ...]
    request: Request


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of getting a request ready: what can be asked, and rows of what failed."""

    failed: tuple[Prediction, ...] = ()
    ready: Ready | None = None

    @property
    def size(self) -> int:
        """How much the model has to read, where its adapter says so."""
        ahead = self.ready.request.ahead if self.ready else None
        return ahead.size if ahead else 0

    @property
    def memory(self) -> int:
        """Bytes of what is held of it: decoded images, and what its adapter made of them."""
        if self.ready is None:
            return 0
        request = self.ready.request
        made = request.ahead.memory if request.ahead else 0
        return made + pixel_memory(request.images)


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks on while a run goes."""

    progress: RunProgress
    errors: ErrorCount
    flag: StopFlag
    keep_facts: Callable[[], None]
    """Called before answers are written: what they said of the model goes first."""
    spending: Spending | None = None

    def note(self, rows: Sequence[Prediction], appender: Appender) -> None:
        """Write answers, and count what they cost and which failed. Raises RunError where that is
        too much; all is on disk by then.
        """
        self.keep_facts()
        appender.write(rows)
        self.progress.add(rows)
        if self.spending is not None:
            self.spending.add(rows)
        self.errors.add([row.error or "" for row in rows if row.status is Status.ERROR])

    def most(self, batch_size: int) -> int:
        """Give how many requests may be asked at a time. Raises RunError where none may."""
        return min(batch_size, self.spending.most()) if self.spending else batch_size


def owed(
    requests: Sequence[PlannedRequest], rows: Mapping[str, Prediction]
) -> list[PlannedRequest]:
    """List the requests of which an image has no answer yet. Several images are asked again as a
    whole, also where they were answered in a smaller group: with an image that could not be read,
    or at the end of a smaller limit.
    """
    return [_again(each, rows) for each in requests if not _is_answered(each, rows)]


def _is_answered(request: PlannedRequest, rows: Mapping[str, Prediction]) -> bool:
    known = [rows[each] for each in request.image_ids if each in rows]
    if len(known) < len(request.image_ids):
        return False
    return all(
        row.status is not Status.ERROR and (row.images_in_prompt or 1) >= len(known)
        for row in known
    )


def _again(request: PlannedRequest, rows: Mapping[str, Prediction]) -> PlannedRequest:
    before = [rows[each].attempt or 1 for each in request.image_ids if each in rows]
    if len(request.image_ids) == 1 or not before:
        return request
    return replace(request, attempt=max(before) + 1)


def answer_requests(
    plan: Plan, asker: Asker, requests: Sequence[PlannedRequest], appender: Appender, watch: Watch
) -> None:
    """Ask the model and append its answers after every batch.

    Raises StoppedError when the run was asked to stop, RunError when too many images failed, a call
    is stuck, or another request could cost more than may be spent. Every row made until then is on
    disk.
    """
    loaded = ready_ahead(plan, asker.adapter, requests, asker.batch_size)
    watch.flag.check()
    for batch in batches_by_size(
        loaded,
        lambda each: each.size,
        lambda: watch.most(asker.batch_size),
        lambda each: each.memory,
    ):
        asked = [each.ready for each in batch if each.ready]
        rows = [row for each in batch for row in each.failed]
        try:
            rows += _answer_batch(plan, asker, asked)
        except StuckError as error:
            stuck = [failed_rows(each.planned, str(error)) for each in asked]
            appender.write([*rows, *(row for each in stuck for row in each)])
            raise
        watch.note(rows, appender)
        watch.flag.check()


def ready_ahead(
    plan: Plan, adapter: Adapter, requests: Sequence[PlannedRequest], batch_size: int
) -> Iterator[Loaded]:
    """Yield the requests in order, made ready by threads: decoded, and prepared by the adapter."""
    preparing = adapter if isinstance(adapter, Preparing) else None

    def work(planned: PlannedRequest) -> Loaded:
        return ready(plan, preparing, load(plan.opened.source, planned))

    return work_ahead(work, requests, batch_size, lambda each: each.memory)


def ready(plan: Plan, adapter: Preparing | None, loaded: LoadedRequest) -> Loaded:
    """Make a request of what was read, with what the adapter can do ahead of the model."""
    failed = tuple(_undecodable(loaded))
    asked = readable(plan, loaded)
    if asked is None:
        return Loaded(failed)
    planned, hashes, request = asked
    if adapter is not None:
        try:
            request = replace(request, ahead=adapter.prepare(request))
        except UserError:
            raise  # of the whole run, as when a model is asked
        except Exception as error:
            log.warning("a request failed before the model saw it", exc_info=True)
            message = f"{type(error).__name__}: {error}"
            return Loaded((*failed, *failed_rows(planned, message)))
    return Loaded(failed, Ready(planned, tuple(hashes), request))


def _answer_batch(plan: Plan, asker: Asker, batch: Sequence[Ready]) -> list[Prediction]:
    if not batch:
        return []
    started = time.perf_counter()
    responses = asker.respond([each.request for each in batch])
    seconds = round((time.perf_counter() - started) / len(batch), 6)
    rows: list[Prediction] = []
    for each, response in zip(batch, responses, strict=True):
        answered = rows_of(plan, each.planned, each.hashes, response)
        rows += [replace(row, batch=len(batch), seconds=seconds) for row in answered]
    return rows


def rows_of(
    plan: Plan, planned: PlannedRequest, hashes: Sequence[str], response: Response
) -> list[Prediction]:
    """Make the rows of a request that was asked."""
    if plan.outputs is None or isinstance(response, Failed):
        return answered_rows(
            plan.opened.task.protocol, plan.opened.classes, planned, hashes, response
        )
    if isinstance(response, Text):
        return failed_rows(planned, "a text, where a classifier gives scores")
    try:
        return [classified_row(planned, hashes[0], response, plan.opened.classes, plan.outputs)]
    except ValueError as error:
        return failed_rows(planned, str(error))


def _undecodable(loaded: LoadedRequest) -> Iterator[Prediction]:
    pairs = zip(loaded.planned.image_ids, loaded.images, strict=True)
    broken = {image_id: item.error for image_id, item in pairs if item.error is not None}
    for row in failed_rows(loaded.planned, ""):
        if row.image_id in broken:
            yield replace(row, error=broken[row.image_id])
