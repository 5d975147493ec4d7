"""JSON as models write it: single quotes, bare words, trailing or missing commas, cut off.

What is complete is read, what is broken is None, and repeated keys are all kept, so that the
caller can tell. Nothing raises on any text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_LEVELS = 8
"""Answers need three levels; the bound keeps a text of a thousand brackets from recursing."""

_MOST_STARTS = 1_000
"""So many brackets of a text are tried as the beginning of a container."""

_SPACE = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_OPENING = re.compile(r"[{\[]")
_RESUME = re.compile(r"[,\n}\]]")
_KEY = re.compile(r"(?:\"([^\"\n]{0,200})\"|'([^'\n]{0,200})'|([\w #.-]{1,80}?))\s*:")
# A quote closes a string only where a string can end, so that "jack-o'-lantern" stays whole.
_STRINGS = {
    quote: re.compile(
        rf"{quote}((?:\\.|[^\\\n]){{0,2000}}?){quote}(?=\s*(?:[,}}\]]|\Z|\n|[\"'][^\"'\n]{{0,200}}[\"']\s*:))"
    )
    for quote in "\"'"
}
_BARE = re.compile(r"([^,{}\[\]\"'\n]+)(?=[,}\]\n])")
_NOTHING = frozenset({"null", "none", "true", "false", "nan"})


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object's complete pairs in their order, repeated keys included."""

    pairs: tuple[tuple[str, "JsonValue"], ...]


@dataclass(frozen=True, slots=True)
class JsonArray:
    """An array's items; `complete` when its closing bracket was there."""

    items: tuple["JsonValue", ...]
    complete: bool


JsonValue = str | JsonObject | JsonArray | None
"""Numbers and bare words are strings; null, booleans and unreadable values are None."""


def containers_in(text: str) -> Iterator[JsonObject | JsonArray]:
    """Give the outermost objects and arrays of a text that hold at least one string."""
    reader = _Reader(text.replace("“", '"').replace("”", '"'))
    for _ in range(_MOST_STARTS):
        if not reader.find_container():
            return
        start = reader.position
        value = reader.value(level=0)
        if _holds_text(value) and not isinstance(value, str | None):
            yield value
        else:
            reader.position = start + 1


def _holds_text(value: JsonValue) -> bool:
    if isinstance(value, JsonObject):
        return any(_holds_text(item) for _, item in value.pairs)
    if isinstance(value, JsonArray):
        return any(_holds_text(item) for item in value.items)
    return value is not None


@dataclass(slots=True)
class _Reader:
    text: str
    position: int = 0
    closed: bool = False
    """Whether the container that ended last had its own closing bracket."""
    _searched: tuple[int, int] = (0, -1)
    """From where the next place to go on was searched last, and where it is."""

    def find_container(self) -> bool:
        match = _OPENING.search(self.text, self.position)
        self.position = match.start() if match else len(self.text)
        return match is not None

    def value(self, level: int) -> JsonValue:
        """Read the value at the position; None, with the position moved on, if there is none."""
        self._skip(_SPACE)
        opening = self.text[self.position : self.position + 1]
        if opening in _STRINGS:
            return self._string(opening)
        if opening in ("{", "[") and level < _MOST_LEVELS:
            self.position += 1
            return self._object(level + 1) if opening == "{" else self._array(level + 1)
        return self._bare()

    def _object(self, level: int) -> JsonObject:
        pairs: list[tuple[str, JsonValue]] = []
        while not self._ended("}"):
            key = _KEY.match(self.text, self.position)
            if key is None:
                self._resume()
                continue
            self.position = key.end()
            value = self.value(level)
            pairs.append((key[1] or key[2] or key[3] or "", value))
        return JsonObject(tuple(pairs))

    def _array(self, level: int) -> JsonArray:
        items: list[JsonValue] = []
        while not self._ended("]"):
            items.append(self.value(level))
        return JsonArray(tuple(items), complete=self.closed)

    def _ended(self, closing: str) -> bool:
        self._skip(_BETWEEN)
        here = self.text[self.position : self.position + 1]
        self.closed = here == closing
        self.position += self.closed
        return here in ("", "}", "]")

    def _string(self, quote: str) -> str | None:
        match = _STRINGS[quote].match(self.text, self.position)
        if match is None:
            self._resume()
            return None
        self.position = match.end()
        try:
            return str(json.loads(f'"{match[1]}"'))
        except ValueError:
            return match[1]

    def _bare(self) -> str | None:
        match = _BARE.match(self.text, self.position)
        if match is None:
            self._resume()
            return None
        self.position = match.end()
        word = match[1].strip()
        return None if word.lower() in _NOTHING or not word else word

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _resume(self) -> None:
        """Go on at the next place where a pair, an item or the container can end."""
        begun, found = self._searched
        if not begun <= self.position <= found:
            match = _RESUME.search(self.text, self.position)
            found = match.start() if match else len(self.text)
            self._searched = self.position, found
        self.position = found
