"""What can be wrong with an answer to a queue."""

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from harness.data.image_ids import fault_of
from harness.errors import Problem, suggestion
from harness.review.queue import Item, Queue, order_of

if TYPE_CHECKING:
    from harness.review.answers import AnswerRow

MOST_COMMENT: Final = 2_000
"""Characters of a comment."""
_SHOWN = 8
_FIX = "take the row out, and answer the image again: harness review serve"


def faults(queue: Queue, row: "AnswerRow") -> Iterator[Problem]:
    """Give all that is wrong with an answer, without where it stands; see `wrong_with`."""
    if row.queue_sha256 != queue.sha256:
        fix = "put it into the folder of its own queue"
        yield _fault("is of another queue", row.queue_sha256, queue.sha256, fix)
    item = queue.item_of.get(row.image_id)
    if item is None:
        fix = suggestion(row.image_id, list(queue.item_of)) or "take the row out"
        yield _fault("is of an image that is not in the queue", row.image_id, fix=fix)
        return
    if row.annotator not in item.annotators:
        expected = ", ".join(item.annotators) or "nobody"
        what, fix = "is of an annotator who does not get the image", "take the row out"
        yield _fault(what, row.annotator, expected, fix)
    if row.pass_ not in queue.passes:
        what = f"is of a pass that a queue of mode {queue.mode} does not have"
        yield _fault(what, row.pass_, " or ".join(queue.passes))
    yield from _label_faults(queue, row)
    yield from _shown_faults(queue, row, item)
    yield from _other_faults(row)


def _fault(what: str, got: str, expected: str | None = None, fix: str = _FIX) -> Problem:
    return Problem("", what, got, expected, fix)


def _label_faults(queue: Queue, row: "AnswerRow") -> Iterator[Problem]:
    unknown = [each for each in row.labels if each not in queue.known_classes]
    if unknown:
        ids = sorted(queue.known_classes)
        expected = f"the {len(ids)} classes of `{queue.class_list}`, {ids[0]} to {ids[-1]}"
        yield _fault("has labels that are no class", _listed(unknown), expected)
    if list(row.labels) != sorted(set(row.labels)):
        expected = "each class once, ascending"
        yield _fault("has labels out of order or twice", _listed(row.labels), expected)
    if (row.status == "labelled") != bool(row.labels):
        got = f"status {row.status}, labels {_listed(row.labels)}"
        expected = "labels with status labelled, and with no other"
        yield _fault("has a status that its labels do not fit", got, expected)


def _shown_faults(queue: Queue, row: "AnswerRow", item: Item) -> Iterator[Problem]:
    if row.image_sha256 != item.image_sha256 and not (row.is_imported and not row.image_sha256):
        what = "is of other pixels than the queue's"
        yield _fault(what, str(row.image_sha256), str(item.image_sha256))
    if row.candidates != item.candidates:
        what = "has candidates that are not the item's"
        yield _fault(what, _listed(row.candidates), _listed(item.candidates))
    order = order_of(queue.seed, item, row.annotator)
    if row.order != order and not (row.is_imported and not row.order):
        what = "has candidates in another order than this annotator sees"
        yield _fault(what, _listed(row.order), _listed(order))


def _other_faults(row: "AnswerRow") -> Iterator[Problem]:
    if len(row.comment) > MOST_COMMENT:
        got, expected = f"{len(row.comment)} characters", f"at most {MOST_COMMENT}"
        yield _fault("has a comment that is too long", got, expected)
    if row.comment and (fault := fault_of(row.comment)) is not None:
        got, fix = ascii(row.comment)[:80], "write the comment in letters that are seen"
        yield _fault(f"has a comment that {fault}", got, fix=fix)
    if row.pass_ == "adjudicate" and not row.comment.strip():
        yield _fault("has no reason", "an empty comment", "why, in `comment`")
    if row.seconds is not None and not (math.isfinite(row.seconds) and row.seconds >= 0):
        yield _fault("has seconds that are none", str(row.seconds), "0 or more")
    if not _is_time(row):
        expected = "ISO 8601 in UTC, as 2026-01-31T12:00:00Z"
        yield _fault("has a time that is none", str(row.at), expected)


def _is_time(row: "AnswerRow") -> bool:
    try:
        time = row.time
    except ValueError:
        return False
    return row.is_imported if time is None else time.utcoffset() == timedelta(0)


def _listed(ids: Sequence[int]) -> str:
    rest = f", … ({len(ids)})" if len(ids) > _SHOWN else ""
    return (", ".join(map(str, ids[:_SHOWN])) + rest) if ids else "none"
