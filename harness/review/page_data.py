"""What annotators get: the page's own files, and scripts of one statement that hand it its data, as
a page that is opened from a disk may load scripts but not fetch files.

In a blind queue nothing here depends on where a candidate comes from, which rule chose an image, or
which one is a honeypot.
"""

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import harness
from harness.data.images.pixels import ImageError, pixels_sha256
from harness.data.images.source import Source
from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT, parse_json_text, read_bounded_text
from harness.review.drawing import label_of
from harness.review.queue import PAGE, Item, Queue, order_of, place
from harness.review.sources import Sources

if TYPE_CHECKING:
    from PIL import Image

SHOWN: Final = ".shown.js"
EXAMPLES = 3
"""Example images of a class, at most."""
_IMAGENET = re.compile(r"ILSVRC2012_val_\d{8}", re.ASCII)
_EXAMPLE_SIDE = 160
_JPEG: Mapping[str, int] = {"quality": 95, "subsampling": 0}
"""So good that nobody sees a difference, in small images too."""
_OWN_FILES = Path(__file__).parent / "page"
_ACTS = {ord(each): f"\\u{ord(each):04x}" for each in "<>&'\u007f"}
"""What could end a script or begin markup, were the text ever pasted into a page."""
Images = Mapping[str, str]
"""Image id to the path of its file inside the page's folder."""


