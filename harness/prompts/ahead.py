"""Get requests ready ahead of the model, by threads, a few batches at a time: memory stays flat."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from PIL import Image

from harness.data.images.pixels import ImageError, pixels_sha256
from harness.data.images.source import Source
from harness.prompts.plan import Plan, PlannedRequest
from harness.requests import Request, noise_seed

T = TypeVar("T")
_GREY = (127, 127, 127)
_MOST_WORKERS = 8
_AHEAD = 2  # batches got ready before the model asks for them
MOST_MEMORY = 2 << 30
"""Bytes of requests that wait, ready: as many are got ready, but no fewer than work needs."""


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """One image of a request: its pixels and their SHA-256, or why there are none."""

    image: Image.Image | None
    sha256: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedRequest:
    """A planned request with its images read."""

    planned: PlannedRequest
    images: tuple[LoadedImage, ...]


def load_ahead(
    source: Source, requests: Sequence[PlannedRequest], batch_size: int
) -> Iterator[LoadedRequest]:
    """Yield the requests in order, their images read by threads; broken ones come as errors."""
    return work_ahead(
        lambda request: load(source, request),
        requests,
        batch_size,
        lambda loaded: pixel_memory([each.image for each in loaded.images if each.image]),
    )


def pixel_memory(images: Sequence[Image.Image]) -> int:
    """Give the bytes that the pixels of RGB images take."""
    return sum(3 * image.width * image.height for image in images)


def work_ahead(
    work: Callable[[PlannedRequest], T],
    requests: Sequence[PlannedRequest],
    batch_size: int,
    memory_of: Callable[[T], int] = lambda _: 0,
) -> Iterator[T]:
    """Yield, or raise, what `work` makes of each request, in order, by threads a bit ahead: two
    batches, or as many as 2 GiB hold, but one for each thread.
    """
    workers = max(2, min(_MOST_WORKERS, os.cpu_count() or 1))
    most = max(batch_size * _AHEAD, workers)
    lately: deque[int] = deque(maxlen=most)
    limit = workers  # until it is known how large they are
    with ThreadPoolExecutor(workers, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for request in requests:
                waiting.append(pool.submit(work, request))
                while len(waiting) >= limit:
                    found = waiting.popleft().result()
                    lately.append(memory_of(found))
                    limit = max(workers, min(most, MOST_MEMORY // max(1, *lately)))
                    yield found
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def load(source: Source, request: PlannedRequest) -> LoadedRequest:
    """Decode the images of a request. One that cannot be decoded comes as its error."""
    return LoadedRequest(request, tuple(_image(source, row) for row in request.rows))


def _image(source: Source, row: int) -> LoadedImage:
    assert source.read is not None
    try:
        image = source.read(row)
    except ImageError as error:
        return LoadedImage(None, error=str(error))
    return LoadedImage(image, pixels_sha256(image))


def readable(plan: Plan, loaded: LoadedRequest) -> tuple[PlannedRequest, list[str], Request] | None:
    """Give what can be asked: where an image of several is broken, a prompt for the others."""
    kept = [place for place, item in enumerate(loaded.images) if item.image is not None]
    if not kept:
        return None
    planned = loaded.planned
    if len(kept) < len(loaded.images):
        planned = plan.planner.request(
            [planned.rows[place] for place in kept], [planned.image_ids[place] for place in kept]
        )
        planned = replace(planned, attempt=loaded.planned.attempt)
    items = [loaded.images[place] for place in kept]
    images = tuple(item.image for item in items if item.image is not None)
    if plan.opened.task.blank_images:
        images = tuple(Image.new("RGB", image.size, _GREY) for image in images)
    noise = noise_seed(plan.opened.task.generation_kwargs.seed, planned.image_ids)
    return planned, [item.sha256 for item in items], Request(images, planned.text, noise)
