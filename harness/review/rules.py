"""Which images the rules of a queue choose, and into which group of labels an image falls."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import Problem, SpecError, UserError, unknown_name
from harness.review.queue import Rules, Why
from harness.review.sources import Sources
from harness.scores.metrics import Group, Scope, group_rows
from harness.scores.truth import to_truth

_FINE: tuple[Group, ...] = ("N", "S+", "S-", "M+", "M-")
"""Every image with an original label is in one of these at most."""
GROUPS: Mapping[str, tuple[Group, ...]] = {
    **{each: (each,) for each in _FINE},
    "S": ("S+", "S-"),
    "M": ("M+", "M-"),
}
"""What `--groups` may name, and what it stands for."""
WHYS: tuple[Why, ...] = get_args(Why)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the rules say of the images."""

    base: str
    """The label set against which answers are held, and that is corrected."""
    group: Mapping[str, Group]
    """Image to its group under the re-annotated label set; empty where there is none."""
    why: Mapping[str, tuple[Why, ...]]
    """Image to the rules that choose it, at least one; sorted by image."""


def choose(sources: Sources, rules: Rules, flagged: Mapping[str, str], base: str | None) -> Chosen:
    """Apply the rules that are set; an image is chosen where any of them does. `flagged` are ids
    with their places; `base` is by default the set that the tasks trust most. Raises SpecError
    for an unknown label set; UserError for a rule that cannot apply, and for ids of no image.
    """
    against = _base(sources, base)
    group = _groups(sources, against)
    _refuse_inapplicable(sources, rules, group)
    unknown = [each for each in flagged if each not in sources.known_ids]
    if unknown:
        what, fix = "there is no such image in the data set", "take the line out, or correct it"
        raise UserError(Problem(flagged[each], what, got=each, fix=fix) for each in unknown)
    found = {**_by_rule(sources, rules, against, group), "flagged": set(flagged)}
    why = {
        image_id: tuple(each for each in WHYS if image_id in found.get(each, ()))
        for image_id in sorted(set().union(*found.values()))
    }
    return Chosen(against.name, group, why)


def _base(sources: Sources, name: str | None) -> LabelSet:
    if name is None:
        return sources.labels.trusted
    known = {each.name: each for each in sources.labels.sets}
    if name not in known:
        raise SpecError(unknown_name("--base", "label set of the runs", name, list(known)))
    return known[name]


def _groups(sources: Sources, base: LabelSet) -> dict[str, Group]:
    """Give image to group under `base` or, where that is the original label set itself, under the
    one that ranks; nothing where there is no other or no original one.
    """
    original = sources.labels.original
    labels = sources.labels.headline if base.original else base
    if original is None or labels is None:
        return {}
    ids = sources.image_ids
    rows = rows_of_groups(labels, original, ids, sources.labels.equivalences)
    return {ids[place]: each for each in _FINE for place in np.flatnonzero(rows[each])}


def rows_of_groups(
    labels: LabelSet, original: LabelSet | None, ids: tuple[str, ...], same: Equivalences
) -> dict[Group, NDArray[np.bool_]]:
    """Give which images are in each label group, answered by a run or not; see `group_rows`."""
    truth = to_truth(labels, ids, same)
    was = None if original is None else to_truth(original, ids, same)
    scope = Scope(
        scored=truth.labelled & (truth.n_labels > 0),
        empty=truth.labelled & (truth.n_labels == 0),
        failed=np.zeros(len(ids), dtype=np.bool_),
        home=truth.lowest,
    )
    return group_rows(truth, scope, was)


