"""A queue of a few images and answers to it, made by hand: for tests of what comes after."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.review.answers import AnswerRow
from harness.review.queue import Item, Mode, Queue, Rules, digest, order_of

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
    """An answer as the page gives it; the first of labels and nothing else changes it."""
    found = queue.item_of[image_id]
    known: dict[str, Any] = {
        "queue_sha256": queue.sha256,
        "image_id": image_id,
        "image_sha256": found.image_sha256,
        "annotator": annotator,
        "pass_": queue.passes[0],
        "labels": tuple(sorted(labels)),
        "status": "labelled" if labels else "none",
        "candidates": found.candidates,
        "order": order_of(queue.seed, found, annotator),
        "flags": (),
        "comment": "",
        "seconds": 4.5,
        "at": "2026-01-31T12:00:00Z",
        "tool_version": "0",
    }
    return AnswerRow(**(known | fields))


def write(folder: Path, rows: Sequence[AnswerRow]) -> None:
    """Append rows to their annotators' files in a review's folder."""
    (folder / "answers").mkdir(parents=True, exist_ok=True)
    for row in rows:
        path = folder / "answers" / f"{row.annotator}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(row.line())
