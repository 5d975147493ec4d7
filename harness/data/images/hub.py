"""What the hub says of a data set, and its first image; the split is not fetched."""

from dataclasses import dataclass
from typing import Any

import datasets
from PIL import Image

from harness.data.images.pixels import decode_image
from harness.data.images.table import load_split
from harness.errors import DataError, Problem, first_line
from harness.specs.task import TaskSpec


@dataclass(frozen=True, slots=True)
class HubCopy:
    """One split of a data set on the hub."""

    commit: str
    n: int | None
    """Rows of the split; None where its card does not say."""
    names: tuple[str, ...] | None
    """The names of the label column's numbers; None where it has none."""
    first_label: object
    """What the label column holds for the first image."""
    first: Image.Image


def look_at_hub(task: TaskSpec, label: str) -> HubCopy:
    """Ask the hub for the data set of a task, and read its first row with the column `label`.

    Raises DataError without id, revision, split, columns, readable first image or connection.
    """
    where = f"task `{task.task}`"
    try:
        return _look(task, label, where)
    except DataError:
        raise
    except Exception as error:  # the clients of the hub, and theirs, have kinds of their own
        got = f"{task.dataset_path}: {first_line(error)}"
        fix = "check the id and the revision, the connection, and `hf auth login` if it is gated"
        what = "its data set on the hub cannot be read"
        raise DataError(Problem(where, what, got, fix=fix)) from error


def _look(task: TaskSpec, label: str, where: str) -> HubCopy:
    from huggingface_hub import HfApi

    commit = HfApi().dataset_info(task.dataset_path, revision=task.revision).sha
    data = load_split(task, task.dataset_path, streaming=True)
    features = data.features or {}
    absent = [each for each in (task.doc_to_visual, label) if each not in features]
    if absent:
        problem = Problem(where, f"its data set has no column `{absent[0]}`")
        raise DataError(problem.among(absent[0], list(features)))
    kind = features[label]
    row = next(iter(data.cast_column(task.doc_to_visual, datasets.Image(decode=False))))
    picture = row[task.doc_to_visual]
    return HubCopy(
        commit=str(commit),
        n=_rows(data, task),
        names=tuple(kind.names) if isinstance(kind, datasets.ClassLabel) else None,
        first_label=row[label],
        first=decode_image(picture["bytes"] or picture["path"], "its first image"),
    )


def _rows(data: Any, task: TaskSpec) -> int | None:
    split = (data.info.splits or {}).get(task.test_split)
    return int(split.num_examples) if split and split.num_examples else None
