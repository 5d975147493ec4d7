"""The order in which a task asks about its images."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from harness.data.sample import chosen_rows
from harness.specs.task import TaskSpec

ORDERS: Mapping[str, int] = {"shuffled": 2, "class_sorted": 2}
"""Version of an order of images, which rises when it would be another; the others are at 1. 2: the
first n images do not depend on n."""


def row_order(task: TaskSpec, ids: Sequence[str], original: Mapping[str, int]) -> list[int]:
    """Give the rows in the order of the task's `image_order`, of which `limit` takes the first,
    and `sample` and `ids` some.

    So the first n rows, and the groups that they are asked in, are the same whatever the limit.
    `shuffled` sorts by a hash of `order_seed` and the image's id; `class_sorted` by the original
    label (images without one last), and keeps the data set's order inside a class. Raises DataError
    as `chosen_rows`.
    """
    rows = list(range(len(ids)))
    if task.image_order == "shuffled":
        rows.sort(key=lambda row: _shuffled_place(task.order_seed, ids[row]))
    elif task.image_order == "class_sorted":
        rows.sort(key=lambda row: (ids[row] not in original, original.get(ids[row], 0)))
    chosen = chosen_rows(task, ids, original)
    if chosen is not None:
        rows = [row for row in rows if row in chosen]
    return rows[: task.limit]


def _shuffled_place(seed: int, image_id: str) -> bytes:
    return hashlib.sha256(json.dumps([seed, image_id]).encode()).digest()
