"""How sure a reading is: each rule that finds a class, with its level from certain to lenient."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


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


LEVELS: Mapping[str, Level] = MappingProxyType(
    {
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
)
"""Every rule of the ladders that gives a class. The other rules say why there is none."""


def level_of(rule: str | None) -> Level | None:
    """Give the level of a row's rule; None for a rule that reads no class from the text."""
    return LEVELS.get(rule or "")
