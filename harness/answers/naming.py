"""What an answer may name: the class list, or the options of a question."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.answers.outcome import Outcome, Status
from harness.data.classes import ClassList

_NUMBERED = re.compile(r"[\W_]{0,4}(\d{1,6})\s?[.):\-–—]\s{0,2}(?=\S)")


@dataclass(frozen=True, slots=True)
class Names:
    """What an answer may name: a class list and, for multiple choice, the ids that were options.

    With options, the other names of the list are known but count as out of prompt.
    """

    classes: ClassList
    options: tuple[int, ...] | None = None

    @property
    def order(self) -> Sequence[int]:
        """Class ids in the order in which the prompt lists them."""
        return self.classes.ids if self.options is None else self.options

    def lookup(self, text: str) -> tuple[int, ...]:
        """Give the ids that bear this name after normalization, ascending; () for no name."""
        return self.classes.lookup(text)

    def find(self, text: str) -> tuple[int, ...]:
        """Give the ids of the name that a text is, but for spelling and its number in the list."""
        ids = self.lookup(text) or self.spelled(text)
        if ids:
            return ids
        numbered, agrees = self.numbered(text)
        return numbered if agrees else ()

    def spelled(self, text: str) -> tuple[int, ...]:
        """Give the ids of the one name that is spelled so but for blanks, apostrophes, plural."""
        return self.classes.spelled(text)

    def numbered(self, text: str) -> tuple[tuple[int, ...], bool]:
        """Give the ids of a name behind a number ("132. sparrow"), and whether the number is the
        name's place in the prompt, counted from 1.
        """
        number = _NUMBERED.match(text)
        if number is None:
            return (), False
        rest = text[number.end() :]
        ids = self.lookup(rest) or self.spelled(rest)
        place = int(number[1]) - 1
        agrees = place in range(len(self.order)) and self.order[place] in ids
        return ids, agrees

    def allows(self, ids: Iterable[int]) -> bool:
        """Whether one of the ids was listed in the prompt."""
        return self.options is None or not set(self.options).isdisjoint(ids)

    def outcome(self, ids: Iterable[int], rule: str) -> Outcome:
        """Give the outcome for a name that the ids bear: the lowest id, and the others beside."""
        held = sorted(ids if self.options is None else set(self.options).intersection(ids))
        if not held:
            return Outcome(Status.OOP, rule="other_name")
        return Outcome(Status.OK, held[0], tuple(held[1:]), rule)
