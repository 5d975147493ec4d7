"""Which images a task has, and against what they score, without opening any image."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.classes import ClassList
from harness.data.images.open import dataset_location, open_source
from harness.data.images.source import Source
from harness.data.labels.label_set import LabelSet
from harness.prompts.options import Options, options_of
from harness.prompts.plan import row_order
from harness.runs.bench import (
    Overrides,
    Truths,
    label_set_specs,
    open_truths,
    original_labels,
    task_classes,
)
from harness.specs.catalogue import Catalogue
from harness.specs.task import TaskSpec

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Roster:
    """The images of a task, by id. The source may have no images to read."""

    task: TaskSpec
    classes: ClassList
    source: Source
    truths: Truths
    image_ids: tuple[str, ...]
    """In the task's order, cut to its limit."""


def open_roster(catalogue: Catalogue, task: TaskSpec, overrides: Overrides) -> Roster:
    """Open a task for answers that exist already.

    The ids come from the data set when it is a file or folder here. For a hub id they come from
    the task's original label set (a data set is not fetched for its ids), sorted; a label set that
    is a column of the data set needs the data set itself. Raises SpecError or DataError when a file
    is missing or wrong.
    """
    classes = task_classes(catalogue, task)
    specs = label_set_specs(catalogue, task, overrides)
    columns = [spec.column for spec in specs if spec.column]
    if isinstance(dataset_location(task), Path) or columns:
        source = open_source(task, columns)
        truths = open_truths(task, classes, specs, overrides, source.label_columns())
    else:
        truths = open_truths(task, classes, specs, overrides, {})
        original = next((labels for labels in truths.label_sets if labels.original), None)
        source = open_source(task) if original is None else _labelled(task, original)
    rows = row_order(task, source.ids, original_labels(truths.label_sets))
    return Roster(task, classes, source, truths, tuple(source.ids[row] for row in rows))


def options_for(catalogue: Catalogue, roster: Roster, image_ids: Sequence[str]) -> Options:
    """Choose the options of some of the images, as a run would. Raises as `options_of`."""
    truths = roster.truths
    return options_of(
        catalogue, roster.task, roster.classes, truths.label_sets, truths.equivalences, image_ids
    )


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
