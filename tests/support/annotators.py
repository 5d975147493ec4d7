"""People who answer a review's queue, made up: of known accuracy and of known bias."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import harness
from harness.review.answers import AnswerRow
from harness.review.queue import ANSWERS, Item, Queue, order_of

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def chance(*of: object) -> float:
    """A number in [0, 1) that depends on nothing but `of`."""
    digest = hashlib.sha256(json.dumps(of).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def simulate(
    queue: Queue,
    truth: Mapping[str, Collection[int]],
    accuracies: Mapping[str, float],
    seed: int = 0,
    *,
    follows: Mapping[str, float] | None = None,
    confuses: Mapping[str, tuple[int, int]] | None = None,
) -> list[AnswerRow]:
    """Answer every image of every annotator in `accuracies`, in the annotator's own order.

    `truth` gives the right labels of an image, none where no class is right. An annotator gives
    them with the probability in `accuracies`, else a candidate that is wrong (any wrong class,
    where there is none). `confuses` gives an annotator who takes the first class for the second
    whenever it is there. `follows` gives the probability with which an annotator, once the sources
    are shown, answers as the first model that names a class, whatever the own answer was. The same
    arguments give the same rows; images are independent.
    """
    rows: list[AnswerRow] = []
    for name, accuracy in accuracies.items():
        mine = [item for item in queue.items if name in item.annotators]
        mine.sort(key=lambda item: chance("order", seed, name, item.image_id))
        at = BEGIN
        for pass_ in queue.passes:
            for item in mine:
                labels = _own(queue, item, truth[item.image_id], (seed, name, accuracy))
                labels = _confused(labels, (confuses or {}).get(name))
                luck = chance("follow", seed, name, item.image_id)
                if pass_ == "shown" and luck < (follows or {}).get(name, 0):
                    named = (each.classes for each in item.predictions if each.classes)
                    labels = next(named, labels)
                seconds = round(2 + 20 * chance("seconds", seed, name, item.image_id, pass_), 1)
                at += timedelta(seconds=seconds)
                rows.append(answer(queue, item, name, labels, pass_=pass_, seconds=seconds, at=at))
    return rows


def answer(
    queue: Queue,
    item: Item,
    name: str,
    labels: Iterable[int],
    *,
    pass_: str = "blind",
    seconds: float = 5.0,
    at: datetime = BEGIN,
    **more: object,
) -> AnswerRow:
    """One answer; no labels mean that no class is right, unless `status` says otherwise."""
    given = tuple(sorted(labels))
    values = {
        "queue_sha256": queue.sha256,
        "image_id": item.image_id,
        "image_sha256": item.image_sha256,
        "annotator": name,
        "pass": pass_,
        "labels": given,
        "status": "labelled" if given else "none",
        "candidates": item.candidates,
        "order": order_of(queue.seed, item, name),
        "flags": (),
        "comment": "as the picture shows" if pass_ == "adjudicate" else "",
        "seconds": seconds,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "tool_version": harness.__version__,
    }
    return AnswerRow.model_validate(values | more)


def write_answers(folder: Path, rows: Iterable[AnswerRow]) -> None:
    """Append rows to `answers/NAME.jsonl` of a review's folder, each to its annotator's file."""
    (folder / ANSWERS).mkdir(parents=True, exist_ok=True)
    for row in rows:
        with (folder / ANSWERS / f"{row.annotator}.jsonl").open("a", encoding="utf-8") as file:
            file.write(row.line())


def _own(
    queue: Queue, item: Item, right: Collection[int], who: tuple[int, str, float]
) -> tuple[int, ...]:
    seed, name, accuracy = who
    if chance("right", seed, name, item.image_id) < accuracy:
        return tuple(sorted(right))
    wrong = [each for each in item.candidates if each not in right]
    wrong = wrong or [each for each in range(queue.n_classes) if each not in right]
    return (wrong[int(chance("wrong", seed, name, item.image_id) * len(wrong))],)


def _confused(labels: Sequence[int], pair: tuple[int, int] | None) -> tuple[int, ...]:
    return tuple(sorted({pair[1] if pair and each == pair[0] else each for each in labels}))
