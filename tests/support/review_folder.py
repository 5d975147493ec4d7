"""A review's folder whose queue and pictures are made up, in the form that `harness review make`
gives it: for tests of the page and the server.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

import harness.review
from harness.review.queue import ANSWERS, PAGE, Queue, Vote, digest, order_of
from support.reviews import made_up_queue

NAMES = ("tench", "red fox", "sea lion", "lampshade", "kayak", "acorn")
COLOURS = ("#7a8f3c", "#c0562b", "#5c6f88", "#e3c16f", "#2f7fb5", "#8a5a2b")
ALIASES = {1: ["Vulpes vulpes"], 4: ["canoe, closed"], 5: ["oak nut"]}
GLOSSES = {0: "freshwater dace-like fish", 3: "a shade over a light bulb", 5: "fruit of the oak"}


def make_folder(
    folder: Path,
    mode: str = "blind",
    n: int = 20,
    *,
    names: tuple[str, ...] = NAMES,
    has_images: bool = True,
    queue: Queue | None = None,
) -> Queue:
    """Make `folder`: the queue of `made_up_queue` for `ann` and `bob`, and their page."""
    queue = queue or made_up_queue(n, ("ann", "bob"), mode=mode)
    if mode == "adjudicate":
        queue = _with_votes(queue)
    page = folder / PAGE
    (page / "annotators").mkdir(parents=True)
    (folder / ANSWERS).mkdir()
    queue.write(folder)
    for file in (Path(harness.review.__file__).parent / "page").iterdir():
        shutil.copy(file, page / file.name)
    pictures = page / "images" if has_images else folder / "pictures"
    pictures.mkdir()
    for place, item in enumerate(queue.items):
        name = f"{_hash(item.image_id)}.jpg" if has_images else f"{item.image_id}.jpg"
        _picture(place, pictures / name)
    about = {
        "queue_sha256": queue.sha256,
        "mode": mode,
        "tool_version": harness.__version__,
        "task": queue.task,
        "class_list": queue.class_list,
        "annotators": queue.annotators,
        "has_images": has_images,
    }
    _script(page / "queue.js", "REVIEW_QUEUE", about)
    _script(page / "classes.js", "REVIEW_CLASSES", _classes(names, queue if has_images else None))
    for annotator in queue.annotators:
        _annotator(page / "annotators", queue, annotator, has_images)
    return queue


def _annotator(folder: Path, queue: Queue, name: str, has_images: bool) -> None:
    items = [
        {
            "image_id": item.image_id,
            "image_sha256": item.image_sha256,
            "image": f"images/{_hash(item.image_id)}.jpg" if has_images else None,
            "file": None if has_images else f"{item.image_id}.jpg",
            "order": order_of(queue.seed, item, name),
            "votes": [vote.model_dump(mode="json") for vote in item.votes],
        }
        for item in queue.items
        if name in item.annotators
    ]
    _script(folder / f"{name}.js", "REVIEW_ITEMS", {"annotator": name, "items": items})
    if queue.mode in ("shown", "blind_then_shown"):
        shown = {item.image_id: _sources(item) for item in queue.items}
        _script(folder / f"{name}.shown.js", "REVIEW_SHOWN", shown)


def _sources(item: Any) -> dict[int, list[dict[str, object]]]:
    found: dict[int, list[dict[str, object]]] = {each: [] for each in item.candidates}
    for name, ids in item.labels.items():
        for each in ids:
            found[each].append({"source": f"label set {name}", "confidence": None})
    for run in item.predictions:
        for each in run.classes:
            found[each].append({"source": f"model {run.model}", "confidence": run.confidence})
    return found


def _classes(names: tuple[str, ...], queue: Queue | None) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "name": name,
            "aliases": ALIASES.get(number, []),
            "gloss": GLOSSES.get(number),
            "examples": [f"images/{_hash(queue.items[number].image_id)}.jpg"] if queue else [],
        }
        for number, name in enumerate(names)
    ]


def _with_votes(queue: Queue) -> Queue:
    votes = (
        Vote(labels=(0, 1), status="labelled", comment="Both are in it, the second at the edge."),
        Vote(labels=(2,), status="labelled", comment=""),
        Vote(labels=(), status="unsure", comment=""),
    )
    items = tuple(item.model_copy(update={"votes": votes}) for item in queue.items)
    queue = queue.model_copy(update={"items": items})
    return queue.model_copy(update={"sha256": digest(queue)})


def _script(path: Path, name: str, value: object) -> None:
    path.write_text(f"window.{name} = {json.dumps(value)};\n", encoding="utf-8")


def _hash(image_id: str) -> str:
    return hashlib.sha256(image_id.encode()).hexdigest()[:16]


def _picture(place: int, path: Path) -> None:
    image = Image.new("RGB", (320, 240), COLOURS[place % len(COLOURS)])
    draw = ImageDraw.Draw(image)
    draw.ellipse((30 + 8 * (place % 9), 60, 190, 200), fill=COLOURS[(place + 2) % len(COLOURS)])
    draw.rectangle((200, 30 + 5 * (place % 7), 290, 160), outline="white", width=5)
    image.save(path, quality=80)
