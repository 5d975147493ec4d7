"""What showing the sources did to people's answers: image by image; by person, and by model."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.data.labels.label_set import Equivalences
from harness.review.answers import AnswerRow, Answers
from harness.review.merging import Merged
from harness.review.queue import Item
from harness.review.verdicts import SIDES, Shared, Side, share_of, side_of
from harness.scores.results import Part, PValue
from harness.scores.statistics import holm, mcnemar


@dataclass(frozen=True, slots=True)
class Influence:
    """One annotator's images that were answered both blind and with the sources shown, without
    honeypots; equivalent classes are merged throughout.
    """

    annotator: str
    n: int
    n_changed: int
    """The second answer is another one."""
    n_open: int
    """Images for which a model names a class that the first answer does not."""
    n_towards: int
    """Of those: the second answer names such a class."""
    n_towards_model: int
    """Of those: one that no label set has, so that only a model can have said it."""
    n_away: int
    """Images whose first answer names a model's class that the second one does not, and that are
    not in `n_towards`."""


def influence_of(answers: Answers, same: Equivalences) -> tuple[Influence, ...]:
    """Count for each annotator how answers changed once the sources were shown."""
    found: dict[str, list[tuple[bool, ...]]] = {name: [] for name in answers.queue.annotators}
    for item, before, after in _twice(answers):
        found[before.annotator].append(_changed(item, before, after, same))
    return tuple(
        Influence(name, len(both), *(sum(each) for each in zip(*both, strict=True)))
        for name, both in found.items()
        if both
    )


def _changed(
    item: Item, before: AnswerRow, after: AnswerRow, same: Equivalences
) -> tuple[bool, ...]:
    """Give what `Influence` counts of one image, in its order."""
    was, now = same.merge_all(before.labels), same.merge_all(after.labels)
    models = same.merge_all(each for one in item.predictions for each in one.classes)
    known = same.merge_all(each for labels in item.labels.values() for each in labels)
    taken = (now - was) & models
    left = (was - now) & models
    changed = (was, before.status) != (now, after.status)
    return changed, bool(models - was), bool(taken), bool(taken - known), bool(left and not taken)


class ModelInfluence(Part):
    """How often people name a model's class before and after its sources were shown, paired: the
    same person on the same image. Who is unsure names no class.
    """

    model: str
    task: str
    side: Side
    n: int
    """Pairs of answers."""
    both: int
    only_blind: int
    only_shown: int
    neither: int
    blind: Shared
    shown: Shared
    p_mcnemar: PValue
    """Exact, two-sided; pairs as independent."""
    p_holm: PValue
    """After Holm's correction for all rows of the report."""


def influence_on_models(answers: Answers, merged: Merged) -> tuple[ModelInfluence, ...]:
    """Count for each run, outside and inside of the labels that were there, how often people name
    its class before and after; without honeypots.
    """
    tables: dict[tuple[str, str, Side], Counter[tuple[bool, bool]]] = {
        (run.model, run.task, side): Counter() for side in SIDES for run in answers.queue.runs
    }
    same = merged.same
    for item, blind, shown in _twice(answers):
        before = same.merge_all(merged.base.labels.get(item.image_id, ()))
        was, now = same.merge_all(blind.labels), same.merge_all(shown.labels)
        for each in item.predictions:
            named = same.merge_all(each.classes)
            side = side_of(named, before)
            if side is not None:
                tables[each.model, each.task, side][bool(named & was), bool(named & now)] += 1
    found = {key: pairs for key, pairs in tables.items() if pairs}
    tests = [mcnemar(pairs[True, False], pairs[False, True]) for pairs in found.values()]
    rows = zip(found.items(), tests, holm(tests), strict=True)
    return tuple(_of_model(key, pairs, p, p_holm) for (key, pairs), p, p_holm in rows)


def _of_model(
    key: tuple[str, str, Side],
    pairs: Counter[tuple[bool, bool]],
    p_mcnemar: float,
    p_holm: float,
) -> ModelInfluence:
    """Give the row of a run and side; `pairs` are (named before, named after)."""
    model, task, side = key
    both, only_blind, only_shown = pairs[True, True], pairs[True, False], pairs[False, True]
    return ModelInfluence(
        model=model,
        task=task,
        side=side,
        n=pairs.total(),
        both=both,
        only_blind=only_blind,
        only_shown=only_shown,
        neither=pairs[False, False],
        blind=share_of(both + only_blind, pairs.total()),
        shown=share_of(both + only_shown, pairs.total()),
        p_mcnemar=p_mcnemar,
        p_holm=p_holm,
    )


def _twice(answers: Answers) -> Iterator[tuple[Item, AnswerRow, AnswerRow]]:
    for item in answers.queue.items:
        for name in item.annotators if item.known is None else ():
            blind = answers.latest.get((name, item.image_id, "blind"))
            shown = answers.latest.get((name, item.image_id, "shown"))
            if blind and shown:
                yield item, blind, shown
