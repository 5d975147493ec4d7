"""Several answers to one image that are all meant: what they are together, and which are mapped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.answers.mapping.nearest import Mapped
from harness.answers.names import NONE_LISTED
from harness.answers.outcome import EXACT, MAPPED_STATUS, Level, Outcome, Status, level_of
from harness.data.classes import ClassList
from harness.runs.rows import read_answer
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
    ids = [class_id for each in kept for class_id in class_ids_of(outcomes[each])]
    also = [each for each in dict.fromkeys((*shown.also, *ids)) if each != shown.class_id]
    return Joint(place, replace(shown, also=tuple(also)))


def _doubt(outcome: Outcome) -> tuple[bool, Level]:
    """Give what orders outcomes of one status: an answer that denies the list is not mapped, and
    must not keep the others from it.
    """
    return outcome.rule != NONE_LISTED, level_of(outcome.rule) or Level.STRICT


def class_ids_of(outcome: Outcome) -> tuple[int, ...]:
    """Give the classes that an answer may stand for."""
    return () if outcome.class_id is None else (outcome.class_id, *outcome.also)


def texts_to_map(protocol: Protocol, row: Prediction, classes: ClassList) -> list[str]:
    """Give the texts of a row that the protocol maps: its answer or, of several, those that are."""
    if not row.meant:
        return [row.answer or ""]
    read = [(text, read_answer(protocol, text, (), classes)) for text in row.meant]
    return [text for text, each in read if is_to_map(protocol, each)]


def is_to_map(protocol: Protocol, answer: Outcome | Prediction) -> bool:
    """Whether a protocol maps an answer, mapped already or not; never one that denies the list."""
    is_open = answer.rule not in (EXACT, NONE_LISTED)
    return is_open and answer.status is MAPPED_STATUS.get(protocol)


def classes_of_each(
    protocol: Protocol, row: Prediction, found: Sequence[Mapped | None], classes: ClassList
) -> tuple[tuple[int, ...], ...]:
    """Give the classes that each of a row's several answers stands for, where `found` is what those
    of `texts_to_map` were mapped to; () for a single answer.
    """
    mapped = iter(found)
    groups = []
    for text in row.meant:
        read = read_answer(protocol, text, (), classes)
        nearest = next(mapped) if is_to_map(protocol, read) else None
        groups.append(nearest.class_ids if nearest else class_ids_of(read))
    return tuple(groups)


def classes_together(
    found: Sequence[Mapped | None], of_each: Sequence[tuple[int, ...]]
) -> tuple[int, ...]:
    """Give the classes that a row's answers were mapped to, then those that others name, once."""
    ids = [class_id for each in found if each is not None for class_id in each.class_ids]
    return tuple(dict.fromkeys((*ids, *(class_id for each in of_each for class_id in each))))