def _refuse_inapplicable(sources: Sources, rules: Rules, group: Mapping[str, Group]) -> None:
    models = len(sources.models)
    of = "the runs are of " + ", ".join(sources.models)
    if rules.disagree is not None and not 1 <= rules.disagree <= models:
        what, fix = "is no number of the models", f"give 1 to {models}: {of}"
        raise UserError(Problem("--disagree", what, str(rules.disagree), fix=fix))
    if rules.split and models < 2:
        fix = "name the runs of two models or more"
        raise UserError(Problem("--split", "needs two models or more", got=of, fix=fix))
    for each in rules.groups:
        if each not in GROUPS:
            raise UserError(Problem("--groups", "is no group", each).among(each, list(GROUPS)))
    if rules.groups and not group:
        what = "needs an original label set and a re-annotated one that knows its images"
        got = ", ".join(each.name for each in sources.labels.sets)
        fix = "--label_set NAME=PATH adds a re-annotated one"
        raise UserError(Problem("--groups", what, got, fix=fix))
    if rules.low_margin is not None:
        _refuse_margin(sources, rules.low_margin)


def _refuse_margin(sources: Sources, share: float) -> None:
    if not 0 < share <= 1:
        what, fix = "is no share of the images", "give one above 0 and at most 1, as 0.1"
        raise UserError(Problem("--low_margin", what, f"{share:g}", fix=fix))
    if not _margins(sources):
        fix = "leave it out, or add a run of a classifier or of ranked names"
        raise UserError(Problem("--low_margin", "no run has scores of two classes", fix=fix))


def _by_rule(
    sources: Sources, rules: Rules, base: LabelSet, group: Mapping[str, Group]
) -> dict[Why, set[str]]:
    """Give the images that each rule that is set, but `flagged`, chooses."""
    found: dict[Why, set[str]] = {}
    ids, merge_all = sources.image_ids, sources.labels.equivalences.merge_all
    if rules.disagree is not None:
        right = {each: merge_all(base.labels[each]) for each in ids if each in base.labels}
        found["disagree"] = {
            each for each in right if len(_outside(sources, each, right[each])) >= rules.disagree
        }
    if rules.groups:
        wanted = {fine for each in rules.groups for fine in GROUPS[each]}
        found["groups"] = {each for each in group if group[each] in wanted}
    if rules.split:
        found["split"] = {each for each in ids if _is_split(sources, each)}
    if rules.low_margin is not None:
        found["low_margin"] = _nearest(_margins(sources), rules.low_margin)
    if rules.oop:
        found["oop"] = {each for each in ids if any(one.predicted.oop for one in sources.of(each))}
    return found


def _outside(sources: Sources, image_id: str, right: frozenset[int]) -> set[str]:
    """Give the models that in any run answer with classes of which none is `right`."""
    merge_all = sources.labels.equivalences.merge_all
    return {
        each.predicted.model
        for each in sources.of(image_id)
        if each.predicted.classes and right.isdisjoint(merge_all(each.predicted.classes))
    }


def _is_split(sources: Sources, image_id: str) -> bool:
    """Whether no class is among what every model that names one answers in its runs."""
    by_model: dict[str, frozenset[int]] = {}
    for each in sources.of(image_id):
        if each.predicted.classes:
            named = sources.labels.equivalences.merge_all(each.predicted.classes)
            model = each.predicted.model
            by_model[model] = by_model.get(model, frozenset()) | named
    return len(by_model) > 1 and not frozenset.intersection(*by_model.values())


def _margins(sources: Sources) -> dict[tuple[str, str], dict[str, float]]:
    """Give, for each run with scores, the margin of each image that has one."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for image_id, answers in sources.answers.items():
        for each in answers:
            if each.margin is not None:
                run = (each.predicted.model, each.predicted.task)
                found.setdefault(run, {})[image_id] = each.margin
    return found


def _nearest(margins: Mapping[tuple[str, str], Mapping[str, float]], share: float) -> set[str]:
    """Give the images among the `share` of lowest margin of any run; equal margins by the id."""
    found: set[str] = set()
    for of_run in margins.values():
        ranked = sorted(of_run, key=lambda image_id: (of_run[image_id], image_id))
        found.update(ranked[: math.ceil(share * len(ranked))])
    return found
