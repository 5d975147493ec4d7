"""What a site says of the images and labels that boards have in common, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from harness.data.classes import ClassList
from harness.leaderboard.numbers.pairs import Pairs
from harness.leaderboard.numbers.suspects import Suspects
from harness.scores.metrics import Group
from harness.scores.results import LabelSetInfo


@dataclass(frozen=True, slots=True)
class Difference:
    """An image on which the two label sets disagree."""

    image_id: str
    original: tuple[int, ...]
    headline: tuple[int, ...]
    group: Group
    """N, S-, M+ or M-."""


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
    """Where the images are in the site, as `images/<benchmark>/{image_id}.png`; None when they may
    not be shipped."""
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
