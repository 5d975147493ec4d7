"""The closed-world ladder: from an answer to one of the names that the prompt listed.

Every rung is one function that decides or passes on. The order matters: exact forms first, then
what the answer announces, then names inside longer text; nothing is guessed between two names.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from harness.answers.mentions import Mention, Stance, judged_mentions
from harness.answers.outcome import Outcome, Status
from harness.answers.refusal import declines, denies_list, only_declines
from harness.answers.text import announced, is_blank, plain, subject_of, without_opening
from harness.classes import ClassList, strict_name

# Where an answer ends and its explanation begins ("Tench. It has …", "tench (a fish)").
_EXPLANATION = re.compile(
    r"[.!?;]\s+|\n+|\s[-–—]\s|\s*\(|,?\s+(?:because|since|as|which|based|due)\b", re.IGNORECASE
)
# An explanation that begins like this takes the answer back or adds a second one.
_TAKES_BACK = re.compile(
    r"\W*(?:or|and|no|not|but|actually|wait|maybe|perhaps|possibly|alternatively|could)\b",
    re.IGNORECASE,
)
_PIECES = re.compile(r"[.!?;,()\n]+|\s[-–—]\s")
_MOST_SEPARATORS = 3
"""A name itself may hold separators ("St. Bernard"); beyond this many the text is no longer one."""


@dataclass(frozen=True, slots=True)
class Names:
    """What an answer may name: a class list and, for multiple choice, the ids that were options.

    With options, the other names of the list are known but count as out of prompt.
    """

    classes: ClassList
    options: frozenset[int] | None = None

    def lookup(self, text: str) -> tuple[int, ...]:
        """Give the ids that bear this name after normalization, ascending; () for no name."""
        return self.classes.lookup(text)

    def allows(self, ids: Iterable[int]) -> bool:
        """Tell whether one of the ids was listed in the prompt."""
        return self.options is None or not self.options.isdisjoint(ids)

    def outcome(self, ids: Iterable[int], rule: str) -> Outcome:
        """Give the outcome for a name that the ids bear: the lowest id, and the others beside."""
        held = sorted(ids if self.options is None else self.options.intersection(ids))
        if not held:
            return Outcome(Status.OOP, rule="other_name")
        return Outcome(Status.OK, held[0], tuple(held[1:]), rule)


@dataclass(frozen=True, slots=True)
class _Reading:
    answer: str
    text: str
    names: Names


_Rung = Callable[[_Reading], Outcome | None]
_MentionRung = Callable[[_Reading, Sequence[Mention]], Outcome | None]


def read_name(answer: str | None, names: Names) -> Outcome:
    """Climb the ladder and give the outcome of the first rung that decides."""
    reading = _Reading(answer or "", plain(answer), names)
    for rung in _LADDER:
        outcome = rung(reading)
        if outcome is not None:
            return outcome
    return _read_mentions(reading)


def leading_name(text: str, names: Names) -> tuple[int, ...]:
    """Give the ids of the name that a text is, or opens with before it explains itself.

    () when there is none, or when the rest takes it back ("Cat. Or maybe a dog.") or is another
    name ("cat\\ndog").
    """
    ids = names.lookup(text)
    if ids:
        return ids
    for end in islice(_EXPLANATION.finditer(text), _MOST_SEPARATORS):
        ids = names.lookup(text[: end.start()])
        if ids:
            return () if _contradicts(text[end.end() :], ids, names) else ids
    return ()


def _contradicts(rest: str, ids: tuple[int, ...], names: Names) -> bool:
    if _TAKES_BACK.match(rest):
        return True
    return any(names.lookup(piece) not in ((), ids) for piece in _PIECES.split(rest))


def _empty(reading: _Reading) -> Outcome | None:
    return Outcome(Status.EMPTY, rule="empty") if is_blank(reading.text) else None


def _strict(reading: _Reading) -> Outcome | None:
    ids = reading.names.classes.by_strict.get(strict_name(reading.answer))
    return reading.names.outcome(ids, "strict") if ids else None


def _normalized(reading: _Reading) -> Outcome | None:
    ids = reading.names.lookup(reading.answer) or reading.names.lookup(reading.text)
    return reading.names.outcome(ids, "normalized") if ids else None


def _answer_prefix(reading: _Reading) -> Outcome | None:
    tails = announced(reading.text) or (reading.text,)
    found = {leading_name(without_opening(tail), reading.names) for tail in tails} - {()}
    if len(found) > 1:
        return Outcome(Status.UNPARSED, rule="several_names")
    if tails == (without_opening(reading.text),):
        return None
    return reading.names.outcome(found.pop(), "answer_prefix") if found else None


def _first_line(reading: _Reading) -> Outcome | None:
    ids = leading_name(reading.text, reading.names)
    return reading.names.outcome(ids, "first_line") if ids else None


_LADDER: tuple[_Rung, ...] = (_empty, _strict, _normalized, _answer_prefix, _first_line)


def _read_mentions(reading: _Reading) -> Outcome:
    mentions = judged_mentions(subject_of(reading.text), reading.names.classes)
    for rung in _MENTION_LADDER:
        outcome = rung(reading, mentions)
        if outcome is not None:
            return outcome
    return Outcome(Status.OOP, rule="oop")


def _meant(mentions: Sequence[Mention]) -> set[tuple[int, ...]]:
    # A name that is also denied ("it looks like a cat, but it is not a cat") is not meant.
    denied = {item.ids for item in mentions if item.stance is Stance.NEGATED}
    kept = {item.ids for item in mentions if item.stance in (Stance.AFFIRMED, Stance.HEDGED)}
    return kept - denied


def _refused(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    if _meant(mentions) or not (declines(reading.text) or only_declines(reading.text)):
        return None
    return Outcome(Status.REFUSED, rule="refused")


def _none_listed(reading: _Reading, _: Sequence[Mention]) -> Outcome | None:
    return Outcome(Status.OOP, rule="none_listed") if denies_list(reading.text) else None


def _other_name(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    meant = _meant(mentions)
    if not meant or any(reading.names.allows(ids) for ids in meant):
        return None
    return Outcome(Status.OOP, rule="other_name")


def _several_names(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    listed = {ids for ids in _meant(mentions) if reading.names.allows(ids)}
    return Outcome(Status.UNPARSED, rule="several_names") if len(listed) > 1 else None


def _hedged(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "a cat or a lynx", of which only the cat is listed
    hedged = any(item.stance is Stance.HEDGED for item in mentions)
    return Outcome(Status.UNPARSED, rule="hedged") if hedged else None


def _single_mention(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    listed = [ids for ids in _meant(mentions) if reading.names.allows(ids)]
    return reading.names.outcome(listed[0], "single_mention") if listed else None


def _negated(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "not a cat" names no class, and the rest of the text does not either
    return Outcome(Status.UNPARSED, rule="negated") if mentions else None


_MENTION_LADDER: tuple[_MentionRung, ...] = (
    _refused,
    _none_listed,
    _other_name,
    _several_names,
    _hedged,
    _single_mention,
    _negated,
)
