"""Which nodes of a hierarchy an answer names: a class, what is above it or below it."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from harness.answers.mentions import Stance, judged_mentions, respelled_mentions
from harness.answers.parse import answer_text, parse_name
from harness.answers.text import is_joined, opens_at, plain, subject_of
from harness.data.classes import Class, ClassList, normalize_name
from harness.data.hierarchy import Hierarchy

Places = tuple[int, ...]
"""Places of nodes in a hierarchy; several where they bear the same name."""


NOTHING = "image"
"""What is true of every image. A text that is nearer to it than to every name of a hierarchy names
none of its nodes."""


class NodeNames:
    """The names of all nodes of a class list's hierarchy, as answers are read by them."""

    def __init__(self, hierarchy: Hierarchy, classes: ClassList) -> None:
        found: defaultdict[str, list[int]] = defaultdict(list)
        self._shown: dict[str, str] = {}
        for place, node in enumerate(hierarchy.nodes):
            own = classes.by_id[node.class_id] if node.class_id is not None else None
            names = (*((own.name, *own.aliases) if own else ()), *node.names)
            written = {normalize_name(name): name for name in reversed(names)}
            for name in filter(None, reversed(written)):
                found[name].append(place)
                self._shown.setdefault(name, written[name])
        self._hierarchy = hierarchy
        self._places = list(map(tuple, found.values()))
        self._names = ClassList(
            "hierarchy", "all", tuple(Class(number, name) for number, name in enumerate(found))
        )

    @classmethod
    def of(cls, classes: ClassList) -> "NodeNames | None":
        """Give the names in the hierarchy of a class list; None where it has none."""
        return cls(classes.hierarchy, classes) if classes.hierarchy else None

    @cached_property
    def mapped(self) -> ClassList:
        """The names that texts are mapped to, as they are written: of all nodes that are not below
        a class, those above first; and `NOTHING`, unless a node is called so.
        """
        leaves = frozenset(self._hierarchy.node_of.values())
        kept = {
            place
            for place, above in enumerate(self._hierarchy.ancestors)
            if leaves.isdisjoint(above - {place})
        }
        shown = zip(self._names.classes, self._shown.values(), self._places, strict=True)
        found = [Class(each.id, name) for each, name, places in shown if kept & {*places}]
        if NOTHING not in self._shown:
            found.append(Class(len(self._places), NOTHING))
        return ClassList("hierarchy", "all", tuple(found))

    def nearest(self, number: int) -> str | None:
        """Give the name of `mapped` with this id; None for `NOTHING`."""
        return self.mapped.by_id[number].name if number < len(self._places) else None

    def exact(self, text: str) -> Places:
        """Give the nodes whose name a text is, or what it announces, after normalization."""
        return self._of(self._names.lookup(text) or self._names.lookup(answer_text(text)))

    def read(self, text: str) -> Places:
        """Give the nodes that a text names, by the ladder of closed-world answers; () for none.

        Of several names those count that are above no other ("a dog, a Samoyed" is a Samoyed), if
        they are the names of the same nodes.
        """
        outcome = parse_name(text, self._names)
        if outcome.class_id is not None:
            return self._of((outcome.class_id, *outcome.also))
        return self._lowest(text) if outcome.rule == "several_names" else ()

    def _lowest(self, text: str) -> Places:
        subject = subject_of(plain(text))
        exact = judged_mentions(subject, self._names)
        others = respelled_mentions(subject, exact, self._names)
        opening = [each for each in others if opens_at(subject, each.start)]
        if any(is_joined(subject, each.end) for each in opening):
            return ()
        mentions = (*exact, *opening)
        named = {
            self._of(each.ids): each.stance
            for each in sorted(mentions, key=lambda each: each.stance is Stance.AFFIRMED)
            if each.stance in (Stance.AFFIRMED, Stance.COMPOUND)
        }
        above = {
            ancestor
            for places in named
            for each in places
            for ancestor in (self._hierarchy.ancestors[each] | {0}) - {each}
        }
        kept = [places for places in named if above.isdisjoint(places)]
        if any(named[places] is Stance.COMPOUND for places in kept):
            return ()
        return tuple(sorted(set.intersection(*map(set, kept)))) if kept else ()

    def _of(self, numbers: Sequence[int]) -> Places:
        return tuple(sorted({place for each in numbers for place in self._places[each]}))
