"""Requests of like size share a batch; which ones depends on nothing but order and sizes."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from harness.runner.batches import batches_by_size


def batches(sizes: list[int], count: int) -> list[list[tuple[int, int]]]:
    items = list(enumerate(sizes))
    return list(batches_by_size(items, lambda item: item[1], lambda: count))


def padding(found: list[list[tuple[int, int]]]) -> int:
    return sum(max(size for _, size in batch) - size for batch in found for _, size in batch)


def test_without_sizes_the_order_stays() -> None:
    found = batches([0] * 7, 3)
    assert [[number for number, _ in batch] for batch in found] == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_batch_goes_as_soon_as_it_is_of_one_size() -> None:
    taken: list[int] = []

    def items() -> itertools.chain[tuple[int, int]]:
        for number, size in enumerate([5, 9, 5, 9, 5, 9]):
            taken.append(number)
            yield number, size

    first = next(batches_by_size(items(), lambda item: item[1], lambda: 2))  # type: ignore[arg-type]
    assert first == [(0, 5), (2, 5)]
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 4, 8])
def test_every_item_comes_once_and_padding_is_small(count: int) -> None:
    generator = np.random.default_rng(0)
    sizes = generator.integers(100, 1000, 500).tolist()
    found = batches(sizes, count)
    assert sorted(number for batch in found for number, _ in batch) == list(range(500))
    assert all(len(batch) == count for batch in found[:-1])
    in_order = [list(enumerate(sizes))[start : start + count] for start in range(0, 500, count)]
    assert padding(found) <= padding(in_order) / 4
    assert found == batches(sizes, count)


def test_no_item_waits_longer_than_the_window() -> None:
    sizes = [9999, *np.random.default_rng(1).integers(1, 500, 400).tolist()]
    found = batches(sizes, 4)
    place = next(place for place, batch in enumerate(found) if (0, 9999) in batch)
    assert place == 0 or sum(len(batch) for batch in found[:place]) <= 8 * 4


def test_items_that_hold_much_memory_wait_for_one_batch_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.runner.batches.MOST_MEMORY", 50)
    sizes = np.random.default_rng(2).permutation(200).tolist()
    for memory, waiting in ((10, 5), (13, 4), (100, 4)):
        taken: list[int] = []

        def items(taken: list[int] = taken) -> Iterator[int]:
            for size in sizes:
                taken.append(size)
                yield size

        def memory_of(_: int, memory: int = memory) -> int:
            return memory

        done = 0
        for batch in batches_by_size(items(), lambda item: item, lambda: 4, memory_of):
            assert len(batch) == 4 and (len(taken) - done == waiting or len(taken) == 200)
            done += 4
        assert done == 200


def test_the_size_of_batches_may_shrink_on_the_way() -> None:
    count = [4]
    found = []
    for batch in batches_by_size(range(12), lambda _: 0, lambda: count[0]):
        found.append(batch)
        count[0] = 2
    assert [len(batch) for batch in found] == [4, 2, 2, 2, 2]
