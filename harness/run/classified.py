"""From a classifier's scores to the outcome of an image: which output stands for which class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.adapters.base import Response
from harness.catalogue import Catalogue
from harness.class_lists import load_class_list
from harness.classes import Class, ClassList, normalize_name
from harness.errors import Problem, SpecError
from harness.run.ranked import Best, best_of
from harness.spec.load import load_class_list_spec
from harness.spec.model import ModelSpec

SCORED = "scores"
"""The rule of a row whose class has the highest score."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which of a model's outputs stand for the task's classes."""

    model: str
    n: int
    """Outputs that the model must have."""
    places: tuple[int, ...]
    """For each class of the task, in the order of the ids, its output."""
    source: str
    """What the outputs stand for, in words."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Say for the manifest how outputs became classes."""
        if self.n == len(self.places):
            return (f"outputs: {self.n}, {self.source}",)
        told = f"argmax over the task's {len(self.places)} classes of the {self.n} that it knows"
        return (f"outputs: {told}, {self.source}",)

    def best(self, response: Response) -> Best:
        """Rank the task's classes by their scores; of equal ones the lower id wins.

        Raises SpecError when the model has another number of outputs, ValueError for a score that
        is not a number.
        """
        scores = response.scores or ()
        if len(scores) != self.n:
            raise SpecError(
                Problem(
                    f"model `{self.model}`",
                    "its outputs are not the classes that they should stand for",
                    got=f"{len(scores)} scores",
                    expected=f"{self.n}, {self.source}",
                    fix="name in the model's YAML what its outputs stand for: `class_list: …`",
                )
            )
        return best_of([scores[place] for place in self.places])


def outputs_of(catalogue: Catalogue, model: ModelSpec, classes: ClassList) -> Outputs:
    """Match a model's outputs to the classes of a task, before any weight is read.

    The outputs stand for the classes of the model's `class_list`, else for the task's. Two lists
    are matched by id when they are one, else by WordNet id where every class of the task has one,
    else by name. Raises SpecError naming the classes that the model does not know.
    """
    if model.class_list is None:
        n = len(classes)
        return Outputs(model.model, n, tuple(range(n)), "one for each class of the task")
    path = model.class_list
    if path.endswith((".yaml", ".yml")):
        path = str(model.resolve(path, "class_list"))
    known = load_class_list(load_class_list_spec(catalogue, path))
    how, key = _way(known, classes)
    places = _places(known, key)
    lost = [each for each in classes.classes if len(places.get(key(each), ())) != 1]
    if lost:
        raise SpecError(_unmatched(model, known, classes, lost, how))
    matched = tuple(places[key(each)][0] for each in classes.classes)
    return Outputs(model.model, len(known), matched, f"classes of `{known.name}` by {how}")


_Key = Callable[[Class], object]


def _way(known: ClassList, classes: ClassList) -> tuple[str, _Key]:
    if known.name == classes.name:
        return "id", lambda each: each.id
    if all(each.wnid for each in classes.classes) and any(each.wnid for each in known.classes):
        return "WordNet id", lambda each: each.wnid
    return "name", lambda each: normalize_name(each.name)


def _places(known: ClassList, key: _Key) -> Mapping[object, Sequence[int]]:
    found: dict[object, list[int]] = {}
    for place, each in enumerate(known.classes):
        found.setdefault(key(each), []).append(place)
    return found


def _unmatched(
    model: ModelSpec, known: ClassList, classes: ClassList, lost: Sequence[Class], how: str
) -> Problem:
    shown = ", ".join(f"{each.id} {each.name}" for each in lost[:5])
    return Problem(
        model.file.origin(("class_list",)) if model.file else f"model `{model.model}`",
        f"`{known.name}` does not hold every class of `{classes.name}` once, by {how}",
        got=f"{len(lost)} of {len(classes)} not found, or found twice: {shown}"
        + (", …" if len(lost) > 5 else ""),
        expected="an output for each class of the task",
        fix="correct `class_list`, or take a task whose classes the model knows",
    )
