"""Names of a class list inside a longer text, and whether the text affirms them.

A name counts where a noun phrase is that name and nothing more: what a word before or after it adds
makes it another thing ("leopard shark" is no leopard, a "bear trap" no bear), unless the word is
grammar ("a", "of", "is"), or a colour or a size that no name of the list begins with.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import regex

from harness.answers.denial import COMPARISON, DENIAL, DENIED_TOO, NEGATION, VERDICT, unreal
from harness.answers.refusal import end_of_refusal
from harness.answers.text import Clause, clauses
from harness.answers.vocabulary import (
    ARTICLES,
    DETERMINERS,
    GRAMMAR_AFTER,
    GRAMMAR_BEFORE,
    LANGUAGE,
    PLAIN,
)
from harness.data.classes import ClassList, normalize_name

_WORD = regex.compile(r"[^\W_]+")
_BREAKS = re.compile(r"[^\w\s\-'/&]|\n")
_SIGNS = "<>≤≥±~≈#$@=+*%"
_PREFIX = re.compile(rf"[{_SIGNS}-]+$")
_SUFFIX = re.compile(rf"[{_SIGNS}-]+(?!\w)")

_OR_AFTER = re.compile(r"\s*(?:,\s*)?(?:or\b|/)", re.IGNORECASE)
_OR_BEFORE = re.compile(r"(?:\b(?:or|either)(?:\s+(?:an?|the|some))?|/)\s*$", re.IGNORECASE)
_OR_REACH = 20
"""How far before a name its "or" can stand: "either some " and white space."""

_ENDS_BEFORE = re.compile(r"(?:^|[.,;:!?\n]|\b(?:and|or))\s*$", re.IGNORECASE)
_BEGINS_AFTER = re.compile(r"\s*(?:[.,;:!?\n]|$|(?:and|or)\b)", re.IGNORECASE)
_AFTER = regex.compile(r"[\"'”’)]?[ ]([^\W_]+)")
_PART_BEFORE = regex.compile(r"\w[-_]$")
_PART_AFTER = regex.compile(r"[-_]\w|'s\b")
_POSSESSIVE = re.compile(r"['’]s$")
_MOST_WORDS = 3
"""So many words of a text may be one name in another spelling ("ice cream" for "icecream")."""
_LAST_WORD = regex.compile(r"[^\W_]+$")
_COPULAS = (["is"], ["are"], ["was"], ["were"], ["appears"], ["seems"], ["looks"])
_REACH = 60
"""So far before a name its adjectives and article are looked for."""


class Stance(Enum):
    """How a text means a name that it mentions."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HEDGED = "hedged"
    DECLINED = "declined"
    SUPPOSED = "supposed"
    """What only seems so, or would be so ("It looks like a cat, but it is a lynx")."""
    COMPOUND = "compound"
    """The name is a part of another thing's ("sports car")."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One name found in a text: the ids that bear it, its span, and how it is meant."""

    ids: tuple[int, ...]
    start: int
    end: int
    stance: Stance = Stance.AFFIRMED


