"""Read images ahead of the model, a few batches at a time, so that memory stays flat."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from harness.data.images import ImageError, pixels_sha256
from harness.data.source import Source
from harness.prompt.plan import PlannedRequest

_WORKERS = 2
_AHEAD = 2  # batches read before the model asks for them


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
    """Yield the requests in order with their images decoded by worker threads.

    At most a few batches are in memory. An image that cannot be decoded comes as its error.
    """
    limit = max(batch_size * _AHEAD, _WORKERS)
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="images") as pool:
        waiting: deque[Future[LoadedRequest]] = deque()
        try:
            for request in requests:
                waiting.append(pool.submit(_load, source, request))
                if len(waiting) >= limit:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _load(source: Source, request: PlannedRequest) -> LoadedRequest:
    return LoadedRequest(request, tuple(_image(source, row) for row in request.rows))


def _image(source: Source, row: int) -> LoadedImage:
    assert source.read is not None
    try:
        image = source.read(row)
    except ImageError as error:
        return LoadedImage(None, error=str(error))
    return LoadedImage(image, pixels_sha256(image))
