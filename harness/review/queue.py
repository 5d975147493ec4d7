"""`queue.json`: which images people review, with everything that is known of them.

It is the organiser's: it holds what annotators must not see. What they see is in `page_data.py`.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, Self, TypeVar, get_args

from pydantic import ConfigDict, ValidationError

from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT
from harness.scores.results import Part, Protocol
from harness.store.lines import read_json, write_json

PartOf = TypeVar("PartOf", bound=Part)
FILE = "queue.json"
ANSWERS = "answers"
"""Folder of the annotators' answers, a file `NAME.jsonl` each, beside `queue.json`."""
PAGE = "page"
"""Folder that annotators get, beside `queue.json`."""

Mode = Literal["blind", "shown", "blind_then_shown", "adjudicate"]
"""What is seen of where a candidate comes from: nothing; all of it; all of it once the first answer
is locked. Or, where people disagreed, their answers without their names."""
Pass = Literal["blind", "shown", "adjudicate"]
ALL_PASSES: Final[tuple[Pass, ...]] = get_args(Pass)
PASSES: Mapping[Mode, tuple[Pass, ...]] = {
    "blind": ("blind",),
    "shown": ("shown",),
    "blind_then_shown": ("blind", "shown"),
    "adjudicate": ("adjudicate",),
}
Why = Literal["disagree", "groups", "split", "low_margin", "oop", "flagged", "control", "honeypot"]


class _Strict(Part):
    """A part of a file that is never read by an older version than wrote it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Predicted(_Strict):
    """What one run answered for an image."""

    model: str
    task: str
    protocol: Protocol
    classes: tuple[int, ...]
    """The class after mapping; none where no class stands for the answer; several only of imported
    answers that name several."""
    answer: str | None
    """As the model gave it."""
    confidence: float | None
    """Share of the first class among the scores, where the run has scores; else null."""
    oop: bool
    """Whether the answer is out of prompt."""


class Vote(_Strict):
    """What one person answered, without the name: of an adjudication."""

    labels: tuple[int, ...]
    status: Literal["labelled", "none", "unsure"]
    comment: str


class Item(_Strict):
    """One image of the queue."""

    image_id: str
    image_sha256: str | None
    """Of the pixels, as in the rows of runs; null where no run has seen the image."""
    why: tuple[Why, ...]
    """The rules that chose it, `control` or `honeypot`; at least one."""
    group: str | None
    """S-, S+, M-, M+ or N under the re-annotated label set; null where there is none."""
    labels: dict[str, tuple[int, ...]]
    """Class ids by label set; a label set that does not know the image is left out."""
    predictions: tuple[Predicted, ...]
    candidates: tuple[int, ...]
    """Union of labels and predictions, ascending. Of a honeypot, distractors too."""
    known: tuple[int, ...] | None
    """Right labels of a honeypot; null for all other images."""
    annotators: tuple[str, ...]
    """Who gets it."""
    votes: tuple[Vote, ...] = ()


class SourceRun(_Strict):
    """A run whose answers are in the queue."""

    path: str
    """As given, the last two parts of it: model and task."""
    model: str
    task: str
    predictions_sha256: str


class Rules(_Strict):
    """How images were chosen. Each rule that is set is one; their union is drawn from."""

    disagree: int | None = None
    """At least so many models answer, in any of their runs, outside the label set."""
    groups: tuple[str, ...] = ()
    """Label groups, as `S-` and `M-`."""
    split: bool = False
    """No class is among the answers of every model that names one."""
    low_margin: float | None = None
    """The image is among so large a share of those for which the two best scores of a model are
    nearest; a share, since each model has scores of its own unit."""
    oop: bool = False
    """A model answered out of prompt."""
    flagged: str | None = None
    """SHA-256 of the file of ids."""
    control: float = 0.1
    """Share of the n images that is drawn at random from all images, whatever the rules say."""
    honeypots: int = 0
    """Images with known labels, besides."""


class Queue(_Strict):
    """The whole file."""

    review_queue: Literal[1]
    sha256: str
    """Of the canonical JSON of all else in the file; the queue's id, in every answer."""
    mode: Mode
    seed: int
    n: int
    """Images without honeypots."""
    overlap: int
    """How many annotators get each image."""
    annotators: tuple[str, ...]
    task: str
    """The task whose images, classes and label sets these are."""
    class_list: str
    n_classes: int
    class_ids: tuple[int, ...] = ()
    """All ids of the class list, ascending; empty where they are 0 to `n_classes` - 1."""
    classes_sha256: str
    """The class list's digest, as in results."""
    base: str
    """The label set against which `disagree` holds answers, and that is corrected."""
    label_sets: tuple[str, ...]
    rules: Rules
    runs: tuple[SourceRun, ...]
    items: tuple[Item, ...]
    n_images: int | None = None
    """All images from which the control share was drawn."""
    n_chosen: int | None = None
    """Of those the images that a rule chooses, from which the others were drawn."""
    adjudicates: str | None = None
    """Of an adjudication: the id of the review whose answers differ; null of all others."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read `queue.json` of a folder. Raises DataError where it is missing, cut off, of a newer
        version, or has been changed since it was made.
        """
        path = folder / FILE
        found = read_part(cls, path, "make it again: harness review make")
        if found.sha256 != digest(found):
            what = "has been changed since it was made"
            fix = "take the file that `harness review make` wrote"
            raise DataError(Problem(str(path), what, digest(found), found.sha256, fix))
        return found

    @cached_property
    def item_of(self) -> Mapping[str, Item]:
        """Image id to item."""
        return {each.image_id: each for each in self.items}

    @cached_property
    def known_classes(self) -> frozenset[int]:
        """The ids of all classes that an answer may name."""
        return frozenset(self.class_ids or range(self.n_classes))

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The passes of its mode, in their order."""
        return PASSES[self.mode]

    def write(self, folder: Path) -> None:
        """Write `queue.json` whole or not at all."""
        write_json(folder / FILE, self.model_dump(mode="json"))


def read_part(kind: type[PartOf], path: Path, fix: str) -> PartOf:
    """Read a whole JSON file. Raises DataError, with the `fix`, for one that is not of its kind."""
    try:
        return kind.model_validate(read_json(path, MOST_TEXT))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(Problem(f"{path}: {where}", first["msg"], fix=fix)) from None


def digest(queue: Queue) -> str:
    """Give the SHA-256 of all of a queue but `sha256` itself."""
    values = queue.model_dump(mode="json", exclude={"sha256"})
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))  # halves of surrogates too
    return hashlib.sha256(text.encode()).hexdigest()


def place(*of: str | int) -> str:
    """Give the SHA-256 of what is given, by which things are put in an order without meaning."""
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()


def order_of(queue_seed: int, item: Item, annotator: str) -> tuple[int, ...]:
    """Give an item's candidates in the order in which one annotator sees them: by the SHA-256 of
    (seed, image, annotator, class), so that place says nothing of where a candidate comes from.
    """
    return tuple(
        sorted(item.candidates, key=lambda each: place(queue_seed, item.image_id, annotator, each))
    )
