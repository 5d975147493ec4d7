"""The closed-world ladder: from an answer to one of the names that the prompt listed, and its
lenient end: the one name that a longer text mentions.

Every rung is one function that decides or passes on. The order matters: exact forms first, then
what the answer announces, then names inside longer text; nothing is guessed between two names.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from harness.answers.mentions import Mention, Stance, judged_mentions, respelled_mentions
from harness.answers.outcome import Outcome, Status, climb
from harness.answers.parts import QUESTION, Parts, take_apart
from harness.answers.question import Names, without_names
from harness.answers.refusal import declines, denies_list, only_declines
from harness.answers.text import (
    announced,
    is_blank,
    is_joined,
    opens_at,
    subject_of,
    without_opening,
)
from harness.answers.vocabulary import CORRECTS, DENIES
from harness.data.classes import strict_name

NONE_LISTED = "none_listed"
"""The rule of a text that says that nothing of the list fits: out of prompt, and never mapped."""
_FEWEST_LISTED = 3
"""So many names after one another, and nothing else, are a list and no compound."""


@dataclass(frozen=True, slots=True)
class _Reading:
    parts: Parts
    text: str
    """What is read: the parts' text without the question."""
    names: Names


_Rung = Callable[[_Reading], Outcome | None]
_MentionRung = Callable[[_Reading, Sequence[Mention]], Outcome | None]


def _read_mentions(reading: _Reading) -> Outcome:
    """Give the outcome of a text by the names that it mentions; `oop` where there is none."""
    mentions = judged_mentions(subject_of(reading.text), reading.names.classes)
    return climb(_MENTION_LADDER, reading, mentions) or Outcome(Status.OOP, rule="oop")


def _meant(mentions: Sequence[Mention]) -> set[tuple[int, ...]]:
    # A name that is also denied ("it looks like a cat, but it is not a cat") is not meant.
    denied = {item.ids for item in mentions if item.stance is Stance.NEGATED}
    kept = {item.ids for item in mentions if item.stance in (Stance.AFFIRMED, Stance.HEDGED)}
    return kept - denied


