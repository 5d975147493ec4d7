"""The cache holds what a DynamicCache holds, and its prefix stays as it is."""

import torch
from torch import Tensor
from transformers import DynamicCache

from harness.adapters.hf.prefix_cache import PrefixCache
from harness.adapters.hf.shared_attention import _BEFORE

HEADS, SIZE = 2, 4


def states(rows: int, tokens: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randn(rows, HEADS, tokens, SIZE, generator=generator)
    return keys, keys + 1


def test_views_are_what_concatenation_gives() -> None:
    ours, theirs = PrefixCache([False]), DynamicCache()
    for seed, tokens in enumerate((3, 300, 1, 1, 600)):
        keys, values = states(2, tokens, seed)
        mine, other = ours.update(keys, values, 0), theirs.update(keys, values, 0)
        assert torch.equal(mine[0], other[0])
        assert torch.equal(mine[1], other[1])
        assert ours.get_seq_length() == theirs.get_seq_length()


def test_every_batch_finds_the_prefix_as_it_was() -> None:
    cache = PrefixCache([False, False])
    prefix = [states(1, 5, seed) for seed in (0, 1)]
    for layer, (keys, values) in enumerate(prefix):
        cache.update(keys, values, layer)
    cache.hold()
    for rows, tokens in ((3, 2), (1, 400), (5, 1), (2, 7)):
        cache.begin(rows)
        assert cache.get_seq_length() == 5
        for layer, (keys, values) in enumerate(prefix):
            new = states(rows, tokens, 7)
            seen_keys, seen_values = cache.update(*new, layer)
            assert torch.equal(seen_keys, torch.cat([keys.expand(rows, -1, -1, -1), new[0]], 2))
            assert torch.equal(seen_values, torch.cat([values.expand(rows, -1, -1, -1), new[1]], 2))


def test_a_new_batch_copies_nothing_where_there_is_room() -> None:
    cache = PrefixCache([False])
    cache.update(*states(1, 5, 0), 0)
    cache.hold()
    cache.begin(4)
    cache.update(*states(4, 9, 1), 0)
    place, size = cache.layers[0].keys.data_ptr(), cache.nbytes
    for rows in (4, 2, 4):
        cache.begin(rows)
        cache.update(*states(rows, 9, 2), 0)
    assert cache.layers[0].keys.data_ptr() == place
    assert cache.nbytes == size == 2 * 4 * HEADS * 256 * SIZE * 4


def test_cut_goes_back_to_a_length() -> None:
    cache = PrefixCache([False])
    first = states(2, 4, 0)
    cache.update(*first, 0)
    cache.update(*states(2, 3, 1), 0)
    cache.cut(4)
    again = states(2, 1, 2)
    keys, _ = cache.update(*again, 0)
    assert torch.equal(keys, torch.cat([first[0], again[0]], dim=2))


def test_a_prefix_apart_is_held_once_and_noted_at_the_keys() -> None:
    cache = PrefixCache([True])
    prefix = states(1, 300, 0)
    keys, _ = cache.update(*prefix, 0)
    assert torch.equal(keys, prefix[0])
    getattr(keys, _BEFORE).met = True  # as the attention does
    cache.hold()
    assert cache.read == "read once a batch"
    for rows, tokens in ((3, 2), (1, 400), (5, 1), (2, 7)):
        cache.begin(rows)
        first, second = states(rows, tokens, 7), states(rows, 1, 8)
        cache.update(*first, 0)
        keys, values = cache.update(*second, 0)
        assert cache.get_seq_length() == 300 + tokens + 1
        assert torch.equal(keys, torch.cat([first[0], second[0]], dim=2))
        assert torch.equal(values, torch.cat([first[1], second[1]], dim=2))
        noted = getattr(keys, _BEFORE).prefix
        assert torch.equal(noted[0], prefix[0]) and torch.equal(noted[1], prefix[1])
    one_token = 2 * HEADS * SIZE * 4
    assert cache.nbytes == (300 + 5 * 512) * one_token


def test_cut_goes_back_to_a_length_behind_a_prefix_apart() -> None:
    cache = PrefixCache([True])
    getattr(cache.update(*states(1, 5, 0), 0)[0], _BEFORE).met = True
    cache.hold()
    cache.begin(2)
    own, again = states(2, 4, 1), states(2, 1, 3)
    cache.update(*own, 0)
    cache.update(*states(2, 3, 2), 0)
    cache.cut(9)
    keys, _ = cache.update(*again, 0)
    assert torch.equal(keys, torch.cat([own[0], again[0]], dim=2))


def test_where_no_attention_has_met_it_the_prefix_stands_in_every_row() -> None:
    cache = PrefixCache([True, False])
    prefix, own = states(1, 5, 0), states(3, 2, 1)
    for layer in (0, 1):
        cache.update(*prefix, layer)
    cache.hold()
    cache.begin(3)
    for layer in (0, 1):
        keys, _ = cache.update(*own, layer)
        assert torch.equal(keys, torch.cat([prefix[0].expand(3, -1, -1, -1), own[0]], dim=2))
    assert cache.read == "read once a row"
