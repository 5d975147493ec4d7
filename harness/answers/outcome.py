"""What an answer was found to mean: its status, the rules that read it with how sure each is, the
rules of a mapping; and where a stop string ends an answer.

A stop string ends the answer before its first place. One of white space alone is looked for behind
the first visible character only: models often begin with a line break, which ends nothing yet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ParamSpec

_P = ParamSpec("_P")


class Status(StrEnum):
    """What became of an image's request; the counts of the six always sum to n."""

    OK = "ok"
    """The answer is one of the names (or letters) that it could be."""
    OOP = "oop"
    """Out of prompt: an answer, but none of the names that the prompt listed."""
    UNPARSED = "unparsed"
    """Text in which no single answer can be found."""
    REFUSED = "refused"
    """The model declined to answer."""
    EMPTY = "empty"
    """The model answered with nothing."""
    ERROR = "error"
    """The call failed; this is not an answer and is never scored as one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The meaning of one answer.

    `class_id` is the lowest class id that the text stands for, `also` the other ids of the same
    name, `rule` the name of the rule that decided, `removed` what was taken off the text before it
    was read (see `harness.answers.parts`).
    """

    status: Status
    class_id: int | None = None
    also: tuple[int, ...] = ()
    rule: str = ""
    removed: tuple[str, ...] = field(default=(), compare=False)


def climb(
    ladder: Iterable[Callable[_P, Outcome | None]], *args: _P.args, **kwargs: _P.kwargs
) -> Outcome | None:
    """Give the outcome of the first rung that decides; None where none does."""
    outcomes = (rung(*args, **kwargs) for rung in ladder)
    return next((each for each in outcomes if each is not None), None)


class Level(IntEnum):
    """How much of an answer a rule looks past to find a class; lower is more certain."""

    STRICT = 0
    """The text is the name (or the letter) in lower case and stripped, as the paper compares."""
    NORMALIZED = 1
    """The text is the name but for its dress: markup, punctuation, spelling, a number before it."""
    STATED = 2
    """The text says that this is its answer, or begins with it and explains itself."""
    LENIENT = 3
    """A sentence mentions the name, and nothing else of the list."""


LEVELS: Mapping[str, Level] = {
    "strict": Level.STRICT,
    "normalized": Level.NORMALIZED,
    "spelling": Level.NORMALIZED,
    "numbered": Level.NORMALIZED,
    "letter": Level.NORMALIZED,
    "option_name": Level.NORMALIZED,
    "exact": Level.NORMALIZED,
    "answer_prefix": Level.STATED,
    "first_line": Level.STATED,
    "letter_name": Level.STATED,
    "option_stated": Level.STATED,
    "position": Level.STATED,
    "numbered_elsewhere": Level.LENIENT,
    "single_mention": Level.LENIENT,
    "option_mention": Level.LENIENT,
}
"""Every rule of the ladders that gives a class. The other rules say why there is none."""


def level_of(rule: str | None) -> Level | None:
    """Give the level of a row's rule; None for a rule that reads no class from the text."""
    return LEVELS.get(rule or "")


EXACT = "exact"
"""An open-world answer that is a class name, after normalization: no encoder is asked."""
MAPPED = "mapped"
"""The text encoder found the class."""
UNREADABLE = "unreadable"
"""The text encoder cannot read the answer, so that it has no class."""
MAPPED_STATUS = {"ow": Status.OK, "cw": Status.OOP, "cw_plus": Status.OOP}
"""By protocol, which answers are mapped: those of an open world that are no name of the list, the
out-of-prompt of a closed."""


def stop_place(text: str, until: Sequence[str]) -> int | None:
    """Give the length of the answer in a text, where one of the stop strings ends it."""
    begun = len(text) - len(text.lstrip())
    places = [text.find(stop, 0 if stop.strip() else begun) for stop in until]
    return min((place for place in places if place >= 0), default=None)


def cut(text: str, until: Sequence[str]) -> str:
    """Cut a text where the first of the stop strings ends it."""
    return text[: stop_place(text, until)]
