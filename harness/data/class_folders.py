"""Folders that are named by classes, held against the labels that the data set is scored by."""

import logging
from collections.abc import Mapping

from harness.data.class_names import match_names, numbers_of
from harness.data.classes import ClassList
from harness.data.images.source import Source
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem

log = logging.getLogger("harness")
MOST_CONTRADICTED = 0.5
"""Above this share of the images compared, the labels are those of other images or in another
order. Below it they may be corrected ones, which are reported and taken."""
_SHOWN = 5


def check_class_folders(
    source: Source, classes: ClassList, original: LabelSet | None, same: Equivalences
) -> None:
    """Compare the folders that images lie in with their original labels.

    Nothing is compared where folders are not named by classes, every one of them by a name or
    WordNet id. Differences are a warning; raises DataError when over half of the images differ.
    """
    folders = class_folders(source, classes)
    if original is None or not folders:
        return
    known = {key: original.labels[key] for key in folders if original.labels.get(key)}
    wrong = [
        image_id
        for image_id, ids in known.items()
        if same.merge(folders[image_id]) not in same.merge_all(ids)
    ]
    if not wrong:
        return
    contradiction = f"{len(wrong)} of {len(known)} images lie in the folder of another class than"
    if len(wrong) <= MOST_CONTRADICTED * len(known):
        log.warning("%s label set `%s` says", contradiction, original.name)
        return
    shown = [
        f"`{image_id}` lies in the folder of class {folders[image_id]}, and is labelled "
        f"{' or '.join(map(str, sorted(known[image_id])))}"
        for image_id in wrong[:_SHOWN]
    ]
    raise DataError(
        Problem(
            f"label set `{original.name}`",
            f"{contradiction} it says",
            got="; ".join(shown),
            expected="labels of these images, in the class ids of this list: is the file of other "
            "images, or its classes in another order?",
            fix="correct the labels or the class list, or rename the folders",
        )
    )


def class_folders(source: Source, classes: ClassList) -> Mapping[str, int]:
    """Give image id to the class that its folder is named by; empty where folders are not."""
    if source.folders is None:
        return {}
    names = sorted(set(source.folders))
    named = [(name,) for name in names]
    if len(names) < 2 or numbers_of(named) is not None:
        return {}
    found = match_names(named, classes, [None] * len(named)).found
    meant = {name: each for name, each in zip(names, found, strict=True) if each is not None}
    if len(meant) < len(names):
        return {}
    return {key: meant[name] for key, name in zip(source.ids, source.folders, strict=True)}