def _refused(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    text = reading.text
    said = [text, *announced(text)[-1:]]  # "Answer: unknown"
    if _meant(mentions) or not (declines(text) or any(map(only_declines, said))):
        return None
    return Outcome(Status.REFUSED, rule="refused")


def _none_listed(reading: _Reading, _: Sequence[Mention]) -> Outcome | None:
    return Outcome(Status.OOP, rule=NONE_LISTED) if denies_list(reading.text) else None


def _list_of_names(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "cat dog cow pig": each name adds to the next, and none is meant alone
    words = reading.text.split()
    named = sum(len(reading.text[each.start : each.end].split()) for each in mentions)
    if len({each.ids for each in mentions}) < _FEWEST_LISTED or named < len(words):
        return None
    return Outcome(Status.UNPARSED, rule="several_names")


def _other_name(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    meant = _meant(mentions)
    if not meant or any(reading.names.allows(ids) for ids in meant):
        return None
    return Outcome(Status.OOP, rule="other_name")


def _several_names(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # beside a name that is meant, one within a compound counts too: "a bottle of wine on a clock"
    meant = _meant(mentions)
    within = {item.ids for item in mentions if item.stance is Stance.COMPOUND}
    listed = {ids for ids in meant | within if reading.names.allows(ids)}
    several = bool(meant) and len(listed) > 1
    return Outcome(Status.UNPARSED, rule="several_names") if several else None


def _hedged(_: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "a cat or a lynx", of which only the cat is listed
    hedged = any(item.stance is Stance.HEDGED for item in mentions)
    return Outcome(Status.UNPARSED, rule="hedged") if hedged else None


def _respelled_too(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "two dogs and a cat": to read the one name that is spelled as in the list would be a guess
    meant = _meant(mentions)
    if not any(reading.names.allows(ids) for ids in meant):
        return None
    others = respelled_mentions(subject_of(reading.text), mentions, reading.names.classes)
    unsaid = (Stance.NEGATED, Stance.DECLINED, Stance.SUPPOSED)
    named = {item.ids for item in others if item.stance not in unsaid}
    listed = {ids for ids in named | meant if reading.names.allows(ids)}
    return Outcome(Status.UNPARSED, rule="several_names") if len(listed) > 1 else None


def _single_mention(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    listed = [ids for ids in _meant(mentions) if reading.names.allows(ids)]
    return reading.names.outcome(listed[0], "single_mention") if listed else None


def _plural(reading: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "two zebras", "The image shows a group of zebras": what the text opens with, and not
    # "a dog's head made of screws" or "zebras and gnus"
    text = subject_of(reading.text)
    others = respelled_mentions(text, mentions, reading.names.classes)
    if not others or any(item.stance is not Stance.COMPOUND for item in mentions):
        return None
    if not opens_at(text, others[0].start):
        return None
    outcome = climb(_PLURAL_LADDER, reading, (*mentions, *others))
    named = outcome is not None and outcome.status is Status.OK
    return None if named and is_joined(text, others[0].end) else outcome


def _negated(_: _Reading, mentions: Sequence[Mention]) -> Outcome | None:
    # "not a cat" names no class, and the rest of the text does not either
    denied = any(item.stance is not Stance.COMPOUND for item in mentions)
    return Outcome(Status.UNPARSED, rule="negated") if denied else None


_PLURAL_LADDER: tuple[_MentionRung, ...] = (_several_names, _hedged, _single_mention, _negated)
_MENTION_LADDER: tuple[_MentionRung, ...] = (
    _refused,
    _none_listed,
    _list_of_names,
    _other_name,
    _several_names,
    _hedged,
    _respelled_too,
    _single_mention,
    _negated,
    _plural,
)


# Where an answer ends and its explanation begins ("Tench. It has …", "tench (a fish)").
_EXPLANATION = re.compile(
    r"[.!?;]\s+|\n+|\s[-–—]\s|\s*[(\[]|,?\s+(?:because|since|as|which|based|due)\b", re.IGNORECASE
)
# An explanation that begins like this takes the answer back or adds a second one.
_TAKES_BACK = re.compile(
    rf"\W*(?:{CORRECTS}|{DENIES}|or|and|not|but|however|yet|maybe|perhaps|possibly|alternatively|could)\b|0(?:\.0\d*)?\s?%?\W*$",
    re.IGNORECASE,
)
_PIECES = re.compile(r"[.!?;,()\[\]|/\n]+|\s[-–—]\s|\s(?:->|=>|→)\s")
_MOST_SEPARATORS = 3
"""A name itself may hold separators ("St. Bernard"); beyond this many the text is no longer one."""


def read_name(answer: str | None, names: Names) -> Outcome:
    """Take an answer apart, climb the ladder and give the outcome of the first rung that decides.

    A text that only repeats the question is `unparsed`.
    """
    parts = take_apart(answer)
    outcome = read_parts(parts, names)
    return replace(outcome, removed=(*parts.removed, *outcome.removed))


def read_parts(parts: Parts, names: Names) -> Outcome:
    """Climb the ladder with an answer that was taken apart."""
    whole = _Reading(parts, parts.text, names)
    outcome = climb(_WHOLE_LADDER, whole)
    if outcome is not None:
        return outcome
    text, repeats = without_names(parts.text, names.classes, names.order)
    reading = replace(whole, text=text)
    outcome = climb(_LADDER, reading) or _read_mentions(reading)
    if not repeats:
        return outcome
    if outcome.rule in ("oop", "empty"):
        outcome = Outcome(Status.UNPARSED, rule=QUESTION)
    return replace(outcome, removed=(QUESTION,))


def leading_name(text: str, names: Names) -> tuple[int, ...]:
    """Give the ids of the name that a text is, or opens with before it explains itself.

    () when there is none, or when the rest takes it back ("Cat. Or maybe a dog.") or is another
    name ("cat\\ndog").
    """
    ids = names.find(text)
    if ids:
        return ids
    for end in islice(_EXPLANATION.finditer(text), _MOST_SEPARATORS):
        ids = names.find(text[: end.start()])
        if ids:
            return () if _contradicts(text[end.end() :], ids, names) else ids
    return ()


def _contradicts(rest: str, ids: tuple[int, ...], names: Names) -> bool:
    if _TAKES_BACK.match(rest):
        return True
    pieces = (without_opening(piece.strip()) for piece in _PIECES.split(rest))
    return any(names.find(piece) not in ((), ids) for piece in pieces)


def _strict(reading: _Reading) -> Outcome | None:
    ids = reading.names.classes.by_strict.get(strict_name(reading.parts.answer))
    return reading.names.outcome(ids, "strict") if ids else None


def _empty(reading: _Reading) -> Outcome | None:
    return Outcome(Status.EMPTY, rule="empty") if is_blank(reading.text) else None


def _normalized(reading: _Reading) -> Outcome | None:
    classes = reading.names.classes
    ids = classes.lookup(reading.parts.answer) or classes.lookup(reading.text)
    return reading.names.outcome(ids, "normalized") if ids else None


def _spelling(reading: _Reading) -> Outcome | None:
    ids = reading.names.classes.spelled(reading.text)
    return reading.names.outcome(ids, "spelling") if ids else None


def _numbered(reading: _Reading) -> Outcome | None:
    ids, agrees = reading.names.numbered(reading.text)
    rule = "numbered" if agrees else "numbered_elsewhere"
    return reading.names.outcome(ids, rule) if ids else None


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


_WHOLE_LADDER: tuple[_Rung, ...] = (_strict, _normalized, _empty, _spelling, _numbered)
"""What reads a text that is a name as a whole, before a list of names is taken off it."""
_LADDER: tuple[_Rung, ...] = (_empty, _answer_prefix, _first_line)
"""What reads a text that says its answer; `_read_mentions` comes after."""
