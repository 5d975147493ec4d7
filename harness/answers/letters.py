"""The multiple-choice ladder: from an answer to one of the lettered options.

A single letter is a weak signal: "A" is an article, "I" a pronoun, and letters stand inside words.
So a letter counts only where its surroundings mark it as one ("B", "(B)", "B. bear",
"Answer: B", "option B"), and never against the name of another option in the same statement.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from harness.answers.mentions import Stance, judged_mentions
from harness.answers.names import Names, leading_name, read_name
from harness.answers.outcome import Outcome, Status
from harness.answers.refusal import declines
from harness.answers.text import announced, clauses, is_blank, plain
from harness.classes import ClassList, strict_name

_OPEN, _CLOSE = r"[\s(\[{<\"'*_$#>-]*", r"[\s)\]}>\"'*_$.,:;!]*"
_WORD = r"(?:(?:option|choice|letter)[\s:]+)?"
_ALONE = re.compile(rf"{_OPEN}{_WORD}{_OPEN}([a-z]){_CLOSE}", re.IGNORECASE)
# "A or B", "either A, B or C", "A/B": nothing but letters
_ENUMERATED = re.compile(
    rf"{_OPEN}(?:(?:either|both)\s)?{_WORD}{_OPEN}[a-z]{_CLOSE}"
    rf"(?:(?:,|/|&|\+|\s|\band\b|\bor\b){_OPEN}(?:(?:and|or)\s)?{_WORD}{_OPEN}[a-z]{_CLOSE})+",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"(?<![^\W_])[a-z](?![^\W_])", re.IGNORECASE)
# "A. airplane or B. bear" on one line
_DELIMITED = re.compile(r"(?<![\w.'])([A-Z])(?=[).:](?:\s|$))")
# "A) tench", "(B) bear", "C. bicycle", "D: bird": the delimiter marks the letter
_MARKED = re.compile(
    rf"{_OPEN}{_WORD}{_OPEN}([a-z])[\"']?\s?(?:[).:\]]+|\n)\s?(?![a-z]\.)(?P<rest>\S[^\n]*)",
    re.IGNORECASE,
)
# "B bear", "B - bear", "B, bear": a letter only if a name follows
_UNMARKED = re.compile(
    rf"{_OPEN}{_WORD}([a-z])(?P<sign>\s?,|\s?[-–—=]+)?\s(?P<rest>\S[^\n]*)", re.IGNORECASE
)
# "A - dog" is no article, though a dash is as good as a space within names
_DASHED = re.compile(rf"{_OPEN}[a-z]\s[-–—]+\s", re.IGNORECASE)
# "B because …", "B, I think"; capital letters, and never the pronoun
_REASONED = re.compile(
    r"\W*([A-HJ-Z]),?\s(?:because|since|as|which|based|due|I\s(?:think|believe)"
    r"|is\s(?:the\s)?(?:best|correct|right|most|answer))\b(?P<rest>[^\n]*)"
)
# "option B", "I choose (B)", "bear (B)" inside a sentence; "A" and "I" not before another word
_CHOSEN = re.compile(
    r"(?:\b(?i:option|choice|choose|pick|select|going\swith|go\swith|answer)\s"
    r"(?i:option\s|is\s)?[(\"'\[]?|\()"
    r"([B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?\]\"\n]|\s(?i:is|because|since|as|seems|best)\b))"
)
_DENIED = re.compile(r"\bnot\s(?i:option\s)?\(?(?:[B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?]))")
_PAIR = re.compile(
    r"(?<![\w'])[A-HJ-Z](?:\s?[,/&]\s?|,?\s(?:or|and)\s)(?:[A-HJ-Z](?![\w'])|I(?=$|[.,)]))"
)
_NOT = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n't\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Reading:
    answer: str
    text: str
    letters: Mapping[str, int]
    names: Names


_Rung = Callable[[_Reading], Outcome | None]


def read_letter(answer: str | None, options: Sequence[int], classes: ClassList) -> Outcome:
    """Climb the ladder and give the outcome of the first rung that decides.

    ValueError when there are more options than letters.
    """
    if len(options) > len(ascii_uppercase):
        raise ValueError(f"{len(options)} options, but only {len(ascii_uppercase)} letters")
    letters = dict(zip(ascii_uppercase, options, strict=False))
    names = Names(classes, frozenset(options))
    reading = _Reading(answer or "", plain(answer), letters, names)
    for rung in _LADDER:
        outcome = rung(reading)
        if outcome is not None:
            return outcome
    named = read_name(answer, names)
    return replace(named, rule="option_name") if named.status is Status.OK else named


def _letter_outcome(reading: _Reading, letter: str, rule: str) -> Outcome:
    class_id = reading.letters.get(letter.upper())
    if class_id is None:
        return Outcome(Status.OOP, rule="other_letter")
    return Outcome(Status.OK, class_id, rule=rule)


def _empty(reading: _Reading) -> Outcome | None:
    return Outcome(Status.EMPTY, rule="empty") if is_blank(reading.text) else None


def _strict(reading: _Reading) -> Outcome | None:
    class_id = reading.letters.get(strict_name(reading.answer).upper())
    return None if class_id is None else Outcome(Status.OK, class_id, rule="strict")


def _option_name(reading: _Reading) -> Outcome | None:
    # before the letters with a name: "A tench" may be the article and option B
    if _DASHED.match(reading.text):
        return None
    ids = reading.names.lookup(reading.answer) or reading.names.lookup(reading.text)
    return reading.names.outcome(ids, "option_name") if ids else None


def _announced(reading: _Reading) -> Outcome | None:
    found = {_statement(reading, tail) for tail in announced(reading.text)} - {None}
    if len({outcome.class_id for outcome in found if outcome}) > 1:
        return Outcome(Status.UNPARSED, rule="several_letters")
    outcome = next(iter(found), None)
    if outcome is None or outcome.rule not in ("letter", "letter_name"):
        return outcome
    named = {ids for ids in _meant(reading, reading.text) if reading.names.allows(ids)}
    if len(named) == 1 and outcome.class_id not in named.pop():
        return Outcome(Status.UNPARSED, rule="letter_conflict")
    return replace(outcome, rule="answer_prefix")


def _whole(reading: _Reading) -> Outcome | None:
    return _statement(reading, reading.text)


def _statement(reading: _Reading, text: str) -> Outcome | None:
    """Read a text that begins with its answer; None when it does not begin with a letter."""
    alone = _ALONE.fullmatch(text)
    if alone:
        return _letter_outcome(reading, alone[1], "letter")
    for rung in (_several_letters, _marked, _unmarked, _reasoned):
        outcome = rung(reading, text)
        if outcome is not None:
            return outcome
    return None


def _several_letters(reading: _Reading, text: str) -> Outcome | None:
    found = set(_DELIMITED.findall(text.partition("\n")[0]))
    if _ENUMERATED.fullmatch(text):
        found = {letter.upper() for letter in _SINGLE.findall(text)}
        if len(found) == 1:
            return _letter_outcome(reading, found.pop(), "letter")
    known = found & reading.letters.keys()
    return Outcome(Status.UNPARSED, rule="several_letters") if len(known) > 1 else None


def _marked(reading: _Reading, text: str) -> Outcome | None:
    match = _MARKED.match(text)
    return _checked(reading, match[1], match["rest"]) if match else None


def _unmarked(reading: _Reading, text: str) -> Outcome | None:
    match = _UNMARKED.match(text)
    ids = leading_name(match["rest"], reading.names) if match else ()
    if match is None or not ids:
        return None
    article = match[1] in "Aa" and not match["sign"]
    if article and reading.letters.get("A") not in ids:
        return None
    return _checked(reading, match[1], match["rest"])


def _reasoned(reading: _Reading, text: str) -> Outcome | None:
    match = _REASONED.match(text)
    return _checked(reading, match[1], match["rest"]) if match else None


def _checked(reading: _Reading, letter: str, rest: str) -> Outcome:
    """Accept a letter unless the first option that the rest affirms is another one."""
    class_id = reading.letters.get(letter.upper())
    named = next((ids for ids in _meant(reading, rest) if reading.names.allows(ids)), ())
    if named and class_id not in named:
        return Outcome(Status.UNPARSED, rule="letter_conflict")
    return _letter_outcome(reading, letter, "letter_name" if named else "letter")


def _meant(reading: _Reading, text: str) -> tuple[tuple[int, ...], ...]:
    stances = (Stance.AFFIRMED, Stance.HEDGED)
    mentions = judged_mentions(text, reading.names.classes)
    return tuple(item.ids for item in mentions if item.stance in stances)


def _chosen(reading: _Reading) -> Outcome | None:
    found = {
        (letter, clause.text)
        for clause in clauses(reading.text)
        if not (_NOT.search(clause.text) or declines(clause.text))
        for letter in _CHOSEN.findall(clause.text)
    }
    letters = {letter for letter, _ in found}
    if len(letters) > 1:
        return Outcome(Status.UNPARSED, rule="several_letters")
    if not letters:
        return None
    outcome = _checked(reading, letters.pop(), " ".join(clause for _, clause in found))
    return replace(outcome, rule="answer_prefix") if outcome.status is Status.OK else outcome


def _letters_left(reading: _Reading) -> Outcome | None:
    if _DENIED.search(reading.text):
        return Outcome(Status.UNPARSED, rule="negated")
    if _PAIR.search(reading.text):
        return Outcome(Status.UNPARSED, rule="several_letters")
    return None


_LADDER: tuple[_Rung, ...] = (
    _empty,
    _strict,
    _option_name,
    _announced,
    _whole,
    _chosen,
    _letters_left,
)
