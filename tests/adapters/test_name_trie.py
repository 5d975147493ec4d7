"""Sequences as a tree: each token once, in an order that a model can read."""

import pytest

from harness.adapters.hf.name_trie import ROOT, build_trie

NAMES = [(1, 2, 3), (1, 2), (1, 4), (5,), (1, 2, 3)]


def test_common_beginnings_are_one() -> None:
    trie = build_trie(NAMES)
    assert trie.tokens == (1, 2, 3, 4, 5)
    assert trie.parents == (ROOT, 0, 1, 0, ROOT)
    assert trie.depths == (0, 1, 2, 1, 0)
    assert trie.paths == ((0, 1, 2), (0, 1), (0, 3), (4,), (0, 1, 2))
    assert len(trie) == 5


def test_parents_come_first_and_only_inner_nodes_are_read() -> None:
    trie = build_trie(NAMES)
    assert all(parent < node for node, parent in enumerate(trie.parents))
    assert trie.inner() == [0, 1]
    assert trie.ancestors(2) == [0, 1, 2]


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        build_trie([(1,), ()])
