"""A review's folder whose queue and pictures are made up, in the form that `harness review make`
gives it: for tests of the page and the server.
"""

import hashlib
from pathlib import Path

from PIL import Image, ImageDraw

from harness.review.page_data import copy_page, write_items, write_queue_data, write_script
from harness.review.queue import ANSWERS, PAGE, Queue, Vote, digest
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
) -> Queue:
    """Make `folder`: the queue of `made_up_queue` for `ann` and `bob`, and their page."""
    queue = made_up_queue(n, ("ann", "bob"), mode=mode)
    if mode == "adjudicate":
        queue = _with_votes(queue)
    folder.mkdir(parents=True, exist_ok=True)
    queue.write(folder)
    (folder / ANSWERS).mkdir()
    copy_page(folder)
    pictures = folder / PAGE / "images" if has_images else folder / "pictures"
    pictures.mkdir()
    names_of = {each.image_id: _hash(each.image_id) for each in queue.items}
    images = {each: f"images/{name}.jpg" for each, name in names_of.items()} if has_images else {}
    for place, item in enumerate(queue.items):
        name = names_of[item.image_id] if has_images else item.image_id
        _picture(place, pictures / f"{name}.jpg")
    write_queue_data(folder, queue, has_images=has_images)
    classes = _classes(names, queue if has_images else None)
    write_script(folder / PAGE / "classes.js", "REVIEW_CLASSES", classes)
    write_items(folder, queue, images, {each: f"{each}.jpg" for each in names_of})
    return queue


def _classes(names: tuple[str, ...], queue: Queue | None) -> list[dict[str, object]]:
    examples = [f"images/{_hash(queue.items[0].image_id)}.jpg"] if queue else []
    return [
        {
            "id": number,
            "name": name,
            "aliases": ALIASES.get(number, []),
            "gloss": GLOSSES.get(number),
            "examples": examples,
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


def _hash(image_id: str) -> str:
    return hashlib.sha256(image_id.encode()).hexdigest()[:16]


def _picture(place: int, path: Path) -> None:
    image = Image.new("RGB", (320, 240), COLOURS[place % len(COLOURS)])
    draw = ImageDraw.Draw(image)
    draw.ellipse((30 + 8 * (place % 9), 60, 190, 200), fill=COLOURS[(place + 2) % len(COLOURS)])
    draw.rectangle((200, 30 + 5 * (place % 7), 290, 160), outline="white", width=5)
    image.save(path, quality=80)
