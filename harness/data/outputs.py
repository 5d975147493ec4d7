"""Which of a classifier's outputs is the score of which class of a task."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList, normalize_name
from harness.errors import Problem, SpecError
from harness.requests import ModelFacts
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.model import ModelSpec
from harness.specs.task import digest_of

_NAMED = 5
_TAUGHT = ("supervised", "knn")
"""Kinds of models whose classes are outputs that were learned, whatever their names."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a classifier puts out: so many scores, and which of them are of the task's classes."""

    count: int
    places: tuple[int, ...]
    """For each class of the task, the place of its score."""
    together: tuple[tuple[int, ...], ...] = ()
    """Groups of the task's classes, by their places in its list, that the classifier cannot tell
    apart: an answer stands for all of a group."""

    @property
    def digest(self) -> str:
        """SHA-256 of which output stands for which class."""
        return digest_of([self.count, *self.places])


def match_outputs(catalogue: Catalogue, model: ModelSpec, classes: ClassList) -> Outputs:
    """Find the scores of a task's classes in what a model puts out.

    A model without `class_list` puts out one score for each class of the task, in their order. For
    one that has it, a class is found by its WordNet id, else by its name. Raises SpecError naming
    the classes that the model does not know.
    """
    if model.class_list is None:
        return Outputs(len(classes), tuple(range(len(classes))))
    known = load_class_list(load_class_list_spec(catalogue, model.class_list))
    if known.digest == classes.digest:
        return Outputs(len(known), tuple(range(len(classes))))
    by_wnid = {each.wnid: place for place, each in enumerate(known.classes) if each.wnid}
    names = [normalize_name(each.name) for each in known.classes]
    counts = Counter(names)
    by_name = {name: place for place, name in enumerate(names) if counts[name] == 1}
    found = [
        by_wnid.get(each.wnid or "", by_name.get(normalize_name(each.name)))
        for each in classes.classes
    ]
    missing = [
        each.name for each, place in zip(classes.classes, found, strict=True) if place is None
    ]
    if missing:
        shown = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        raise SpecError(
            Problem(
                f"model `{model.model}`",
                f"{len(missing)} of {len(classes)} classes of `{classes.name}` are none of its own",
                got=shown,
                expected=f"classes of `{known.name}`, by WordNet id or name",
                fix="choose a task whose classes the model knows",
            )
        )
    places = tuple(place for place in found if place is not None)
    return Outputs(len(known), places, _alike(places))


def as_seen(outputs: Outputs, model: ModelSpec, facts: ModelFacts, classes: ClassList) -> Outputs:
    """Give the outputs with the classes together that a model cannot tell apart by what it is
    shown.

    A supervised model and k-NN learned their classes apart from their names. Any other that has no
    class list of its own, as a dual encoder, is shown nothing but the names: classes of one name
    (normalized, as in text) are one to it.
    """
    if model.class_list is not None or facts.kind in _TAUGHT:
        return outputs
    names = (normalize_name(each.name) for each in classes.classes)
    return replace(outputs, together=_alike(names))


def _alike(keys: Iterable[Hashable]) -> tuple[tuple[int, ...], ...]:
    """Give the groups of two and more places with equal keys."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        found[key].append(place)
    return tuple(tuple(places) for places in found.values() if len(places) > 1)
