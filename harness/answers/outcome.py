"""What an answer was found to mean."""

from dataclasses import dataclass, field
from enum import StrEnum


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
