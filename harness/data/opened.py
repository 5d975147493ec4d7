"""A task with what it names opened: its classes, its label sets, its images."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.data.class_lists import load_class_list
from harness.data.class_names import match_names, numbers_of
from harness.data.classes import ClassList
from harness.data.images.source import Source, dataset_location, open_source
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.of_task import NO_OVERRIDES, Overrides, label_set_specs, open_labels
from harness.data.sample import limit_of, row_order
from harness.errors import DataError, Problem
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.task import TaskSpec

log = logging.getLogger("harness")
MOST_CONTRADICTED = 0.5
"""Above this share, labels are of other images or in another order; below, perhaps corrected."""
_SHOWN = 5


def check_class_folders(
    source: Source, classes: ClassList, original: LabelSet | None, same: Equivalences
) -> None:
    """Compare the folders that images lie in with their original labels, if classes name them all.

    Differences are a warning; raises DataError when over half of the images differ.
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
    where, what = f"label set `{original.name}`", f"{contradiction} it says"
    expected = "labels of these images, in the class ids of this list: is the file of other "
    expected += "images, or its classes in another order?"
    fix = "correct the labels or the class list, or rename the folders"
    raise DataError(Problem(where, what, "; ".join(shown), expected, fix))


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


Images = Literal["pixels", "ids", "none"]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task as it is today."""

    catalogue: Catalogue
    task: TaskSpec
    classes: ClassList
    """Under the task's name set."""
    labels: Labels
    images: Source | None = None
    """The whole data set; None where it was not asked for."""
    rows: tuple[int, ...] = ()
    """The images of `images` that the task asks about, in its order: all, the first, a sample."""

    @property
    def source(self) -> Source:
        """The whole data set of a task that was opened with its images, or their ids."""
        assert self.images is not None
        return self.images

    @property
    def limit(self) -> int | None:
        """How many images the task's `limit` takes; None without one."""
        return limit_of(self.task, len(self.source))

    @property
    def image_ids(self) -> tuple[str, ...]:
        """The images that the task asks about, in its order."""
        return tuple(self.source.ids[row] for row in self.rows)


def open_task(
    catalogue: Catalogue,
    task: TaskSpec,
    overrides: Overrides = NO_OVERRIDES,
    images: Images = "pixels",
    classes: ClassList | None = None,
) -> OpenTask:
    """Open a task. Raises SpecError or DataError when a file that it needs is missing or wrong.

    With `images="ids"`, for answers that exist already, the ids come from the data set when it is a
    file or folder here. For a hub id they come from the task's original label set (a data set is
    not fetched for its ids), sorted. With "none", as for rows that exist already, the data set is
    opened only for a label set that is one of its columns. `classes` are the task's, where the
    caller has loaded them already.
    """
    classes = classes or task_classes(catalogue, task)
    specs = label_set_specs(catalogue, task, overrides)
    columns = [spec.column for spec in specs if spec.column]
    source: Source | None = None
    is_here = images == "ids" and isinstance(dataset_location(task), Path)
    if images == "pixels" or columns or is_here:
        source = open_source(task, columns)
    found = source.label_columns() if source else {}
    labels = open_labels(task, classes, specs, overrides, found)
    if images == "none":
        for name in labels.missing:
            log.warning("label set `%s` is not on this machine; the others still score", name)
        return OpenTask(catalogue, task, classes, labels)
    if source is None:
        source = _labelled(task, labels.original) if labels.original else open_source(task)
    if images == "pixels":
        check_class_folders(source, classes, labels.original, labels.equivalences)
    rows = row_order(task, source.ids, labels.original_classes, from_files=source.ids_from_files)
    return OpenTask(catalogue, task, classes, labels, source, tuple(rows))


def require_images(opened: OpenTask) -> None:
    """Raise DataError for a task whose data are ids alone: no model can be asked about those."""
    if opened.source.read is None:
        task = opened.task
        what = "its data set has no images, so that no model can be asked"
        got = f"{opened.source.location}, without a column `{task.doc_to_visual}`"
        expected = "the column of the images in `doc_to_visual`"
        fix = "correct it or `dataset_path`; answers that exist already come in by `harness import`"
        raise DataError(Problem(f"task `{task.task}`", what, got, expected, fix))


def task_classes(catalogue: Catalogue, task: TaskSpec) -> ClassList:
    """Load the class list that a task names, under the task's name set."""
    return load_class_list(load_class_list_spec(catalogue, task.class_list), task.name_set)


def _labelled(task: TaskSpec, labels: LabelSet) -> Source:
    ids = tuple(sorted(labels.labels))
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    log.info("the data set is on the hub; the %d ids come from `%s`", len(ids), labels.name)
    return Source(
        ids=ids,
        read=None,
        fingerprint=digest,
        location=f"label set {labels.name}",
        ids_from_files=task.doc_to_id is None,
    )
