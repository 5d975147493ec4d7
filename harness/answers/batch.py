"""One answer for several images, read image by image and as far as it can be read.

Answers are never shifted from one image to another: a list counts only if it has one entry for
each image, and a key only if it names the image. A text may hold several answers (a draft and a
final one): equal ones agree, and of different ones the last that has every image counts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from harness.answers.lenient_json import JsonArray, JsonObject, JsonValue, containers_in
from harness.answers.parts import DRAFT, part_reasoning, take_apart
from harness.answers.vocabulary import CORRECTS, ORDINALS

_IMAGE = r"(?:image|img|photo|picture|answer)"
_NUMBER = re.compile(
    rf"\W*(?:{_IMAGE}[\s_#.:-]*)?0*(\d{{1,9}})(?:\.(?:jpe?g|png|webp))?\W*", re.IGNORECASE
)
_LINE = re.compile(
    rf"[^\w\n]{{0,12}}(?:{_IMAGE}[\s_#]{{0,3}})?0{{0,8}}(\d{{1,9}})[\s*_]{{0,4}}[:.)=\]|>-]{{1,4}}[\s*_|]{{0,4}}(\S.*)",
    re.IGNORECASE,
)
_NOT_BEHIND = "".join(f"(?<!{word})" for word in ("image", "img", "photo", "picture", "answer"))
_ITEM = re.compile(
    rf"{_NOT_BEHIND}[,;|]?\s(?=\(?(?:{_IMAGE}[\s_#]{{0,3}})?\d{{1,9}}\s?[:)=]\s?\S)", re.IGNORECASE
)
# "Wait, image 2 is a cat.", "Correction: 2: cat", "Actually, the second image …"
_CORRECTION = re.compile(rf"^[^\w\n]{{0,8}}(?:{CORRECTS})\b[^\n]*", re.IGNORECASE | re.MULTILINE)
_NAMED_IMAGE = re.compile(
    rf"\b{_IMAGE}[\s_#]{{0,3}}(?P<number>\d{{1,9}})\b|#(?P<sign>\d{{1,9}})\b"
    rf"|\b(?P<key>\d{{1,9}})\s?(?::|=|should\b|is\b)|\b(?P<ordinal>{'|'.join(ORDINALS)})\s(?:{_IMAGE}|one)\b",
    re.IGNORECASE,
)
_INDEX_FIELDS = frozenset({"image", "img", "image_id", "id", "index", "key", "number"})
_NAME_FIELDS = frozenset(
    {"class", "class_name", "answer", "label", "name", "category", "prediction"}
)

_Pair = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """What one text answers for each image; None where it cannot be read."""

    texts: tuple[str | None, ...]
    removed: tuple[str, ...] = ()
    """`draft` where an earlier answer of the text was another one."""


def parse_batch(answer: str | None, n: int) -> tuple[str | None, ...]:
    """Give the answer for each of n images, None where none is readable; see `read_batch`."""
    return read_batch(answer, n).texts


def read_batch(answer: str | None, n: int) -> SharedAnswer:
    """Read one text for n images.

    Read are: an object keyed "1".."n" (or 1, "Image 1", "image_1.png"), a list of n strings, a list
    of objects or pairs that name their image; each also inside code fences or other text, with
    single quotes, trailing commas or cut off; if there is none of these, lines such as "1: cat",
    rows of a table, or "1: cat, 2: dog". A key that stands for two different answers of one object
    gives None for that image, and so does a line that takes its answer back ("Wait, image 2 is a
    cat."); keys that count from 0 give None for all.
    """
    text, _ = part_reasoning(answer or "")
    shared = _read(text, n)
    corrected = _corrected(text, n)
    texts = (
        None if number in corrected else each for number, each in enumerate(shared.texts, start=1)
    )
    return replace(shared, texts=tuple(texts))


def _corrected(text: str, n: int) -> set[int]:
    """Give the numbers of the images that a later line takes back, and no whole answer follows."""
    first = _CORRECTION.search(text)
    if first is None or None not in _read(text[first.start() :], n).texts:
        return set()
    found = set()
    for line in _CORRECTION.findall(text):
        for named in _NAMED_IMAGE.finditer(line):
            if named["ordinal"]:
                found.add(ORDINALS.index(named["ordinal"].lower()) + 1)
            else:
                found.add(int(named["number"] or named["sign"] or named["key"]))
    return found


def _read(text: str, n: int) -> SharedAnswer:
    keyed = [dict(_merged(_pairs(item, n))) for item in containers_in(text)]
    found = [each for each in keyed if each] or list(_numbered(take_apart(text).text))
    if any(0 in each for each in found):
        return SharedAnswer((None,) * n)
    asked = range(1, n + 1)
    whole = [each for each in found if all(each.get(number) for number in asked)]
    if not whole:
        joined = dict(_merged(chain.from_iterable(each.items() for each in found)))
        return SharedAnswer(tuple(joined.get(number) for number in asked))
    chosen = whole[-1]
    drafted = any(each.get(number) != chosen[number] for each in found for number in asked)
    texts = tuple(chosen[number] for number in asked)
    return SharedAnswer(texts, (DRAFT,) if drafted else ())


def _merged(pairs: Iterable[_Pair]) -> Iterator[_Pair]:
    """Give each number once: its answer, or None where it has two different ones."""
    answers: dict[int, str | None] = {}
    for number, text in pairs:
        answers[number] = text if answers.get(number, text) == text else None
    yield from answers.items()


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
    elif array.items and all(map(_is_pair, array.items)):
        for item in array.items:
            assert isinstance(item, JsonArray) and isinstance(item.items[0], str)
            yield _number(item.items[0]) or 0, _text(item.items[1])
    elif array.complete and len(array.items) == n:
        yield from ((number, _text(item)) for number, item in enumerate(array.items, start=1))


def _is_pair(value: JsonValue) -> bool:
    if not isinstance(value, JsonArray) or len(value.items) != 2:
        return False
    first = value.items[0]
    return isinstance(first, str) and _number(first) is not None


def _names_images(value: JsonObject) -> bool:
    return _image_of(value) is not None or any(_number(key) is not None for key, _ in value.pairs)


def _image_of(value: JsonObject) -> int | None:
    for key, item in value.pairs:
        if key.lower() in _INDEX_FIELDS and isinstance(item, str):
            return _number(item)
    return None


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text[:80])
    return int(match[1]) if match else None


def _text(value: JsonValue) -> str | None:
    """Give the answer that a value holds: itself, its only item, or its one naming field."""
    if isinstance(value, JsonArray):
        return _text(value.items[0]) if value.complete and len(value.items) == 1 else None
    if isinstance(value, JsonObject):
        named = [item for key, item in value.pairs if key.lower() in _NAME_FIELDS]
        return named[0] if len(named) == 1 and isinstance(named[0], str) else None
    return value


def _numbered(text: str) -> Iterator[dict[int, str | None]]:
    """Give the answers of numbered lines; where the numbers go back, another answer begins."""
    answers: dict[int, str | None] = {}
    last = -1
    for number, answer in _numbered_pieces(text):
        if number < last:
            yield answers
            answers = {}
        answers[number] = answer if answers.get(number, answer) == answer else None
        last = number
    if answers:
        yield answers


def _numbered_pieces(text: str) -> Iterator[tuple[int, str]]:
    for line in text.split("\n"):
        for piece in _joined_items(_ITEM.split(line)):
            match = _LINE.fullmatch(piece)
            if match:
                yield int(match[1]), match[2].strip().rstrip(",;|").strip()


def _joined_items(pieces: Sequence[str]) -> Iterator[str]:
    """Give the items of one line; a number that does not follow on the last belongs to its item."""
    item, last = "", 0
    for piece in pieces:
        match = _LINE.fullmatch(piece)
        if item and (match is None or int(match[1]) != last + 1):
            item += f" {piece}"
            continue
        if item:
            yield item
        item, last = piece, int(match[1]) if match else 0
    yield item
