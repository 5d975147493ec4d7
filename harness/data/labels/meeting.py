"""Which images of a data set a label set knows, and which of its rows are of no image of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.data.image_ids import image_id_of
from harness.data.labels.label_set import LabelSet
from harness.errors import Problem


@dataclass(frozen=True, slots=True)
class Meeting:
    """A label set laid beside the images of a data set; counts of images."""

    name: str
    n_labels: int
    """Images that the label set has a row for."""
    n_met: int
    """Images of the data set that it has a row for."""
    n_unlabelled: int
    """Images of the data set that it has no row for: they are not scored under it."""
    n_left_over: int
    """Rows of the label set that are of no image of the data set."""


def meet(label_set: LabelSet, image_ids: Collection[str]) -> Meeting:
    """Count what a label set and the images of a data set have in common.

    A row without a valid label is a row: the image is known to show none of the classes.
    """
    ids = set(image_ids)
    n_met = len(ids & label_set.labels.keys())
    n_labels = len(label_set.labels)
    return Meeting(label_set.name, n_labels, n_met, len(ids) - n_met, n_labels - n_met)


def foreign(label_set: LabelSet, image_ids: Sequence[str]) -> Problem:
    """Say that a label set knows none of the images of a data set."""
    theirs = next(iter(label_set.labels), "no image")
    fix = f"point to the labels of these images with `--label_set {label_set.name}=PATH`"
    if not {image_id_of(each) for each in label_set.labels}.isdisjoint(image_ids):
        fix = f"write its ids as those of the images: `{image_id_of(theirs)}`, not `{theirs}`"
    return Problem(
        f"label set `{label_set.name}`" + (f", {label_set.source}" if label_set.source else ""),
        "none of its images is in the data set: it is of another data set",
        got=f"labels of `{theirs}`, …",
        expected=f"labels of `{image_ids[0]}`, …",
        fix=fix,
    )
