"""A hierarchy of the classes of a list: what is above them, what is below them, and how far."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Node:
    """A class, something above classes, or something below one."""

    names: tuple[str, ...]
    """What an answer may call it, besides the names that it has as a class."""
    parents: tuple[int, ...]
    """Places of its parents in the hierarchy; several in a hierarchy that is no tree."""
    class_id: int | None = None


@dataclass(frozen=True)
class Hierarchy:
    """Nodes, parents before their children; the first is above all others."""

    nodes: tuple[Node, ...]
    sibling_height: int = 1
    """Up to which height of their lowest common ancestor two classes are siblings."""

    def without(self, names: Mapping[int, tuple[str, ...]]) -> "Hierarchy":
        """Give it for a list that lacks classes, by id: their nodes stay, under their names."""
        nodes = (
            Node((*names[each.class_id], *each.names), each.parents)
            if each.class_id in names and each.class_id is not None
            else each
            for each in self.nodes
        )
        return replace(self, nodes=tuple(nodes)) if names else self

    @cached_property
    def node_of(self) -> Mapping[int, int]:
        """Class id to the place of its node."""
        places = enumerate(self.nodes)
        return {node.class_id: place for place, node in places if node.class_id is not None}

    @cached_property
    def ancestors(self) -> tuple[frozenset[int], ...]:
        """For each node its place and those of all above it, but for the first, which all share."""
        found: list[frozenset[int]] = []
        for place, node in enumerate(self.nodes):
            own = {place} if place else ()
            found.append(frozenset(own).union(*(found[each] for each in node.parents)))
        return tuple(found)

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """For each node the longest path down to a class; 0 for classes and what is below them.

        The height of Deng et al., "What does classifying more than 10,000 image categories tell
        us?", ECCV 2010.
        """
        found = [0 if node.class_id is not None else -1 for node in self.nodes]
        for place in reversed(range(len(self.nodes))):
            for parent in self.nodes[place].parents if found[place] >= 0 else ():
                found[parent] = max(found[parent], found[place] + 1)
        return tuple(max(height, 0) for height in found)

    @cached_property
    def names_above(self) -> frozenset[str]:
        """Names, case-folded, of what is above classes."""
        above = (node for node, height in zip(self.nodes, self.heights, strict=True) if height)
        return frozenset(name.casefold() for node in above for name in node.names)

    @property
    def height(self) -> int:
        """The height of the first node."""
        return self.heights[0]

    def common_height(self, one: int, other: int) -> int:
        """Give the height of the lowest common ancestor of two nodes; a node is its own."""
        shared = self.ancestors[one] & self.ancestors[other]
        return min((self.heights[each] for each in shared), default=self.height)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the nodes: what the relations of answers and labels depend on."""
        rows = [[each.names, each.parents, each.class_id] for each in self.nodes]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
