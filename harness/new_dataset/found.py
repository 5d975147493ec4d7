"""A labelled data set as it was found, before its classes have ids."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import words
from harness.data.images.source import Source
from harness.errors import Problem

Label = str | int
"""A class as the data name it: a text, or a number."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user says of data that can be understood in several ways."""

    split: str | None = None
    image: str | None = None
    """The column of the images."""
    label: str | None = None
    """The column of the labels."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the images of a task are, by its keys."""

    path: Path
    """`dataset_path`."""
    split: str | None = None
    """`test_split`, of a folder that `datasets` reads."""
    images: str | None = None
    """`doc_to_visual`, of a table."""
    ids: str | None = None
    """`doc_to_id`, of a table."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was understood of a folder or file."""

    form: str
    """In words: how classes are written there."""
    place: Place
    source: Source
    labels: Mapping[str, frozenset[Label]]
    """Image id to its classes; an image without a label is not in it."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Image id to its file, for images that are files of their own."""
    names: tuple[str, ...] | None = None
    """The names of the numbers from 0, where the data have them (`ClassLabel`)."""
    is_folders: bool = False
    """Whether the labels are names of folders."""
    notes: tuple[str, ...] = ()
    """What else a person should know, a sentence each."""

    @property
    def unlabelled(self) -> list[str]:
        """The ids of images without a label."""
        return [each for each in self.source.ids if each not in self.labels]

    @property
    def counts(self) -> Counter[Label]:
        """How many images each class has."""
        return Counter(label for labels in self.labels.values() for label in labels)


def listed(names: Sequence[str], most: int = 5) -> str:
    """List names of the data, each in backquotes and cut where it is long."""
    return words.listed([f"`{name[:60]}`" for name in names], most)


def several_splits(where: str, what: str, names: Sequence[str], expected: str | None) -> Problem:
    """Build the problem of several splits; proposes validation, else one that is not training."""
    usual = min(names, key=lambda each: (each.lower() in ("train", "training"), each[:3] != "val"))
    fix = f"say which one is to be asked about, such as `--split {usual}`"
    what = f"{what} {words.counted(len(names), 'split')}: {listed(names)}"
    return Problem(where, what, expected=expected, fix=fix)
