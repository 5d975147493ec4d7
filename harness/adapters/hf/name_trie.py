"""Token sequences arranged by their common beginnings, so that none is computed twice."""

from collections.abc import Sequence
from dataclasses import dataclass

ROOT = -1
"""The node before the first token: the prompt itself."""


@dataclass(frozen=True, slots=True)
class Trie:
    """Sequences as a tree. A node is a token in its place; parents come before their children.

    `tokens`, `parents` and `depths` have one entry a node (a child of the root has parent ROOT and
    depth 0); `paths` gives the nodes of each sequence, from the first token to the last.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    depths: tuple[int, ...]
    paths: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.tokens)

    def inner(self) -> list[int]:
        """List the nodes that another follows: those that a model must read."""
        return sorted(set(self.parents) - {ROOT})

    def ancestors(self, node: int) -> list[int]:
        """List a node and those before it, from the first."""
        found = []
        while node != ROOT:
            found.append(node)
            node = self.parents[node]
        return found[::-1]


def build_trie(sequences: Sequence[Sequence[int]]) -> Trie:
    """Arrange sequences of tokens. ValueError for an empty one."""
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    places: dict[tuple[int, int], int] = {}
    paths: list[tuple[int, ...]] = []
    for sequence in sequences:
        if not sequence:
            raise ValueError("an empty sequence has no place in the tree")
        node, path = ROOT, []
        for depth, token in enumerate(sequence):
            place = (node, token)
            if place not in places:
                places[place] = len(tokens)
                tokens.append(token)
                parents.append(node)
                depths.append(depth)
            node = places[place]
            path.append(node)
        paths.append(tuple(path))
    return Trie(tuple(tokens), tuple(parents), tuple(depths), tuple(paths))
