"""What all formats share: what is written, what is read, which image and which class is meant."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from harness.data.classes import ClassList, normalize_name
from harness.data.image_ids import image_id_of, written_id
from harness.data.labels.files import LabelFile
from harness.errors import Problem, nearest
from harness.report.csv_text import cell
from harness.review.answers import AnswerRow, Flag, Status
from harness.review.queue import Pass, Queue

NOT_SURE: Final = -1
"""In a label set: the person cannot say. ReImageNet's label for it."""
Answered = tuple[tuple[int, ...], Status]
"""Class ids, ascending, and the status."""


@dataclass(frozen=True)
class ClassTexts:
    """How classes, `none` and `unsure` are written where a tool shows texts, and read back."""

    classes: ClassList

    @cached_property
    def of(self) -> Mapping[int, str]:
        """Class id to its text: its name, with the id where several classes have this name."""
        counts = Counter(normalize_name(each.name) for each in self.classes.classes)
        return {
            each.id: each.name
            if counts[normalize_name(each.name)] == 1 and each.name not in _SPECIAL
            else f"{each.name} ({each.id})"
            for each in self.classes.classes
        }

    def answer(self, row: AnswerRow) -> list[str]:
        """Give the texts of an answer, at least one."""
        return [self.of[each] for each in row.labels] or [STATUS_TEXT[row.status]]

    def find(self, text: str, *, ids_first: bool = False) -> int | None:
        """Give the class that a text means: its text as above, its name, its WordNet id, an alias
        that no other class has, or its id; None where it means none or several.
        """
        number = int(text) if text.isdecimal() and len(text) < _LONGEST_ID else None
        by_id = number if number in self.classes.by_id else None
        if ids_first and by_id is not None:
            return by_id
        named = self._by_text.get(text)
        if named is None:
            ids = self.classes.lookup(text) or self._by_alias.get(normalize_name(text), ())
            named = ids[0] if len(ids) == 1 else None
        return by_id if named is None else named

    def status(self, text: str) -> Status | None:
        """Give the status that a text is; None for a class."""
        return _SPECIAL.get(text)

    def read(self, texts: Sequence[str], where: str) -> Answered | Problem:
        """Read the texts of one answer, at least one, as `answer` gives them."""
        statuses = {status for text in texts if (status := self.status(text))}
        if statuses and len(set(texts)) > 1:
            fix = "mend the answer: classes, or that there is none"
            what, got = "names a class and that there is none", ", ".join(texts)[:120]
            return Problem(where, what, got, fix=fix)
        if statuses:
            return (), statuses.pop()
        labels = []
        for text in texts:
            found = self.find(text)
            if found is None:
                return self.unknown(where, text)
            labels.append(found)
        return sure(labels), "labelled"

    def unknown(self, where: str, text: str) -> Problem:
        """Give the problem of a text that means no single class."""
        near = nearest(text, list(self.of.values()))
        what = f"a label that is no single class of `{self.classes.name}`"
        fix = f"did you mean `{near}`?" if near else f"write an id, a name, `{NONE}` or `{UNSURE}`"
        return Problem(where, what, text, fix=fix)

    @cached_property
    def _by_text(self) -> Mapping[str, int]:
        found = {each.wnid: each.id for each in self.classes.classes if each.wnid}
        return found | {text: class_id for class_id, text in self.of.items()}

    @cached_property
    def _by_alias(self) -> Mapping[str, tuple[int, ...]]:
        found: defaultdict[str, dict[int, None]] = defaultdict(dict)
        for each in self.classes.classes:
            for name in each.aliases:
                found[normalize_name(name)][each.id] = None
        return {name: tuple(ids) for name, ids in found.items()}


NONE, UNSURE = "none", "unsure"
"""How these statuses are written in CSV."""
STATUS_TEXT: Mapping[Status, str] = {"none": "none of these classes", "unsure": "not sure"}
"""How they are written elsewhere; a form offers them in this order."""
_SPECIAL: Mapping[str, Status] = {
    NONE: "none", UNSURE: "unsure", **{text: status for status, text in STATUS_TEXT.items()}
}  # fmt: skip
_LONGEST_ID = 19


@dataclass(frozen=True, slots=True)
class Source:
    """What is written."""

    queue: Queue
    rows: tuple[AnswerRow, ...]
    """Answers that count, of all annotators and of the passes that were asked for."""
    texts: ClassTexts
    labels: Mapping[str, frozenset[int]]
    """Image id to labels, for the formats that hold one label set; with `NOT_SURE` where a person
    cannot say. Empty without one."""
    original: Mapping[str, frozenset[int]]
    """The original labels; empty where they are not known."""
    image: str = "{image_id}"
    """How an image is addressed."""

    def address(self, image_id: str) -> str:
        """Give an image's address."""
        return self.image.replace("{image_id}", image_id)

    def by_image(self) -> Mapping[str, list[AnswerRow]]:
        """Give the answers of each image of the queue, which may be none, in the queue's order."""
        found: dict[str, list[AnswerRow]] = {each.image_id: [] for each in self.queue.items}
        for row in self.rows:
            found[row.image_id].append(row)
        return found


@dataclass(frozen=True)
class Target:
    """What is read for."""

    queue: Queue
    texts: ClassTexts
    names: Mapping[str, str] = field(default_factory=dict)
    """Names in the file to those of annotators, where they differ."""

    def other_queue(self, sha256: object, where: str) -> Problem | None:
        """Give the problem of a file that says it was exported for another queue; else None."""
        if sha256 is None or sha256 == self.queue.sha256:
            return None
        fix = "import it into the review that it was exported from"
        return Problem(where, "is of another queue", str(sha256), self.queue.sha256, fix)

    def image(self, name: str) -> str | None:
        """Give the id of the image that has this id, or this file name, or whose id stands so in
        CSV; None where there is none, or several.
        """
        for each in (name, written_id(name)):
            if each in self.queue.item_of:
                return each
        return self._images.get(name) or self._images.get(image_id_of(name))

    @cached_property
    def _images(self) -> Mapping[str, str]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for each in self.queue.item_of:
            found[cell(each)].add(each)
            found[image_id_of(each)].add(each)
        return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}

    def person(self, name: str) -> str | None:
        """Give the annotator whom a name in the file means; None where there is none."""
        found = self.names.get(name, name)
        return found if found in self.queue.annotators else None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as another tool has it; None where its format cannot say."""

    where: str
    """File and line or place, for messages."""
    image: str
    """As the file names it."""
    labels: tuple[int, ...]
    status: Status
    annotator: str | None = None
    pass_: Pass | None = None
    flags: tuple[Flag, ...] = ()
    comment: str = ""
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds."""

    given: tuple[Given, ...]
    notes: tuple[str, ...] = ()
    """What it holds that is not taken, a sentence each."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how it is written and read."""

    name: str
    write: Callable[[Source], str]
    read: Callable[[LabelFile, Target], Found]
    """Raises DataError with every problem of the file, ten in full."""
    loses: str
    """What of an answer it does not keep."""
    is_label_set: bool = False
    """It holds one label set and nobody's name."""
    takes_labels: bool = False
    """Whether a label set may stand beside the answers."""
    has_pass: bool = True
    """Whether it can say which pass an answer is of."""
    has_queue: bool = False
    """Whether it is of use before there is an answer: it shows images and what models say."""


def sure(labels: Iterable[int]) -> tuple[int, ...]:
    """Give labels ascending, each once."""
    return tuple(sorted(set(labels)))
