"""The lenient end of the ladder: the one name that a longer text mentions, or why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.answers.mentions import Mention, Stance, judged_mentions
from harness.answers.naming import Names
from harness.answers.outcome import Outcome, Status
from harness.answers.refusal import declines, denies_list, only_declines
from harness.answers.text import subject_of

NONE_LISTED = "none_listed"
"""The rule of a text that says that nothing of the list fits: out of prompt, and never mapped."""
_FEWEST_LISTED = 3
"""So many names after one another, and nothing else, are a list and no compound."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    names: Names


_Rung = Callable[[_Sentence, Sequence[Mention]], Outcome | None]


def read_mentions(text: str, names: Names) -> Outcome:
    """Give the outcome of a plain text by the names that it mentions; `oop` where there is none."""
    sentence = _Sentence(text, names)
    mentions = judged_mentions(subject_of(text), names.classes)
    for rung in _LADDER:
        outcome = rung(sentence, mentions)
        if outcome is not None:
            return outcome
    return Outcome(Status.OOP, rule="oop")


def _meant(mentions: Sequence[Mention]) -> set[tuple[int, ...]]:
    # A name that is also denied ("it looks like a cat, but it is not a cat") is not meant.
    denied = {item.ids for item in mentions if item.stance is Stance.NEGATED}
    kept = {item.ids for item in mentions if item.stance in (Stance.AFFIRMED, Stance.HEDGED)}
    return kept - denied


def _refused(sentence: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    text = sentence.text
    if _meant(mentions) or not (declines(text) or only_declines(text)):
        return None
    return Outcome(Status.REFUSED, rule="refused")


def _none_listed(sentence: _Sentence, _: Sequence[Mention]) -> Outcome | None:
    return Outcome(Status.OOP, rule=NONE_LISTED) if denies_list(sentence.text) else None


def _list_of_names(sentence: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    # "cat dog cow pig": each name adds to the next, and none is meant alone
    words = sentence.text.split()
    named = sum(len(sentence.text[each.start : each.end].split()) for each in mentions)
    if len({each.ids for each in mentions}) < _FEWEST_LISTED or named < len(words):
        return None
    return Outcome(Status.UNPARSED, rule="several_names")


def _other_name(sentence: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    meant = _meant(mentions)
    if not meant or any(sentence.names.allows(ids) for ids in meant):
        return None
    return Outcome(Status.OOP, rule="other_name")


def _several_names(sentence: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    # beside a name that is meant, one within a compound counts too: "a bottle of wine on a clock"
    meant = _meant(mentions)
    within = {item.ids for item in mentions if item.stance is Stance.COMPOUND}
    listed = {ids for ids in meant | within if sentence.names.allows(ids)}
    several = bool(meant) and len(listed) > 1
    return Outcome(Status.UNPARSED, rule="several_names") if several else None


def _hedged(_: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    # "a cat or a lynx", of which only the cat is listed
    hedged = any(item.stance is Stance.HEDGED for item in mentions)
    return Outcome(Status.UNPARSED, rule="hedged") if hedged else None


def _single_mention(sentence: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    listed = [ids for ids in _meant(mentions) if sentence.names.allows(ids)]
    return sentence.names.outcome(listed[0], "single_mention") if listed else None


def _negated(_: _Sentence, mentions: Sequence[Mention]) -> Outcome | None:
    # "not a cat" names no class, and the rest of the text does not either
    denied = any(item.stance is not Stance.COMPOUND for item in mentions)
    return Outcome(Status.UNPARSED, rule="negated") if denied else None


_LADDER: tuple[_Rung, ...] = (
    _refused,
    _none_listed,
    _list_of_names,
    _other_name,
    _several_names,
    _hedged,
    _single_mention,
    _negated,
)
