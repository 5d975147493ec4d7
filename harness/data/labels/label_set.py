"""A label set in memory, the classes that count as one, and which images of a data set it knows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.data.image_ids import image_id_of
from harness.errors import Problem


@dataclass(frozen=True, slots=True)
class Equivalences:
    """Groups of class ids that count as one class. `source` says where they come from."""

    source: str
    representative: Mapping[int, int]
    """Class id to the lowest id of its group; ids outside every group are absent."""

    @classmethod
    def none(cls) -> "Equivalences":
        """Give the equivalences under which every class stands alone."""
        return cls(source="none", representative={})

    @classmethod
    def from_groups(cls, source: str, groups: Iterable[Iterable[int]]) -> "Equivalences":
        """Merge overlapping groups and point every member to the lowest id of its group."""
        parent: dict[int, int] = {}

        def root(item: int) -> int:
            while parent.setdefault(item, item) != item:
                item = parent[item]
            return item

        for group in groups:
            roots = sorted(root(item) for item in group)
            for other in roots[1:]:
                parent[root(other)] = root(roots[0])
        lowest: dict[int, int] = {}
        for item in sorted(parent):
            lowest.setdefault(root(item), item)
        return cls(source=source, representative={item: lowest[root(item)] for item in parent})

    def merge(self, class_id: int) -> int:
        """Give the id that stands for `class_id`."""
        return self.representative.get(class_id, class_id)

    def merge_all(self, class_ids: Iterable[int]) -> frozenset[int]:
        """Give the merged ids of a set of class ids."""
        return frozenset(self.merge(class_id) for class_id in class_ids)


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Which classes are right for which image. An empty set means that no class of the list is."""

    name: str
    labels: Mapping[str, frozenset[int]]
    equivalence_groups: tuple[frozenset[int], ...] = ()
    """Groups that the label set's own config brings; empty when it brings none."""
    original: bool = False
    """Whether these are the data set's own single labels (ImGT), which S+/S-/M+/M- refer to."""
    source: str = ""
    """Where the labels were read from, for the manifest."""
    digest: str = ""
    """SHA-256 of what was read."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """What the reader decided, and for how many images: `only_not_sure`, `problematic`, …"""
    added: bool = False
    """Whether the command line added it to those that the task names. Answers are scored by it, but
    it decides nothing: neither ranks nor which option of a question is the right one."""
    named_originals: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Image id to the original class that the file names beside its labels, in its order."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The label sets of a task that are here, and the classes that count as one."""

    sets: tuple[LabelSet, ...]
    equivalences: Equivalences
    missing: tuple[str, ...] = ()
    """Names of those that are not here."""
    overridden: bool = False
    """Whether the command line says which classes count as one."""

    @property
    def original(self) -> LabelSet | None:
        """The data set's own labels; None where none of the label sets is them."""
        return next((each for each in self.sets if each.original), None)

    @property
    def named(self) -> tuple[LabelSet, ...]:
        """The label sets that the task itself names, in its order; the last is trusted most."""
        return tuple(each for each in self.sets if not each.added)

    @property
    def trusted(self) -> LabelSet:
        """The last that the task names, or the last of all where only added ones are here."""
        return (self.named or self.sets)[-1]

    @property
    def headline(self) -> LabelSet | None:
        """The label set that ranks, and that multiple choice trusts: the last that the task names
        but the original one, or None. One added on the command line never ranks.
        """
        return next((each for each in reversed(self.named) if not each.original), None)

    @property
    def original_classes(self) -> Mapping[str, int]:
        """Image id to original class id, where it is known."""
        labels = self.original.labels if self.original else {}
        return {image_id: min(ids) for image_id, ids in labels.items() if ids}


@dataclass(frozen=True, slots=True)
class Meeting:
    """A label set laid beside the images of a data set; counts of images."""

    n_met: int
    """Images of the data set that it has a row for."""
    n_unlabelled: int
    """Images of the data set that it has no row for: they are not scored under it."""
    n_left_over: int
    """Rows of the label set that are of no image of the data set."""


def meet(label_set: LabelSet, image_ids: Collection[str]) -> Meeting:
    """Count the images that a label set and a data set share; a row without a label is a row."""
    ids = set(image_ids)
    n_met = len(ids & label_set.labels.keys())
    return Meeting(n_met, len(ids) - n_met, len(label_set.labels) - n_met)


def foreign(label_set: LabelSet, image_ids: Sequence[str]) -> Problem:
    """Say that a label set knows none of the images of a data set."""
    theirs = next(iter(label_set.labels), "no image")
    fix = f"point to the labels of these images with `--label_set {label_set.name}=PATH`"
    if not {image_id_of(each) for each in label_set.labels}.isdisjoint(image_ids):
        fix = f"write its ids as those of the images: `{image_id_of(theirs)}`, not `{theirs}`"
    where = f"label set `{label_set.name}`" + (f", {label_set.source}" if label_set.source else "")
    what = "none of its images is in the data set: it is of another data set"
    return Problem(where, what, f"labels of `{theirs}`, …", f"labels of `{image_ids[0]}`, …", fix)
