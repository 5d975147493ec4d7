"""A queue of a few images and answers to it, made by hand: for tests of what comes after."""

from collections.abc import Sequence
from typing import Any

from harness.review.answers import AnswerRow
from harness.review.queue import Item, Mode, Queue, Rules, digest
from support import annotators

NAMES = ("ann", "bob", "cyd")


def item(image_id: str, **fields: Any) -> Item:
    """An image with three candidates that all of `NAMES` get."""
    known: dict[str, Any] = {
        "image_sha256": f"sha-{image_id}",
        "why": ("disagree",),
        "group": "S-",
        "labels": {"original": (1,), "again": (2,)},
        "predictions": (),
        "candidates": (1, 2, 5),
        "known": None,
        "annotators": NAMES,
    }
    return Item(image_id=image_id, **(known | fields))


def queue_of(items: Sequence[Item], mode: Mode = "blind", **fields: Any) -> Queue:
    """A queue of ten classes and seed 7."""
    known: dict[str, Any] = {
        "review_queue": 1,
        "mode": mode,
        "seed": 7,
        "n": len(items),
        "overlap": 3,
        "annotators": NAMES,
        "task": "mini_ow",
        "class_list": "mini",
        "n_classes": 10,
        "classes_sha256": "c",
        "base": "again",
        "label_sets": ("original", "again"),
        "rules": Rules(disagree=1),
        "runs": (),
        "items": tuple(items),
    }
    queue = Queue(sha256="", **(known | fields))
    return queue.model_copy(update={"sha256": digest(queue)})


def answer(queue: Queue, image_id: str, annotator: str, *labels: int, **fields: Any) -> AnswerRow:
    """An answer as the page gives it, but for `fields`; of the first pass unless they say so."""
    row = annotators.answer(queue, queue.item_of[image_id], annotator, labels, seconds=4.5)
    return row.model_copy(update={"pass_": queue.passes[0], **fields})