def find_names(text: str, classes: ClassList) -> Iterator[Mention]:
    """Give the names that stand in a plain text as whole words, the longest at each place.

    Case and the kind of white space do not matter; signs of a name do ("C#" is not "C"). A part of
    a hyphenated word ("cat-like") and a possessive ("the dog's bowl") is no mention.
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in spans]
    position = 0
    while position < len(words):
        length, ids = _name_at(text, words, spans, position, classes)
        if length:
            yield Mention(ids, spans[position][0], spans[position + length - 1][1])
        position += max(length, 1)


def _name_at(
    text: str,
    words: Sequence[str],
    spans: Sequence[tuple[int, int]],
    position: int,
    classes: ClassList,
) -> tuple[int, tuple[int, ...]]:
    longest = classes.longest_by_first_word.get(words[position], 0)
    for length in range(min(longest, len(words) - position), 0, -1):
        ids = classes.by_words.get(" ".join(words[position : position + length]))
        if ids is None:
            continue
        start, end = spans[position][0], spans[position + length - 1][1]
        if not _stands_alone(text, start, end):
            continue
        signed = _of_these_signs(text, start, end, classes, ids)
        if signed and _same_breaks(text[start:end], classes, signed):
            return length, signed
    return 0, ()


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = _PART_BEFORE.search(text[max(start - 2, 0) : start])
    return before is None and _PART_AFTER.match(text[end : end + 3]) is None


def _of_these_signs(
    text: str, start: int, end: int, classes: ClassList, ids: Sequence[int]
) -> tuple[int, ...]:
    """Keep the ids whose name has the signs that stand around the words in the text."""
    prefix = _PREFIX.search(text[max(start - 3, 0) : start])
    suffix = _SUFFIX.match(text, end)
    around = (prefix[0] if prefix else "", suffix[0] if suffix else "")
    kept = [each for each in ids if _signs_of(classes.by_id[each].name) == around]
    if kept or around == ("", "") or text[start].isdigit() or end - start < 3:
        return tuple(kept)
    # "#dog", "dog -": no name has these signs, and words are words without them
    return tuple(each for each in ids if _signs_of(classes.by_id[each].name) == ("", ""))


@lru_cache(maxsize=65_536)
def _signs_of(name: str) -> tuple[str, str]:
    bare = normalize_name(name)
    first = _WORD.search(bare)
    if first is None:
        return "", ""
    prefix = _PREFIX.search(bare[: first.start()])
    suffix = re.search(rf"[{_SIGNS}-]+$", bare)
    return (prefix[0] if prefix else "", suffix[0] if suffix else "")


def _same_breaks(found: str, classes: ClassList, ids: Sequence[int]) -> bool:
    # "It is a cat. Fish …" does not mention a class "cat fish", but "St. Bernard" is a name.
    return set(_BREAKS.findall(found)) <= set(_BREAKS.findall(classes.by_id[ids[0]].name))


@dataclass(frozen=True, slots=True)
class _Scope:
    """A clause's start, and the offsets from which on it negates, compares and declines."""

    start: int
    negates: float
    compares: float
    declines: float
    denial: float
    """Where the clause says that what was named before is wrong; -1 where it does not."""


def judged_mentions(text: str, classes: ClassList) -> tuple[Mention, ...]:
    """Give the names that a plain text mentions, each with its stance; words of the language that
    are also names ("I can see") only where they are meant as such.
    """
    return _judged(text, find_names(text, classes), classes)


def respelled_mentions(
    text: str, known: Sequence[Mention], classes: ClassList
) -> tuple[Mention, ...]:
    """Give, beside the `known` mentions of a text, the names in another spelling ("two dogs").

    They name nothing on their own, but a text that has one does not mention the known name alone.
    """
    return _judged(text, _respelled(text, known, classes), classes)


def _respelled(text: str, known: Sequence[Mention], classes: ClassList) -> Iterator[Mention]:
    spans = [match.span() for match in _WORD.finditer(text)]
    taken = {place for each in known for place in range(each.start, each.end)}
    for first, (start, _) in enumerate(spans):
        for last, end in spans[first : first + _MOST_WORDS]:
            piece = text[start:end]
            words = {text[slice(*spans[first])].casefold(), text[last:end].casefold()}
            if last in taken or _BREAKS.search(piece) or words & LANGUAGE:
                break
            if _stands_alone(text, start, end) and not _POSSESSIVE.search(piece):
                ids = classes.spelled(piece)
                if ids:
                    yield Mention(ids, start, end)


def _judged(text: str, names: Iterable[Mention], classes: ClassList) -> tuple[Mention, ...]:
    found = tuple(item for item in names if _is_meant(text, item, classes))
    if not found:
        return ()
    scopes = [_scope(text, clause, classes) for clause in clauses(text)]
    starts = [scope.start for scope in scopes]
    unmeant = sorted(unreal(text))
    return tuple(
        replace(
            item,
            stance=Stance.SUPPOSED
            if _within(item, unmeant)
            else _stance(text, item, scopes[bisect_right(starts, item.start) - 1], classes),
        )
        for item in found
    )


