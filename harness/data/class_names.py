"""Which class a name means that stands in data or in a checkpoint, and which of a classifier's
outputs is the score of which class.

Both sides may know names for the same numbers: a column of labels or the outputs of a classifier
on one side, a class list on the other. Where they do, classes are joined by name and not by number.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList, normalize_name
from harness.errors import Problem, SpecError
from harness.requests import ModelFacts
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.model import ModelSpec
from harness.specs.task import digest_of
from harness.words import listed

FEWEST, SHARE = 50, 0.5
"""So many names, and this share of all, must stand at their own places and none at another's, that
the rest is taken in order too: large lists of one data set differ in the spelling of some names."""
_WNID = re.compile(r"n\d{8}(?![^\W_])")
_NUMBER = re.compile(r"(?:label|class|cls|category|id|output)?[\s_#-]*(\d{1,9})", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\d{5}_(?:Animalia|Fungi|Plantae)_(?:[^_]+_){4}(?=[^_]+_[^_]+\Z)|\d+[\s._:)-]+(?=\S)"
)
_LETTER = re.compile(r"[^\W_]")
Named = Sequence[Sequence[str]]
"""For each number, the names that stand for it; none where it has no name."""
_Index = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Match:
    """Class ids that numbers were found to mean by their names."""

    names: Named
    found: tuple[int | None, ...]
    """For each number, the class that its names mean and no other number's claim."""
    own: tuple[int | None, ...]
    """For each number, the class that it means by order alone."""

    @property
    def places(self) -> list[int]:
        """The numbers whose names mean a class."""
        return [place for place, class_id in enumerate(self.found) if class_id is not None]

    @property
    def in_order(self) -> bool:
        """Whether names mean nothing else than the order does."""
        return all(self.found[place] == self.own[place] for place in self.places)

    @property
    def confirms_order(self) -> bool:
        """Whether so many names stand where the order has them that it holds for the rest."""
        n = len(self.places)
        return self.in_order and n >= max(FEWEST, SHARE * len(self.names))

    def unknown(self, places: Iterable[int] | None = None) -> list[str]:
        """List the names of those numbers (all by default) that mean no class."""
        wanted = range(len(self.names)) if places is None else places
        return [written(self.names[place]) for place in wanted if self.found[place] is None]


def written(names: Sequence[str]) -> str:
    """Write the names of one number as they stand there, cut to be read."""
    return f"`{', '.join(names)[:60]}`" if names else "(no name)"


def numbers_of(names: Named) -> list[int] | None:
    """Give the numbers that names are (`7`, `LABEL_7`, `class 7`), by which nothing can be joined;
    None where one is a name.
    """
    found = []
    for place, each in enumerate(names):
        number = _NUMBER.fullmatch(each[0].strip()) if each and each[0].strip() else None
        if each and each[0].strip() and number is None:
            return None
        found.append(int(number[1]) if number else place)
    return found


def match_names(names: Named, classes: ClassList, own: Sequence[int | None]) -> Match:
    """Find the class that each number's names mean. `own` is what each means by order.

    A name means a class by, in this order: its WordNet id; its name, then an alias, normalized; a
    part between commas (most parts win); name or alias without spaces and punctuation; all this
    without a number in front (`001.Black_footed_Albatross`). A class that several numbers claim is
    the one's whose place it is, else nobody's. A name of several classes means the one that no
    other number claims or, where all others stand at their own places, the one at its own.
    """
    index = _Names(classes)
    claims = [index.candidates(each) for each in names]
    found = [next(iter(claim)) if len(claim) == 1 else None for claim in claims]
    claimed = Counter(each for each in found if each is not None)
    settled = {class_id for place, class_id in enumerate(own) if found[place] == class_id}
    for place, class_id in enumerate(found):
        if class_id is not None and claimed[class_id] > 1 and class_id != own[place]:
            found[place], claims[place] = None, frozenset()
    if all(class_id in (None, own[place]) for place, class_id in enumerate(found)):
        found = [
            own[place] if each is None and own[place] in claims[place] else each
            for place, each in enumerate(found)
        ]
    nobodys = {class_id for class_id, n in claimed.items() if n > 1} - settled
    _eliminate(found, claims, nobodys)
    return Match(names, tuple(found), tuple(own))


