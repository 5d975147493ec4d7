"""The multiple-choice ladder: from an answer to one of the lettered options.

A single letter is a weak signal: "A" is an article, "I" a pronoun, and letters stand inside words.
So a letter counts only where its surroundings mark it as one ("B", "(B)", "B. bear",
"Answer: B", "option B"), and never against the name of another option in the same statement.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from harness.answers.denial import CROSSES, DENIAL
from harness.answers.letter_phrases import (
    BEHIND,
    CHOSEN,
    CORRECTED,
    DENIED,
    NOT,
    PAIR,
    REJECTS,
    SAYING,
    SECOND,
)
from harness.answers.mentions import Stance, judged_mentions, respelled_mentions
from harness.answers.names import leading_name, read_parts
from harness.answers.outcome import Level, Outcome, Status, climb, level_of
from harness.answers.parts import QUESTION, Parts, take_apart
from harness.answers.question import Names, position_of, without_options
from harness.answers.refusal import declines
from harness.answers.text import announced, clauses, is_blank, without_opening
from harness.answers.vocabulary import CORRECTS, DENIES
from harness.data.classes import ClassList, strict_name

_LEAD = r"[\W_]{0,12}(?:(?:option|choice|letter)[\W_]{1,3})?[\W_]{0,3}"
_ALONE = re.compile(rf"{_LEAD}(?<![°+])([a-z])(?![#+])[\W_]*", re.IGNORECASE)
# Words that leave a text of letters one of nothing but letters: "either option A or B".
_JOINING = frozenset({"and", "or", "either", "both", "option", "options", "choice", "letter"})
_WORD = re.compile(r"[^\W_]+")
_SIGNED = re.compile(r"[^\W_][#+]|[°+][^\W_]")  # "C#", "°C"
# "A. airplane or B. bear" on one line
_DELIMITED = re.compile(r"(?<![\w.'])([A-Z])(?=[).:](?:\s|$))")
# "A) tench", "(B) bear", "C. bicycle", "D: bird": the delimiter marks the letter
_MARKED = re.compile(
    rf"{_LEAD}([a-z])[\"']?\s?(?:[).:\]]{{1,4}}|\n)\s?(?![a-z]\.)(?P<rest>\S[^\n]*)",
    re.IGNORECASE,
)
_REJECTED = re.compile(rf"\W*(?:no|not\s\w+|{DENIES})\W*", re.IGNORECASE)  # "B: no"
# "B bear", "B - bear", "B, bear", "B / bear", "B_bear": a letter only if a name follows
_UNMARKED = re.compile(
    rf"{_LEAD}([a-z])(?P<sign>\s?[,/=_|]+\s?|\s?[-–—>]+\s)?\s?(?<=[\W_])(?P<rest>\S[^\n]*)",
    re.IGNORECASE,
)
# "A - dog" is no article
_DASHED = re.compile(r"[\W_]{0,12}[a-z]\s[-–—]{1,3}\s", re.IGNORECASE)
# "B because …", "B, I think"; capital letters, and never the pronoun
_REASONED = re.compile(
    r"\W{0,12}([A-HJ-Z]),?\s(?:because|since|as|which|based|due|I\s(?:think|believe)"
    r"|is\s(?:the\s)?(?:best|correct|right|most|answer))\b(?P<rest>[^\n]*)"
)
# "B" on a line of its own, and then why
_EXPLAINED = re.compile(rf"{_LEAD}([A-Za-z])[\W_]{{0,6}}\n(?P<rest>\S.*)", re.DOTALL)
_TAKES_BACK = re.compile(rf"\W*(?:{CORRECTS}|or|alternatively|but)\b", re.IGNORECASE)
_OPTION_RULES = {Level.STATED: "option_stated", Level.LENIENT: "option_mention"}


@dataclass(frozen=True, slots=True)
class _Reading:
    parts: Parts
    text: str
    letters: Mapping[str, int]
    names: Names


_Rung = Callable[[_Reading], Outcome | None]


def read_letter(answer: str | None, options: Sequence[int], classes: ClassList) -> Outcome:
    """Take an answer apart, climb the ladder and give the outcome of the first rung that decides.

    A text that only repeats the options is `unparsed`. ValueError when there are more options than
    letters.
    """
    if len(options) > len(ascii_uppercase):
        raise ValueError(f"{len(options)} options, but only {len(ascii_uppercase)} letters")
    parts = take_apart(answer)
    text, repeats = without_options(parts.text)
    text = REJECTS.sub(r"\1", text)
    letters = dict(zip(ascii_uppercase, options, strict=False))
    reading = _Reading(parts, text, letters, Names(classes, tuple(options)))
    outcome = climb(_LADDER, reading) or _option_named(reading)
    corrected = {letters.get(letter, outcome.class_id) for letter in CORRECTED.findall(text)}
    if outcome.class_id is not None and corrected - {outcome.class_id}:
        outcome = Outcome(Status.UNPARSED, rule="several_letters")
    if repeats and outcome.status in (Status.OOP, Status.EMPTY):
        outcome = Outcome(Status.UNPARSED, rule=QUESTION)
    own = (QUESTION,) if repeats else outcome.removed
    return replace(outcome, removed=(*parts.removed, *own))


def _option_named(reading: _Reading) -> Outcome:
    named = read_parts(replace(reading.parts, text=reading.text), reading.names)
    level = level_of(named.rule)
    if level is None:
        return named
    behind = BEHIND.search(reading.text)
    if behind and reading.letters.get(behind[1]) not in (None, named.class_id, *named.also):
        return Outcome(Status.UNPARSED, rule="letter_conflict")  # "Dog, C"
    return replace(named, rule=_OPTION_RULES.get(level, "option_name"))


def _letter_outcome(reading: _Reading, letter: str, rule: str) -> Outcome:
    class_id = reading.letters.get(letter.upper())
    if class_id is None:
        return Outcome(Status.OOP, rule="other_letter")
    return Outcome(Status.OK, class_id, rule=rule)


def _strict(reading: _Reading) -> Outcome | None:
    class_id = reading.letters.get(strict_name(reading.parts.answer).upper())
    return None if class_id is None else Outcome(Status.OK, class_id, rule="strict")


def _empty(reading: _Reading) -> Outcome | None:
    return Outcome(Status.EMPTY, rule="empty") if is_blank(reading.text) else None


def _option_name(reading: _Reading) -> Outcome | None:
    # before the letters with a name: "A tench" may be the article and option B
    if _DASHED.match(reading.text):
        return None
    names = reading.names
    ids = names.classes.lookup(reading.parts.answer) or names.find(reading.text)
    if not ids and names.numbered(reading.text)[0]:
        return Outcome(Status.UNPARSED, rule="letter_conflict")
    return names.outcome(ids, "option_name") if ids else None


def _position(reading: _Reading) -> Outcome | None:
    found = position_of(without_opening(reading.text), reading.names)
    if found is None:
        return None
    if found < len(reading.names.order):
        return Outcome(Status.OK, reading.names.order[found], rule="position")
    return Outcome(Status.OOP, rule="other_letter")


def _announced(reading: _Reading) -> Outcome | None:
    found = {_statement(reading, tail) for tail in announced(reading.text)} - {None}
    if len({outcome.class_id for outcome in found if outcome}) > 1:
        return Outcome(Status.UNPARSED, rule="several_letters")
    outcome = next(iter(found), None)
    if outcome is None or outcome.rule not in ("letter", "letter_name", "position"):
        return outcome
    return _stated(reading, outcome)


def _stated(reading: _Reading, outcome: Outcome) -> Outcome:
    """Take a letter as stated, unless the one option that the whole text affirms is another."""
    behind = BEHIND.search(reading.text)
    if behind and reading.letters.get(behind[1], outcome.class_id) != outcome.class_id:
        return Outcome(Status.UNPARSED, rule="several_letters")  # "First choice: B, second: C"
    named = {ids for ids in _meant(reading, reading.text) if reading.names.allows(ids)}
    if len(named) == 1 and outcome.class_id not in named.pop():
        return Outcome(Status.UNPARSED, rule="letter_conflict")
    return replace(outcome, rule="answer_prefix")


def _whole(reading: _Reading) -> Outcome | None:
    return _statement(reading, reading.text)


def _opened(reading: _Reading) -> Outcome | None:
    """Read a letter behind an opening that only announces it ("It's B")."""
    rest = without_opening(SAYING.sub("", reading.text, count=1))
    alone = _ALONE.fullmatch(rest) if rest != reading.text else None
    if alone is None or alone[1] in "ai":
        return None
    return _letter_outcome(reading, alone[1], "answer_prefix")


def _statement(reading: _Reading, text: str) -> Outcome | None:
    """Read a text that begins with its answer; None when it does not begin with a letter."""
    alone = _ALONE.fullmatch(text)
    if alone and any(sign in CROSSES for sign in text):
        return Outcome(Status.UNPARSED, rule="negated")  # "B ❌"
    if alone:
        return _letter_outcome(reading, alone[1], "letter")
    place = position_of(text, reading.names)
    if place is not None and place < len(reading.names.order):
        return Outcome(Status.OK, reading.names.order[place], rule="position")
    return climb((_several_letters, _explained, _marked, _unmarked, _reasoned), reading, text)


def _several_letters(reading: _Reading, text: str) -> Outcome | None:
    found = set(_DELIMITED.findall(text.partition("\n")[0]))
    words = _WORD.findall(text.casefold())
    letters = {word.upper() for word in words if len(word) == 1 and word.isascii()}
    if (
        letters
        and not _SIGNED.search(text)
        and all(len(word) == 1 or word in _JOINING for word in words)
    ):
        if len(letters) == 1:
            return _letter_outcome(reading, letters.pop(), "letter")
        found = letters
    known = found & reading.letters.keys()
    return Outcome(Status.UNPARSED, rule="several_letters") if len(known) > 1 else None


def _explained(reading: _Reading, text: str) -> Outcome | None:
    match = _EXPLAINED.match(text)
    if match is None:
        return None
    second = SECOND.match(match["rest"])
    if second and (second[1] or second[2]) != match[1].upper():
        return Outcome(Status.UNPARSED, rule="several_letters")
    if _TAKES_BACK.match(match["rest"]) or _ALONE.fullmatch(match["rest"].partition("\n")[0]):
        return Outcome(Status.UNPARSED, rule="several_letters")
    return _checked(reading, match[1], match["rest"])


def _marked(reading: _Reading, text: str) -> Outcome | None:
    match = _MARKED.match(text)
    if match and _REJECTED.fullmatch(match["rest"]):
        return Outcome(Status.UNPARSED, rule="negated")
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
    leading = leading_name(rest, reading.names)
    meant = ((leading,) if leading else ()) + _meant(reading, rest)
    named = next((ids for ids in meant if reading.names.allows(ids)), ())
    if named and class_id not in named:
        return Outcome(Status.UNPARSED, rule="letter_conflict")
    return _letter_outcome(reading, letter, "letter_name" if named else "letter")


def _meant(reading: _Reading, text: str) -> tuple[tuple[int, ...], ...]:
    stances = (Stance.AFFIRMED, Stance.HEDGED)
    exact = judged_mentions(text, reading.names.classes)
    mentions = (*exact, *respelled_mentions(text, exact, reading.names.classes))
    found = sorted(mentions, key=lambda item: item.start)
    return tuple(item.ids for item in found if item.stance in stances)


def _chosen(reading: _Reading) -> Outcome | None:
    found = []
    for clause in clauses(reading.text):
        denial = NOT.search(clause.text)
        end = len(clause.text) if denial is None else denial.start()
        if not (declines(clause.text) or DENIAL.search(clause.text)):
            chosen = (each for each in CHOSEN.finditer(clause.text) if each.end(1) <= end)
            found += [(match[1], clause.text) for match in chosen]
    letters = {letter for letter, _ in found}
    if len(letters) != 1:
        return Outcome(Status.UNPARSED, rule="several_letters") if letters else None
    outcome = _checked(reading, letters.pop(), " ".join({text: None for _, text in found}))
    return _stated(reading, outcome) if outcome.status is Status.OK else outcome


def _letters_left(reading: _Reading) -> Outcome | None:
    if DENIED.search(reading.text):
        return Outcome(Status.UNPARSED, rule="negated")
    if PAIR.search(reading.text):
        return Outcome(Status.UNPARSED, rule="several_letters")
    return None


_LADDER: tuple[_Rung, ...] = (
    _strict,
    _empty,
    _option_name,
    _announced,
    _position,
    _whole,
    _opened,
    _chosen,
    _letters_left,
)