def _within(mention: Mention, stretches: Sequence[tuple[int, int]]) -> bool:
    return any(start <= mention.start < end for start, end in stretches)


def _is_meant(text: str, mention: Mention, classes: ClassList) -> bool:
    name = text[mention.start : mention.end].casefold()
    signed = _signs_of(classes.by_id[mention.ids[0]].name) != ("", "")
    if signed or (len(name) > 1 and name not in LANGUAGE):
        return True
    left = _ENDS_BEFORE.search(text[max(mention.start - _OR_REACH, 0) : mention.start])
    if len(name) > 1 and left and _BEGINS_AFTER.match(text, mention.end):
        return True  # "No, it is not.", "yes and no"
    before = _words_before(text, mention.start)
    quoted = text[mention.start - 1 : mention.start] in {'"', "'", "“"}
    return quoted or (bool(before) and before[-1] in ARTICLES)


def _is_noun(text: str, mention: Mention, classes: ClassList) -> bool:
    """Whether the words around a name leave it the whole of its noun phrase."""
    before = _words_before(text, mention.start)
    if before[-1:] in _COPULAS and _only_looks(text[mention.start : mention.end], classes):
        return False  # "the fish is orange"
    while before and before[-1] in PLAIN and before[-1] not in classes.longest_by_first_word:
        before.pop()
    if before and before[-1] not in DETERMINERS | GRAMMAR_BEFORE:
        return False
    after = _AFTER.match(text, mention.end)
    return after is None or after[1].casefold() in GRAMMAR_AFTER


def _only_looks(name: str, classes: ClassList) -> bool:
    """Whether a name is a colour, a size or the like, in a list that is not one of those."""
    return name.casefold() in PLAIN and sum(word in classes.by_words for word in PLAIN) == 1


def _words_before(text: str, start: int) -> list[str]:
    """Give the words right before a place that no punctuation or line break parts from it."""
    here = text[max(start - _REACH, 0) : start].rpartition("\n")[2].rstrip("\"'“‘(")
    if here[-1:] != " ":
        return []
    words: list[str] = []
    for token in reversed(here.split()):
        word = token.removesuffix("'s").casefold()
        if not word.isalnum():
            last = _LAST_WORD.search(word)
            return [last[0], *words] if last else words
        words.insert(0, word)
    return words


def _scope(text: str, clause: Clause, classes: ClassList) -> _Scope:
    negation = NEGATION.search(clause.text)
    comparison = COMPARISON.search(clause.text)
    refusal = end_of_refusal(clause.text)
    denial = DENIAL.search(clause.text)
    end = len(clause.text)
    shared = denial is not None and DENIED_TOO.search(clause.text, denial.end())
    if "no" in classes.by_words:
        end = -1  # "Yes. No." is two answers there
    elif not shared and not VERDICT.match(text, clause.start + end):
        end = denial.start() if denial else -1
    return _Scope(
        clause.start,
        negates=clause.start + negation.end() if negation else math.inf,
        compares=clause.start + comparison.end() if comparison else math.inf,
        declines=math.inf if refusal is None else clause.start + refusal,
        denial=clause.start + end if end >= 0 else -1,
    )


def _stance(text: str, mention: Mention, scope: _Scope, classes: ClassList) -> Stance:
    if scope.declines <= mention.start:
        return Stance.DECLINED
    if scope.negates <= mention.start or mention.end <= scope.denial:
        return Stance.NEGATED
    if scope.compares <= mention.start:
        return Stance.SUPPOSED
    if not _is_noun(text, mention, classes):
        return Stance.COMPOUND
    before = text[max(scope.start, mention.start - _OR_REACH) : mention.start]
    if _OR_AFTER.match(text, mention.end) or _OR_BEFORE.search(before):
        return Stance.HEDGED
    return Stance.AFFIRMED
