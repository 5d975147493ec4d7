"""Batches of requests of like size, so that the model reads little padding."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from harness.prompts.ahead import MOST_MEMORY

T = TypeVar("T")
_WINDOW = 8  # batches among which requests of like size are looked for


def batches_by_size(
    items: Iterable[T],
    size_of: Callable[[T], int],
    count: Callable[[], int],
    memory_of: Callable[[T], int] = lambda _: 0,
) -> Iterator[list[T]]:
    """Yield the items in batches of `count()`, which may change in between.

    A batch is of one size as soon as that many have come; where none is among the last few
    batches' worth of items, or one batch's that hold 2 GiB, it is the oldest item with those
    nearest to it in size. What is left at the end is cut by size. Which items share a batch depends
    on their order, sizes and memory alone.
    """
    waiting: list[T] = []
    for item in items:
        waiting.append(item)
        equal = [each for each in waiting if size_of(each) == size_of(item)]
        if len(equal) >= count():
            batch = equal[: count()]
        elif len(waiting) >= _WINDOW * count() or (
            len(waiting) >= count() and sum(map(memory_of, waiting)) >= MOST_MEMORY
        ):
            batch = _nearest(waiting, size_of, count())
        else:
            continue
        yield batch
        taken = set(map(id, batch))
        waiting = [each for each in waiting if id(each) not in taken]
    waiting.sort(key=size_of)
    while waiting:
        size = count()
        yield waiting[:size]
        del waiting[:size]


def _nearest(waiting: Sequence[T], size_of: Callable[[T], int], count: int) -> list[T]:
    """Give the oldest item and, of those around it in size, the `count` that differ least."""
    ordered = sorted(waiting, key=size_of)
    place = next(number for number, each in enumerate(ordered) if each is waiting[0])
    starts = range(max(0, place - count + 1), min(place, len(ordered) - count) + 1)
    best = min(starts, key=lambda at: size_of(ordered[at + count - 1]) - size_of(ordered[at]))
    return ordered[best : best + count]