def write_script(path: Path, name: str, value: Any) -> None:
    """Write a script that sets `window.NAME` to a JSON value, in plain ASCII."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    line = f"window.{name} = {text.translate(_ACTS)};\n"
    path.write_text(line, encoding="ascii", newline="\n")


def read_script(path: Path, name: str) -> Any:
    """Read the value of a script that `write_script` wrote. Raises DataError for any other."""
    text = read_bounded_text(path, MOST_TEXT)
    start, fix = f"window.{name} = ", "make the review again: harness review make"
    if not text.startswith(start) or not text.endswith(";\n"):
        raise DataError(Problem(str(path), f"does not set {name}", got=text[:60], fix=fix))
    try:
        return parse_json_text(text[len(start) : -2])
    except ValueError as error:
        raise DataError(Problem(str(path), "holds no JSON", got=str(error), fix=fix)) from error


def copy_page(folder: Path) -> None:
    """Put the page's own files into a review's folder."""
    shutil.copytree(_OWN_FILES, folder / PAGE, copy_function=shutil.copyfile)


def write_queue_data(folder: Path, queue: Queue, *, has_images: bool) -> None:
    """Write what the page knows of a queue as a whole."""
    value = {
        "queue_sha256": queue.sha256,
        "mode": queue.mode,
        "tool_version": harness.__version__,
        "task": queue.task,
        "class_list": queue.class_list,
        "annotators": list(queue.annotators),
        "has_images": has_images,
    }
    write_script(folder / PAGE / "queue.js", "REVIEW_QUEUE", value)


def write_classes(folder: Path, sources: Sources, examples: Mapping[int, list[str]]) -> None:
    """Write the classes, for the search over all of them."""
    value = [
        {
            "id": each.id,
            "name": each.name,
            "aliases": list(each.aliases),
            "gloss": each.gloss,
            "examples": examples.get(each.id, []),
        }
        for each in sources.classes.classes
    ]
    write_script(folder / PAGE / "classes.js", "REVIEW_CLASSES", value)


def write_items(folder: Path, queue: Queue, images: Images, files: Mapping[str, str]) -> None:
    """Write each annotator's images in an order of their own, in the modes that show them with the
    sources of the candidates. `files` are the names of the images that are not in `images`.
    """
    sources = _shown_sources(queue) if queue.mode in ("shown", "blind_then_shown") else None
    for name in queue.annotators:
        mine = [item for item in queue.items if name in item.annotators]
        mine.sort(key=lambda item: place("order", queue.seed, name, item.image_id))
        value = {
            "annotator": name,
            "items": [_item(queue, each, name, images, files) for each in mine],
        }
        base = folder / PAGE / "annotators"
        write_script(base / f"{name}.js", "REVIEW_ITEMS", value)
        if sources is not None:
            shown = {item.image_id: sources[item.image_id] for item in mine}
            write_script(base / f"{name}{SHOWN}", "REVIEW_SHOWN", shown)


def _item(
    queue: Queue, item: Item, annotator: str, images: Images, files: Mapping[str, str]
) -> dict[str, Any]:
    image = images.get(item.image_id)
    return {
        "image_id": item.image_id,
        "image_sha256": item.image_sha256,
        "image": image,
        "file": None if image else files[item.image_id],
        "order": list(order_of(queue.seed, item, annotator)),
        "votes": [each.model_dump(mode="json") for each in item.votes],
    }


def _shown_sources(queue: Queue) -> dict[str, dict[int, list[dict[str, Any]]]]:
    """Give image id to class id to its sources; models with the task where they have several."""
    runs = Counter(run.model for run in queue.runs)
    found: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for item in queue.items:
        by_class: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for name, labels in item.labels.items():
            for label in labels:
                by_class[label].append({"source": f"label set {name}", "confidence": None})
        for each in item.predictions:
            under = f" ({each.task})" if runs[each.model] > 1 else ""
            for number, class_id in enumerate(each.classes):
                confidence = each.confidence if number == 0 else None
                source = {"source": f"model {each.model}{under}", "confidence": confidence}
                by_class[class_id].append(source)
        found[item.image_id] = dict(sorted(by_class.items()))
    return found


def copy_images(
    folder: Path, sources: Sources, queue: Queue
) -> tuple[Images, Mapping[int, list[str]]]:
    """Copy the queue's images, and examples of the classes, as JPEG under names that say nothing;
    give the paths inside the page's folder, those of the examples by class id.

    None where the task does not say that their licence allows it, or where they are not here.
    Examples are images outside of the queue on whose one label all label sets agree. Raises
    DataError for an image that is missing, cannot be decoded, or is not the one that the runs saw.
    """
    source = sources.images
    if source is None or source.read is None or not sources.task.metadata.redistribute_images:
        return {}, {}
    rows = {image_id: row for row, image_id in enumerate(source.ids)}
    (folder / PAGE / "images").mkdir(parents=True)
    images: dict[str, str] = {}
    for item in queue.items:
        image = _read(source, rows, item.image_id)
        if item.image_sha256 not in (None, pixels_sha256(image)):
            where, what = f"image `{item.image_id}`", "is another picture than the runs have seen"
            fix = "open the data set that the review was made of"
            raise DataError(Problem(where, what, got=source.location, fix=fix))
        images[item.image_id] = _name("image", queue.seed, item.image_id)
        image.save(folder / PAGE / images[item.image_id], "JPEG", **_JPEG)
    examples: defaultdict[int, list[str]] = defaultdict(list)
    for label, image_ids in _examples(sources, queue, rows).items():
        for image_id in image_ids:
            name = _name("example", queue.seed, image_id)
            try:
                image = source.read(rows[image_id])
            except ImageError:  # nobody is asked about it
                continue
            image.thumbnail((_EXAMPLE_SIDE, _EXAMPLE_SIDE))
            image.save(folder / PAGE / name, "JPEG", **_JPEG)
            examples[label].append(name)
    return images, examples


def _examples(sources: Sources, queue: Queue, rows: Mapping[str, int]) -> dict[int, list[str]]:
    asked = {item.image_id for item in queue.items}
    found: defaultdict[int, list[str]] = defaultdict(list)
    ids = (each for each in sources.image_ids if each in rows and each not in asked)
    for image_id in sorted(ids, key=lambda each: place("example", queue.seed, each)):
        label = label_of(sources, image_id)
        if label is not None and len(found[label]) < EXAMPLES:
            found[label].append(image_id)
    return found


def _name(kind: str, seed: int, image_id: str) -> str:
    return f"images/{place(kind, seed, image_id)[:20]}.jpg"


def _read(source: Source, rows: Mapping[str, int], image_id: str) -> "Image.Image":
    assert source.read is not None
    where = f"image `{image_id}`"
    if image_id not in rows:
        fix = "open the data set that the review was made of"
        raise DataError(Problem(where, "is not in the data set", got=source.location, fix=fix))
    try:
        return source.read(rows[image_id])
    except ImageError as error:
        fix = "see that the image is whole, and open it with another program"
        raise DataError(Problem(where, "cannot be read", got=str(error), fix=fix)) from error


def file_names(sources: Sources) -> dict[str, str]:
    """Give image id to the file by which an annotator's folder has the image: its name, or its path
    where two folders have a file of one name. Where it is unknown, and of ImageNet, where copies
    add the class to the name, it is the id: the page takes a file with any suffix for it.
    """
    source = sources.images
    files = dict(zip(source.ids, source.files, strict=True)) if source and source.files else {}
    counts = Counter(PurePosixPath(file).name for file in files.values())
    found = dict.fromkeys(sources.known_ids, "")
    for image_id in found:
        file = files.get(image_id, image_id)
        name = PurePosixPath(file).name
        is_name = image_id in files and counts[name] == 1
        found[image_id] = image_id if _IMAGENET.fullmatch(image_id) else name if is_name else file
    return found
