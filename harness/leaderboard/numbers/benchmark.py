"""What a site says of the images and labels that boards have in common, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from harness.data.classes import ClassList
from harness.leaderboard.numbers.pairs import Pairs
from harness.scores.metrics import Group
from harness.scores.results import LabelSetInfo
from harness.specs.model import Kind


@dataclass(frozen=True, slots=True)
class Difference:
    """An image on which the two label sets disagree."""

    image_id: str
    original: tuple[int, ...]
    headline: tuple[int, ...]
    group: Group
    """N, S-, M+ or M-."""


@dataclass(frozen=True, slots=True)
class Voter:
    """A good model, and the ranking in which it is most accurate, which gives its vote."""

    board: str
    """Its slug."""
    entry: str
    model: str
    kind: Kind
    accuracy: float
    claimed: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image whose labels the voters contradict."""

    image_id: str
    labels: tuple[int, ...]
    class_id: int
    """What the voters that name a class name, all of them."""
    n_votes: int
    """How many they are."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the rule marks under the original labels, and what the corrected labels say of that.

    All counts are of images that both label sets know.
    """

    voters: tuple[Voter, ...]
    """The good models by the original labels."""
    n: int
    """Images that the rule marks under the original labels."""
    confirmed: int
    """Of these, the class that the models name is among the corrected labels."""
    gone: int
    """Of these, no original label is among the corrected ones."""
    n_all: int
    """All images with an original label."""
    gone_all: int
    """Of all, no original label is among the corrected ones."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """The suspect images of a benchmark under its headline labels."""

    voters: tuple[Voter, ...]
    """The most accurate one first; fewer than `suspects.FEWEST` mark nothing."""
    images: tuple[Suspect, ...]
    """Those with the most votes first, then by id."""
    control: Control | None
    """None without original labels beside, and with too few good models by them."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The images and labels that boards have in common: one class list and its label sets."""

    name: str
    """Name of the class list."""
    classes: ClassList
    image_ids: tuple[str, ...]
    """Sorted."""
    label_sets: Mapping[str, LabelSetInfo]
    original: str | None
    headline: str
    groups: Mapping[Group, int]
    """How many images each group has under the headline labels."""
    exclusive: tuple[Group, ...]
    """Groups of which an image has at most one, in the order of their codes in data scripts."""
    differences: tuple[Difference, ...]
    images: str | None
    """Where they are, as `images/<benchmark>/{image_id}.png`; None when they may not be shipped."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Of images that lie elsewhere, by id: their addresses, as seen from the top of the site."""
    crossed: Pairs | None = None
    """Runs of different boards, two by two; None where there are none, or too many."""
    suspects: Suspects | None = None
    """Images whose labels the good models contradict; None before there are boards."""

    def class_name(self, class_id: int) -> str:
        """Give the name of a class, or its number when the list does not have it."""
        found = self.classes.by_id.get(class_id)
        return found.name if found else f"class {class_id}"

    def picture(self, image_id: str) -> str | None:
        """Give the address of an image, as seen from the top of the site; None without one."""
        if self.images is not None:
            return self.images.replace("{image_id}", quote(image_id))
        return self.pictures.get(image_id)
