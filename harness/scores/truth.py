"""The labels of one label set for the images of a run, as arrays, equivalent classes merged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.data.labels.label_set import Equivalences, LabelSet, foreign
from harness.errors import DataError
from harness.scores.answers import NO_CLASS, Bools, Ints, mask_of

_STRIDE = np.int64(2**32)
_IMAGENET_VAL = "ILSVRC2012_val_"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right for n rows under one label set."""

    name: str
    labelled: Bools
    """[n] whether the label set knows the image."""
    n_labels: Ints
    """[n] how many labels the image has after merging; 0 for none and for unknown images."""
    lowest: Ints
    """[n] the lowest of its labels after merging, or -1."""
    pairs: Ints
    """[m] sorted keys of the (row, label) pairs, for `holds`."""
    equivalences: Equivalences

    def holds(self, rows: Ints, class_ids: Ints) -> Bools:
        """Give for (row, class id) pairs of any one shape whether the class is right for the row;
        -1 never is. Class ids are merged here.
        """
        merged = merge_ids(class_ids, self.equivalences)
        found: Bools = np.not_equal(class_ids, NO_CLASS)
        if not len(self.pairs):
            return found & False
        keys = rows * _STRIDE + merged
        places = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
        found &= self.pairs[places] == keys
        return found

    def any_held(self, pairs: Ints) -> Bools:
        """Give which of the n rows have, in (row, class id) pairs [m, 2], a class that is right."""
        rows, class_ids = pairs.T
        return mask_of(len(self.labelled), rows[self.holds(rows, class_ids)])

    def rows_and_labels(self) -> tuple[Ints, Ints]:
        """Give [m] row and label after merging of each pair, by row."""
        return self.pairs // _STRIDE, self.pairs % _STRIDE

    def shares_label(self, other: "Truth") -> Bools:
        """Give which rows [n] have a label in common under both; both with equal equivalences."""
        shared = np.intersect1d(self.pairs, other.pairs, assume_unique=True)
        return mask_of(len(self.labelled), shared // _STRIDE)


def merge_ids(class_ids: Ints, equivalences: Equivalences) -> Ints:
    """Put the lowest id of its group for every class id; -1 stays. Same shape as given."""
    if not equivalences.representative:
        return class_ids
    known = np.array(sorted(equivalences.representative.items()), dtype=np.int64)
    places = np.minimum(np.searchsorted(known[:, 0], class_ids), len(known) - 1)
    return np.where(known[places, 0] == class_ids, known[places, 1], class_ids)


def to_truth(label_set: LabelSet, image_ids: tuple[str, ...], equivalences: Equivalences) -> Truth:
    """Look the images of a run up in a label set; it may know none of them."""
    found = [label_set.labels.get(image_id) for image_id in image_ids]
    labelled = np.fromiter((item is not None for item in found), np.bool_, len(found))
    lengths = np.fromiter((len(item or ()) for item in found), np.int64, len(found))
    flat = np.fromiter(
        (label for item in found if item for label in item), np.int64, int(lengths.sum())
    )
    rows = np.repeat(np.arange(len(found), dtype=np.int64), lengths)
    pairs = np.unique(rows * _STRIDE + merge_ids(flat, equivalences))
    owners, first, counts = np.unique(pairs // _STRIDE, return_index=True, return_counts=True)
    n_labels, lowest = np.zeros_like(lengths), np.full_like(lengths, NO_CLASS)
    n_labels[owners], lowest[owners] = counts, (pairs % _STRIDE)[first]
    return Truth(label_set.name, labelled, n_labels, lowest, pairs, equivalences)


def check_met(
    label_set: LabelSet, truth: Truth, image_ids: Sequence[str], n_images: int | None
) -> None:
    """Raise DataError for a label set that knows none of the rows' images though the rows are of
    all `n_images` of the data set: it is of another data set.

    Rows of a part of the data set (`--limit`, slices, images without a question) may all be outside
    a small label set; nothing is scored under it then. Where the size of the data set is not known,
    rows are taken for all of it, but for ImageNet's validation images, of which any part is usual.
    """
    if truth.labelled.any() or not image_ids:
        return
    part = _is_imagenet(label_set, image_ids) if n_images is None else len(image_ids) < n_images
    if not part:
        raise DataError(foreign(label_set, image_ids))


def _is_imagenet(label_set: LabelSet, image_ids: Sequence[str]) -> bool:
    return all(
        any(image_id.startswith(_IMAGENET_VAL) for image_id in ids)
        for ids in (image_ids, label_set.labels)
    )
