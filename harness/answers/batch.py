"""One JSON answer for several images, read image by image and as far as it can be read.

Answers are never shifted from one image to another: a list counts only if it has one entry for
each image, and a key only if it names the image.
"""

import re
from collections.abc import Iterable, Iterator

from harness.answers.lenient_json import JsonArray, JsonObject, JsonValue, containers_in
from harness.answers.text import plain

_NUMBER = re.compile(
    r"\W*(?:(?:image|img|photo|picture|answer)[\s_#.:-]*)?0*(\d{1,9})\W*", re.IGNORECASE
)
_LINE = re.compile(
    r"\W*(?:(?:image|img|photo|picture)[\s_#]*)?0*(\d{1,9})\s*[:.)=\]-]+\s*(\S.*)", re.IGNORECASE
)
_INDEX_FIELDS = frozenset({"image", "img", "image_id", "id", "index", "key", "number"})
_NAME_FIELDS = frozenset(
    {"class", "class_name", "answer", "label", "name", "category", "prediction"}
)

_Pair = tuple[int, str | None]


def parse_batch(answer: str | None, n: int) -> tuple[str | None, ...]:
    """Give the answer for each of n images, None where there is no readable one.

    Read are: an object keyed "1".."n" (or 1, "Image 1"), a list of n strings, a list of objects
    that name their image; each also inside code fences or other text, with single quotes, trailing
    commas or cut off; if there is none of these, lines such as "1: cat". A key that occurs twice
    gives None for that image; keys that count from 0 give None for all.
    """
    containers = tuple(containers_in(answer or ""))
    if containers:
        return _arranged((pair for item in containers for pair in _pairs(item, n)), n)
    return _arranged(_numbered_lines(plain(answer)), n)


def _arranged(found: Iterable[_Pair], n: int) -> tuple[str | None, ...]:
    answers: dict[int, str | None] = {}
    for number, text in found:
        answers[number] = None if number in answers else text
    if 0 in answers:
        return (None,) * n
    return tuple(answers.get(number) for number in range(1, n + 1))


def _pairs(value: JsonValue, n: int) -> Iterator[_Pair]:
    """Give image numbers and answers from a container, and from the ones that it wraps."""
    if isinstance(value, JsonArray):
        yield from _listed(value, n)
    elif isinstance(value, JsonObject):
        keyed = [(_number(key), item) for key, item in value.pairs]
        numbered = [(number, _text(item)) for number, item in keyed if number is not None]
        if numbered:
            yield from numbered
        elif (number := _image_of(value)) is not None:
            yield number, _text(value)
        else:
            for _, item in value.pairs:
                yield from _pairs(item, n)


def _listed(array: JsonArray, n: int) -> Iterator[_Pair]:
    if any(isinstance(item, JsonObject) and _names_images(item) for item in array.items):
        for item in array.items:
            yield from _pairs(item, n)
    elif array.complete and len(array.items) == n:
        yield from ((number, _text(item)) for number, item in enumerate(array.items, start=1))


def _names_images(value: JsonObject) -> bool:
    return _image_of(value) is not None or any(_number(key) is not None for key, _ in value.pairs)


def _image_of(value: JsonObject) -> int | None:
    for key, item in value.pairs:
        if key.lower() in _INDEX_FIELDS and isinstance(item, str):
            return _number(item)
    return None


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else None


def _text(value: JsonValue) -> str | None:
    """Give the answer that a value holds: itself, its only item, or its one naming field."""
    if isinstance(value, JsonArray):
        return _text(value.items[0]) if value.complete and len(value.items) == 1 else None
    if isinstance(value, JsonObject):
        named = [item for key, item in value.pairs if key.lower() in _NAME_FIELDS]
        return named[0] if len(named) == 1 and isinstance(named[0], str) else None
    return value


def _numbered_lines(text: str) -> Iterator[_Pair]:
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match:
            yield int(match[1]), match[2].strip().rstrip(",")
