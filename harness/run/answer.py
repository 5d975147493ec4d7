"""The loop of a run: the requests that this process still owes, batch by batch, onto disk."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from harness.adapters.base import Request, Response
from harness.answers.outcome import Status
from harness.prompt.plan import PlannedRequest
from harness.run.asking import Asker, StuckError
from harness.run.bench import Bench
from harness.run.budget import ErrorCount
from harness.run.classified import classified_row
from harness.run.feed import LoadedRequest, load_ahead
from harness.run.progress import RunProgress
from harness.run.rows import answered_rows, failed_rows
from harness.run.signals import StopFlag
from harness.store.lines import Appender
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks on while a run goes."""

    progress: RunProgress
    errors: ErrorCount
    flag: StopFlag


def owed(requests: Sequence[PlannedRequest], done: Collection[str]) -> list[PlannedRequest]:
    """List the requests that have an image without an answer yet."""
    return [
        request
        for request in requests
        if any(image_id not in done for image_id in request.image_ids)
    ]


def answer_requests(
    bench: Bench,
    asker: Asker,
    requests: Sequence[PlannedRequest],
    appender: Appender,
    watch: Watch,
) -> None:
    """Ask the model and append its answers after every batch.

    Raises StoppedError when the run was asked to stop, RunError when too many images failed or a
    call is stuck. Every row made until then is on disk.
    """
    loaded = load_ahead(bench.source, requests, asker.batch_size)
    watch.flag.check()
    while batch := list(islice(loaded, asker.batch_size)):
        try:
            rows = _answer_batch(bench, asker, batch)
        except StuckError as error:
            stuck = [failed_rows(each.planned, str(error)) for each in batch]
            appender.write(row for rows in stuck for row in rows)
            raise
        appender.write(rows)
        watch.progress.add(rows)
        watch.errors.add([row.error or "" for row in rows if row.status is Status.ERROR])
        watch.flag.check()


def _answer_batch(bench: Bench, asker: Asker, batch: Sequence[LoadedRequest]) -> list[Prediction]:
    rows: list[Prediction] = []
    ready: list[tuple[PlannedRequest, list[str], Request]] = []
    for loaded in batch:
        rows += _undecodable(loaded)
        asked = readable(bench, loaded)
        if asked:
            ready.append(asked)
    if not ready:
        return rows
    started = time.perf_counter()
    responses = asker.ask([request for _, _, request in ready])
    seconds = round((time.perf_counter() - started) / len(ready), 6)
    for (planned, hashes, _), response in zip(ready, responses, strict=True):
        answered = _rows(bench, planned, hashes, response)
        rows += [replace(row, batch=len(ready), seconds=seconds) for row in answered]
    return rows


def _rows(
    bench: Bench, planned: PlannedRequest, hashes: Sequence[str], response: Response
) -> list[Prediction]:
    if bench.outputs is None:
        return answered_rows(bench.task.protocol, bench.classes, planned, hashes, response)
    if response.error is not None:
        return failed_rows(planned, response.error)
    try:
        return [classified_row(planned, hashes[0], response, bench.classes, bench.outputs)]
    except ValueError as error:
        return failed_rows(planned, str(error))


def _undecodable(loaded: LoadedRequest) -> Iterator[Prediction]:
    pairs = zip(loaded.planned.image_ids, loaded.images, strict=True)
    broken = {image_id: item.error for image_id, item in pairs if item.error is not None}
    for row in failed_rows(loaded.planned, ""):
        if row.image_id in broken:
            yield replace(row, error=broken[row.image_id])


def readable(
    bench: Bench, loaded: LoadedRequest
) -> tuple[PlannedRequest, list[str], Request] | None:
    """Give what can be asked: where an image of several is broken, a prompt for the others."""
    kept = [place for place, item in enumerate(loaded.images) if item.image is not None]
    if not kept:
        return None
    planned = loaded.planned
    if len(kept) < len(loaded.images):
        planned = bench.planner.request(
            [planned.rows[place] for place in kept], [planned.image_ids[place] for place in kept]
        )
    items = [loaded.images[place] for place in kept]
    images = tuple(item.image for item in items if item.image is not None)
    request = Request(
        images,
        planned.text,
        bench.task.generation_kwargs,
        bench.task.output_type,
        bench.choices(planned),
    )
    return planned, [item.sha256 for item in items], request
