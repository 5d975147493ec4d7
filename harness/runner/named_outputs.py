"""Which of a classifier's outputs stands for which class, by the names that its checkpoint has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.adapters.base import Adapter, NamingOutputs
from harness.data.class_lists import load_class_list
from harness.data.class_names import (
    Match,
    Named,
    Outputs,
    as_seen,
    match_names,
    numbers_of,
    written,
)
from harness.data.classes import ClassList
from harness.errors import Problem, SpecError, UserError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.manifest import Manifest
from harness.words import listed

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Joined:
    """The outputs of a loaded model, joined with the classes of a task."""

    outputs: Outputs
    note: str
    """How they were joined, for the manifest."""
    warning: str | None = None
    """What a person should know of it; None where the names say what the order does."""


def outputs_of(
    catalogue: Catalogue, model: ModelSpec, adapter: Adapter, classes: ClassList, outputs: Outputs
) -> Joined:
    """Join the outputs of a loaded model with the classes of a task: by name where its adapter
    gives names, else in the order of its class list. Raises SpecError as `join_names`.
    """
    names = adapter.output_names if isinstance(adapter, NamingOutputs) else None
    joined = Joined(outputs, "outputs in the order of the class list")
    if names is not None:
        joined = join_names(catalogue, model, classes, outputs, names)
    return replace(joined, outputs=as_seen(joined.outputs, model, adapter.facts, classes))


def keep_outputs(directory: RunDirectory, outputs: Outputs, *, write: bool) -> None:
    """Note in a run's manifest which output stands for which class, before the first answer.

    Raises UserError where earlier answers of the run were read by others.
    """
    manifest = Manifest.read(directory.path)
    if manifest.outputs_sha256 not in (None, outputs.digest):
        what = "its outputs stand for other classes than when the run began"
        fix = "choose another --output, or move the old run aside with --fresh"
        raise UserError(Problem(f"{manifest.model} on {manifest.task}", what, fix=fix))
    if write:
        kept = {"outputs_sha256": outputs.digest, "model_outputs": outputs.count}
        manifest.model_copy(update=kept).write(directory.path)


def join_names(
    catalogue: Catalogue, model: ModelSpec, classes: ClassList, outputs: Outputs, names: Named
) -> Joined:
    """Join a model's outputs with the classes by the names that they have in its checkpoint.

    `outputs` are those in the order of the model's class list (its own, else the task's). Where
    every class that is needed has an output of its name, the names count and not the order. The
    order counts where the names are only numbers (`LABEL_7`), where enough of them confirm it, or
    where the model's YAML names the class list and no name contradicts it. Raises SpecError
    otherwise.
    """
    known = classes
    if model.class_list is not None:
        known = load_class_list(load_class_list_spec(catalogue, model.class_list))
    needed = [known.ids[place] for place in outputs.places]
    whole = len(names) == len(known)
    match = match_names(names, known, known.ids if whole else [None] * len(names))
    declared = model.class_list is not None
    found = _by_number(match, needed) or _by_name(match, needed, whole=whole)
    found = found or _by_order(match, known, whole=whole, declared=declared)
    if found is None:
        raise SpecError(_mismatch(model, match, known, needed))
    if found.places is not None:
        places = tuple(found.places[each] for each in needed)
        outputs = replace(outputs, count=len(names), places=places)
    warning = None if found.plain else f"the outputs of `{model.model}` are joined {found.how}"
    return Joined(outputs, f"outputs joined {found.how}", warning)


@dataclass(frozen=True, slots=True)
class _Found:
    how: str
    plain: bool
    """Whether names and order say the same."""
    places: Mapping[int, int] | None = None
    """Class id to the place of its score; None for the order of the list."""


def _by_number(match: Match, needed: Iterable[int]) -> _Found | None:
    """Join outputs whose names are numbers: in order they are no names, else they are class ids."""
    numbers = None if match.places else numbers_of(match.names)
    if numbers is None:
        return None
    n = len(numbers)
    if numbers in (list(range(n)), list(range(1, n + 1))):
        return _Found("in the order of the class list; their names are numbers", plain=True)
    places = {number: place for place, number in enumerate(numbers)}
    if len(places) < n or not all(each in places for each in needed):
        return None
    return _Found("by the class ids that their names are", plain=False, places=places)


def _by_name(match: Match, needed: Iterable[int], *, whole: bool) -> _Found | None:
    places = _places(match)
    if not all(each in places for each in needed):
        return None
    if whole and match.in_order:
        return _Found("by name, which is the order of the class list", plain=True, places=places)
    return _Found("by name; they are not in the order of the class list", False, places)


def _by_order(match: Match, known: ClassList, *, whole: bool, declared: bool) -> _Found | None:
    """Take the order of the list where enough names confirm it or where the model's YAML names the
    list; in both cases no name may contradict it, and numbers in another order do.
    """
    numbers = None if match.places else numbers_of(match.names)
    if not whole or numbers is not None or not match.in_order:
        return None
    if not (match.confirms_order or declared):
        return None
    share = f"{len(match.places)} of {len(match.names)} names"
    where = f"which {share} confirm" if match.confirms_order else f"of which {share} are known"
    how = f"in the order of class list `{known.name}`, {where}"
    return _Found(f"{how}; not among its names: {listed(match.unknown(), _SHOWN)}", plain=False)


def _mismatch(model: ModelSpec, match: Match, known: ClassList, needed: Sequence[int]) -> Problem:
    places = _places(match)
    missing = [f"`{known.by_id[each].name}`" for each in needed if each not in places]
    moved = [
        f"{written(match.names[place])} is output {place}, and class {class_id} of the list"
        for place, class_id in enumerate(match.found)
        if class_id is not None and match.own[place] not in (None, class_id)
    ]
    got = f"outputs named {listed(match.unknown(), _SHOWN)}" if match.unknown() else "other classes"
    return Problem(
        f"model `{model.model}`",
        f"the names of its {len(match.names)} outputs do not fit class list `{known.name}`: "
        f"{len(missing)} of {len(needed)} classes are not found by name",
        got="; ".join([got, f"no output for {listed(missing, _SHOWN)}", *moved[:2]]),
        expected="outputs that bear the WordNet id, the name or an alias of each class",
        fix="say in the model's YAML which `class_list` its outputs stand for, in their order; or "
        "add the names to the class list as `aliases`",
    )


def _places(match: Match) -> Mapping[int, int]:
    return {each: place for place, each in enumerate(match.found) if each is not None}