def meanings(texts: Iterable[str], classes: ClassList) -> Mapping[str, frozenset[int]]:
    """Give the classes that each text means, by the first way of `match_names` that gives any and
    whatever the other texts mean, so that a class may be written in several ways.
    """
    index = _Names(classes)
    return {text: index.candidates((text,)) for text in texts}


def _eliminate(
    found: list[int | None], claims: Sequence[frozenset[int]], nobodys: Collection[int]
) -> None:
    """Give names of several classes the one that is left when others have taken theirs."""
    changed = True
    while changed:
        changed, taken = False, {*nobodys, *(each for each in found if each is not None)}
        for place, claim in enumerate(claims):
            left = claim - taken
            if found[place] is None and len(left) == 1:
                found[place], changed = next(iter(left)), True
                taken |= left


class _Names:
    """The names of a class list, by the ways in which a text may mean one."""

    def __init__(self, classes: ClassList) -> None:
        self._classes = classes.classes

    def candidates(self, names: Sequence[str]) -> frozenset[int]:
        """Give the classes that the names of one number mean, by the first way that gives any."""
        bare = [without_number(name) for name in names]
        for texts in (names, bare):
            for keys, index in self._ways:
                found = Counter(
                    class_id
                    for text in texts
                    for key in keys(text)
                    for class_id in index.get(key, ())
                )
                if found:
                    most = max(found.values())
                    return frozenset(each for each, count in found.items() if count == most)
        return frozenset()

    @cached_property
    def _ways(self) -> Sequence[tuple[Callable[[str], Iterable[str]], _Index]]:
        own = [(each.id, (each.name,)) for each in self._classes]
        every = [(each.id, (each.name, *each.aliases)) for each in self._classes]
        wnids = [(each.id, (each.wnid,)) for each in self._classes if each.wnid]
        return (
            (_wnids_in, _index(wnids, _whole)),
            (_normal, _index(own, _normal)),
            (_normal, _index(every, _normal)),
            (_parts, _index(every, _normal)),
            (_bare, _index(own, _bare)),
            (_bare, _index(every, _bare)),
        )


def _index(
    named: Iterable[tuple[int, Iterable[str]]], keys: Callable[[str], Iterable[str]]
) -> _Index:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for class_id, names in named:
        for key in {key for name in names for key in keys(name)}:
            found[key].add(class_id)
    return {key: frozenset(ids) for key, ids in found.items() if key}


def _whole(text: str) -> Iterable[str]:
    return (text,)


def _wnids_in(text: str) -> Iterable[str]:
    found = split_wnid(text)
    return (found[0],) if found else ()


def split_wnid(text: str) -> tuple[str, str] | None:
    """Part a text that begins with a WordNet id into the id and what follows; None for another.

    >>> split_wnid("n02085620-Chihuahua")
    ('n02085620', '-Chihuahua')
    """
    found = _WNID.match(text.strip())
    return (found[0], text.strip()[found.end() :]) if found else None


def without_number(text: str) -> str:
    """Give a name without a number, or iNaturalist's number and ranks, in front of it."""
    return _NUMBERED.sub("", text.strip(), count=1)


def _normal(text: str) -> Iterable[str]:
    return (normalize_name(text),)


def _parts(text: str) -> Iterable[str]:
    return {normalize_name(part) for part in text.split(",")}


def _bare(text: str) -> Iterable[str]:
    """Give the letters and digits alone, of the whole and of the parts between commas."""
    return {"".join(_LETTER.findall(normalize_name(part))) for part in (text, *text.split(","))}


_TAUGHT = ("supervised", "knn")
"""Kinds of models whose classes are outputs that were learned, whatever their names."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a classifier puts out: so many scores, and which of them are of the task's classes."""

    count: int
    places: tuple[int, ...]
    """For each class of the task, the place of its score."""
    together: tuple[tuple[int, ...], ...] = ()
    """Groups of the task's classes, by place, that it cannot tell apart: an answer is for all."""

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
    missing = [name for name, place in zip(classes.names, found, strict=True) if place is None]
    if missing:
        what = f"{len(missing)} of {len(classes)} classes of `{classes.name}` are none of its own"
        expected = f"classes of `{known.name}`, by WordNet id or name"
        fix = "choose a task whose classes the model knows"
        raise SpecError(Problem(f"model `{model.model}`", what, listed(missing), expected, fix))
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
