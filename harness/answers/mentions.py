"""Names of a class list inside a longer text, and whether the text affirms them."""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from harness.answers.refusal import end_of_refusal
from harness.answers.text import Clause, clauses, without_opening
from harness.classes import ClassList

_WORD = re.compile(r"[^\W_]+")
_BREAKS = re.compile(r"[^\w\s\-'/&]|\n")

_NEGATION = re.compile(
    r"\b(?:not(?!\s+(?:only|just)\b)|no(?!\s+doubt\b|,)|never|neither|nor|none|without|unlike|except"
    r"|whether|cannot|(?:rather|other)\s+than|instead\s+of|different\s+from|confused\s+with)\b|n't\b",
    re.IGNORECASE,
)
_OR_AFTER = re.compile(r"\s*(?:,\s*)?(?:or\b|/)", re.IGNORECASE)
_OR_BEFORE = re.compile(r"(?:\b(?:or|either)(?:\s+(?:an?|the|some))?|/)\s*$", re.IGNORECASE)
_OR_REACH = 20
"""How far before a name its "or" can stand: "either some " and white space."""

# Words that a noun phrase does not contain: with one of them the text is a longer sentence.
_SENTENCE_WORD = re.compile(
    r"\b(?:is|are|was|be|has|have|appears|seems|looks|shows|depicts|contains|can|could|may|might"
    r"|in|on|at|of|with|from|by|for|to|near|next|behind|under|over|that|which|who"
    r"|and|or|nor|not|but|as|whether|if"
    r"|rather|than|instead|unlike|without|also|called|known|it|this|i)\b",
    re.IGNORECASE,
)
# What may follow a name without changing what it names ("Persian cat", "a cat sleeping").
_AFTER_HEAD = re.compile(
    r"\s+(?:an?\b|the\b|[a-z]+(?:ing|ed)\b|(?:animal|bird|breed|cat|dog|fish|flower|insect|kitten"
    r"|lizard|monkey|mushroom|pattern|plant|puppy|shark|snake|species|spider|texture|tree)\b)"
    r"|(?!\s+\w)",
    re.IGNORECASE,
)


class Stance(Enum):
    """How a text means a name that it mentions."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HEDGED = "hedged"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Mention:
    """One name found in a text: the ids that bear it, its span, and how it is meant."""

    ids: tuple[int, ...]
    start: int
    end: int
    stance: Stance = Stance.AFFIRMED


def find_names(text: str, classes: ClassList) -> Iterator[Mention]:
    """Give the names that stand in a plain text as whole words, the longest at each place.

    Case and the kind of white space do not matter. A part of a hyphenated word ("cat-like") and a
    possessive ("the dog's bowl") is no mention.
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in spans]
    position = 0
    while position < len(words):
        length = _name_length(text, words, spans, position, classes)
        if length:
            key = " ".join(words[position : position + length])
            yield Mention(
                classes.by_words[key], spans[position][0], spans[position + length - 1][1]
            )
        position += max(length, 1)


def _name_length(
    text: str,
    words: Sequence[str],
    spans: Sequence[tuple[int, int]],
    position: int,
    classes: ClassList,
) -> int:
    longest = classes.longest_by_first_word.get(words[position], 0)
    for length in range(min(longest, len(words) - position), 0, -1):
        ids = classes.by_words.get(" ".join(words[position : position + length]))
        if ids is None:
            continue
        start, end = spans[position][0], spans[position + length - 1][1]
        if _stands_alone(text, start, end) and _same_breaks(text[start:end], classes, ids):
            return length
    return 0


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = re.search(r"\w[-_]$", text[max(start - 2, 0) : start])
    return before is None and re.match(r"[-_]\w|'s\b", text[end : end + 3]) is None


def _same_breaks(found: str, classes: ClassList, ids: Sequence[int]) -> bool:
    # "It is a cat. Fish …" does not mention a class "cat fish", but "St. Bernard" is a name.
    return set(_BREAKS.findall(found)) <= set(_BREAKS.findall(classes.by_id[ids[0]].name))


@dataclass(frozen=True, slots=True)
class _Scope:
    """A clause's start, and the offsets from which on it negates and declines (if it does)."""

    start: int
    negates: float
    declines: float


def judged_mentions(text: str, classes: ClassList) -> tuple[Mention, ...]:
    """Give the names mentioned in a plain text, each with its stance."""
    found = tuple(find_names(text, classes))
    if not found:
        return ()
    phrase = not _SENTENCE_WORD.search(without_opening(text))
    scopes = [_scope(clause) for clause in clauses(text)]
    starts = [scope.start for scope in scopes]
    return tuple(
        replace(item, stance=_stance(text, item, scopes[bisect_right(starts, item.start) - 1]))
        for item in found
        if not phrase or _is_head(text, item)
    )


def _scope(clause: Clause) -> _Scope:
    negation = _NEGATION.search(clause.text)
    refusal = end_of_refusal(clause.text)
    return _Scope(
        clause.start,
        negates=clause.start + negation.end() if negation else math.inf,
        declines=math.inf if refusal is None else clause.start + refusal,
    )


def _stance(text: str, mention: Mention, scope: _Scope) -> Stance:
    if scope.declines <= mention.start:
        return Stance.DECLINED
    if scope.negates <= mention.start:
        return Stance.NEGATED
    before = text[max(scope.start, mention.start - _OR_REACH) : mention.start]
    if _OR_AFTER.match(text, mention.end) or _OR_BEFORE.search(before):
        return Stance.HEDGED
    return Stance.AFFIRMED


def _is_head(text: str, mention: Mention) -> bool:
    # In English the last noun is what is named: a "bear trap" is no bear, a "tabby cat" is a cat.
    return _AFTER_HEAD.match(text, mention.end) is not None
