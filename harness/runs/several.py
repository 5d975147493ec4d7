"""Several answers to one image that are all meant: each is read for itself, and all count."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.answers.mapping.exact import read_open
from harness.answers.mapping.nearest import Mapped
from harness.answers.mapping.rules import EXACT
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_name
from harness.answers.rules import Level, level_of
from harness.answers.sentences import NONE_LISTED
from harness.data.classes import ClassList
from harness.specs.task import Protocol
from harness.store.prediction import Prediction

_ORDER = (Status.OK, Status.OOP, Status.UNPARSED, Status.REFUSED, Status.EMPTY, Status.ERROR)
"""Which status several answers have together: the first of these that one of them has."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What several answers are together: the one that the row shows, and the classes of all."""

    place: int
    """Which answer the status and the rule are of; of those that name a class the least certain, so
    that no figure by strict matching counts what was read leniently."""
    outcome: Outcome
    """Its outcome, with the classes that the others name in `also`."""


def joined(protocol: Protocol, outcomes: Sequence[Outcome]) -> Joint:
    """Join the outcomes (at least one) of several answers to one image.

    Right is an image where any of the classes is: so several answers are a lenient kind of answer.
    In an open world answers without a class are mapped later, each for itself; until then the row
    has none.
    """
    status = next(each for each in _ORDER if any(o.status is each for o in outcomes))
    kept = [place for place, each in enumerate(outcomes) if each.status is status]
    if protocol == "ow":
        open_ones = [place for place in kept if outcomes[place].class_id is None]
        if open_ones:
            return Joint(open_ones[0], outcomes[open_ones[0]])
    place = max(kept, key=lambda each: (*_doubt(outcomes[each]), -each))
    shown = outcomes[place]
    if shown.class_id is None:
        return Joint(place, shown)
    ids = [class_id for each in kept for class_id in _class_ids(outcomes[each])]
    also = [each for each in dict.fromkeys((*shown.also, *ids)) if each != shown.class_id]
    return Joint(
        place, Outcome(shown.status, shown.class_id, tuple(also), shown.rule, shown.removed)
    )


def _doubt(outcome: Outcome) -> tuple[bool, Level]:
    """Give what orders outcomes of one status: an answer that denies the list is not mapped, and
    must not keep the others from it.
    """
    return outcome.rule != NONE_LISTED, level_of(outcome.rule) or Level.STRICT


def _class_ids(outcome: Outcome) -> tuple[int, ...]:
    return () if outcome.class_id is None else (outcome.class_id, *outcome.also)


def texts_to_map(protocol: Protocol, row: Prediction, classes: ClassList) -> list[str]:
    """Give the texts of a row that the protocol maps: its answer or, of several, those that are."""
    if not row.meant:
        return [row.answer or ""]
    if protocol == "ow":
        found = [(text, read_open(text, classes)) for text in row.meant]
        return [text for text, each in found if each.status is Status.OK and each.rule != EXACT]
    read = [(text, parse_name(text, classes)) for text in row.meant]
    return [text for text, each in read if each.status is Status.OOP and each.rule != NONE_LISTED]


def classes_together(
    protocol: Protocol, row: Prediction, found: Sequence[Mapped | None], classes: ClassList
) -> tuple[int, ...]:
    """Give the classes that a row's answers were mapped to and, of several in an open world, those
    that some name exactly; each once.
    """
    ids = [class_id for each in found if each is not None for class_id in each.class_ids]
    for text in row.meant if protocol == "ow" else ():
        read = read_open(text, classes)
        ids += _class_ids(read) if read.rule == EXACT else ()
    return tuple(dict.fromkeys(ids))
