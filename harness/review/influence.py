"""What showing the sources did to a person's answers: before and after, image by image."""

from dataclasses import dataclass

from harness.data.labels.label_set import Equivalences
from harness.review.answers import AnswerRow, Answers
from harness.review.queue import Item


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
    """Images for which a model names a class that the first answer does not: it could be taken up.
    """
    n_towards: int
    """Of those: the second answer names such a class."""
    n_towards_model: int
    """Of those: one that no label set has, so that only a model can have said it."""
    n_away: int
    """Images whose first answer names a model's class that the second one does not, and that are
    not in `n_towards`."""


def influence_of(answers: Answers, same: Equivalences) -> tuple[Influence, ...]:
    """Count for each annotator how answers changed once the sources were shown."""
    found = []
    for name in answers.queue.annotators:
        both = []
        for item in answers.queue.items:
            before = answers.latest.get((name, item.image_id, "blind"))
            after = answers.latest.get((name, item.image_id, "shown"))
            if before and after and item.known is None:
                both.append(_changed(item, before, after, same))
        if both:
            changed, could, towards, alone, away = (sum(each) for each in zip(*both, strict=True))
            found.append(Influence(name, len(both), changed, could, towards, alone, away))
    return tuple(found)


def _changed(
    item: Item, before: AnswerRow, after: AnswerRow, same: Equivalences
) -> tuple[bool, bool, bool, bool, bool]:
    was, now = same.merge_all(before.labels), same.merge_all(after.labels)
    models = same.merge_all(each for one in item.predictions for each in one.classes)
    known = same.merge_all(each for labels in item.labels.values() for each in labels)
    taken = (now - was) & models
    left = (was - now) & models
    changed = (was, before.status) != (now, after.status)
    return changed, bool(models - was), bool(taken), bool(taken - known), bool(left and not taken)
