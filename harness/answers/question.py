"""What an answer may name: the class list, or the options of a question, by name or by place; and
the question repeated in an answer.

A model that only repeats what it was asked has not answered, and one that answers and repeats the
question too must be read by its answer. Taken off is what nobody answers: two or more lines (or
marked pieces of a line) that are lettered A, B, … in order, and three or more names of the list one
after another in the order of the prompt.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from harness.answers.mentions import Mention, find_names
from harness.answers.outcome import Outcome, Status
from harness.answers.vocabulary import ORDINALS
from harness.data.classes import ClassList

_NUMBERED = re.compile(r"[\W_]{0,4}(\d{1,6})\s?[.):\-–—](?:\s{1,2}(?=\S)|(?=[^\s\d]))")  # not "7.5"


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

    def find(self, text: str) -> tuple[int, ...]:
        """Give the ids of the name that a text is, but for spelling and its number in the list."""
        ids = self.classes.lookup(text) or self.classes.spelled(text)
        if ids:
            return ids
        numbered, agrees = self.numbered(text)
        return numbered if agrees else ()

    def numbered(self, text: str) -> tuple[tuple[int, ...], bool]:
        """Give the ids of a name behind a number ("132. sparrow"), and whether the number is the
        name's place in the prompt, counted from 1.
        """
        number = _NUMBERED.match(text)
        if number is None:
            return (), False
        rest = text[number.end() :]
        ids = self.classes.lookup(rest) or self.classes.spelled(rest)
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


_PLACE = re.compile(
    r"[\W_]{0,6}(?:the\s)?(?:(?:option|choice|number|answer|no\.)[\W_]{1,3})?"
    rf"(?:(?P<number>\d{{1,2}})(?:st|nd|rd|th)?|(?P<ordinal>{'|'.join(ORDINALS)}))"
    r"(?:\s(?:one|option|choice|answer))?[\W_]{0,6}",
    re.IGNORECASE,
)
_COUNTING = re.compile(
    rf"\d|\b(?:{'|'.join(ORDINALS)}|one|two|three|four|five|six|seven|eight|nine|ten)\b",
    re.IGNORECASE,
)


def position_of(text: str, names: Names) -> int | None:
    """Give the place, from 0, of the option that a whole text counts to; None for other texts.

    Where the name of an option holds a number or an ordinal, its place names nothing.
    """
    match = _PLACE.fullmatch(text)
    if match is None or names.options is None:
        return None
    if any(_COUNTING.search(names.classes.by_id[each].name) for each in names.options):
        return None
    if match["ordinal"]:
        return ORDINALS.index(match["ordinal"].lower())
    return int(match["number"]) - 1 if int(match["number"]) > 0 else len(names.options)


_LETTERED = re.compile(
    r"[^\w\n]{0,8}(?:option\s)?([A-Z])(?:[^\w\n]{0,3}[).:\]=,-][^\n]*|[^\w\n]{0,4})"
)
_INLINE = re.compile(r"(?<![\w.'])\(?([A-Z])[).:]\s?(?=\S)")
_BETWEEN = re.compile(r"[^\w\n]*(?:\n[^\w\n]*)?(?:\d{1,5}[^\w\n]{1,3})?(?:and\s|or\s)?")
_NUMBER_BEFORE = re.compile(r"(?:^|(?<=[\s(]))\d{1,5}[.):]\s{0,3}$")
_FEWEST_LINES, _FEWEST_PIECES, _FEWEST_NAMES = 2, 3, 3


def without_options(text: str) -> tuple[str, bool]:
    """Give a plain text without the lettered options that it repeats, and whether there were any.

    >>> without_options("B\\nA. cat\\nB. dog")
    ('B', True)
    """
    lines = text.split("\n")
    letters = [match[1] if (match := _LETTERED.fullmatch(line)) else "" for line in lines]
    kept: list[str] = []
    place = 0
    while place < len(lines):
        length = _run(letters, place)
        if length < _FEWEST_LINES:
            length = 1
            kept.append(_without_pieces(lines[place]))
        place += length
    rest = "\n".join(line for line in kept if line)
    return rest, rest != text


def _run(letters: Sequence[str], place: int) -> int:
    """Count how many letters from this place on are A, B, C, … in order."""
    length = 0
    for letter, expected in zip(letters[place:], ascii_uppercase, strict=False):
        if letter != expected:
            break
        length += 1
    return length


def _without_pieces(line: str) -> str:
    """Cut a line where "A. … B. … C. …" begins in it."""
    marks = list(_INLINE.finditer(line))
    letters = [mark[1] for mark in marks]
    for place, mark in enumerate(marks):
        if letters[place] == "A" and _run(letters, place) >= _FEWEST_PIECES:
            return line[: mark.start()].rstrip()
    return line


def without_names(text: str, classes: ClassList, order: Sequence[int]) -> tuple[str, bool]:
    """Give a plain text without the names that it lists in the order of the prompt, and whether
    there were any. `order` is the class ids in that order.
    """
    found = tuple(find_names(text, classes))
    if len(found) < _FEWEST_NAMES:
        return text, False
    places = {class_id: place for place, class_id in enumerate(order)}
    kept: list[str] = []
    start = 0
    for run in _listings(text, found, places):
        before = text[start : run[0].start]
        kept.append(_NUMBER_BEFORE.sub("", before))
        start = run[-1].end
    if not kept:
        return text, False
    rest = "".join([*kept, text[start:]])
    lines = (line.strip() for line in rest.split("\n"))
    return "\n".join(line for line in lines if line), True


def _listings(
    text: str, found: Sequence[Mention], places: dict[int, int]
) -> Iterator[Sequence[Mention]]:
    run: list[Mention] = []
    for mention in found:
        if run and _follows(text, run[-1], mention, places):
            run.append(mention)
            continue
        if len(run) >= _FEWEST_NAMES:
            yield run
        run = [mention]
    if len(run) >= _FEWEST_NAMES:
        yield run


def _follows(text: str, last: Mention, this: Mention, places: dict[int, int]) -> bool:
    behind = {places[each] + 1 for each in last.ids if each in places}
    here = {places[each] for each in this.ids if each in places}
    between = text[last.end : this.start]
    apart = between.strip() != "" or "\n" in between
    return not behind.isdisjoint(here) and apart and _BETWEEN.fullmatch(between) is not None
