"""From a classifier's scores to the class of an image, over the classes of the task."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList, normalize_name
from harness.errors import Problem, SpecError
from harness.prompts.plan import PlannedRequest
from harness.requests import ModelFacts, Response
from harness.runs.ranked import best_of
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.model import ModelSpec
from harness.specs.task import digest_of
from harness.store.prediction import Prediction

SCORES = "scores"
"""The rule of a row whose class has the highest of a classifier's scores."""
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


def classified_row(
    request: PlannedRequest,
    digest: str,
    response: Response,
    classes: ClassList,
    outputs: Outputs,
) -> Prediction:
    """Make the row of an image that was classified: the best class, and the best five.

    Classes that the model cannot tell apart share the best of their scores, and an answer stands
    for all of them. Of equal scores the lower class id wins. Raises ValueError when a score is not
    a number, SpecError when there are fewer or more scores than classes.
    """
    scores = response.scores or ()
    if len(scores) != outputs.count:
        raise SpecError(
            Problem(
                "classifier",
                "has another number of outputs than classes",
                got=f"{len(scores)} scores",
                expected=f"{outputs.count}, one for each class it knows",
                fix="say in the model's YAML which `class_list` its outputs stand for",
            )
        )
    own = [scores[place] for place in outputs.places]
    best = best_of(own)
    if outputs.together:
        for group in outputs.together:
            highest = max(own[place] for place in group)
            for place in group:
                own[place] = highest
        best = best_of(own)
    same = next((group for group in outputs.together if best.places[0] in group), ())
    top = tuple(classes.ids[place] for place in best.places)
    return Prediction(
        image_id=request.image_ids[0],
        status=Status.OK,
        class_id=top[0],
        also=tuple(classes.ids[place] for place in same if place != best.places[0]),
        rule=SCORES,
        top=top,
        top_scores=best.scores,
        image_sha256=digest,
        tokens=response.tokens,
    )
