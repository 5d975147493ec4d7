"""Class lists: the ids a classifier may answer, with the names that stand for them in text."""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

_ARTICLE = re.compile(r"^(?:an?|the)\s+(?=\S)")
_EDGE = " \t\r\n\"'`´‘’“”«»*_~#.,;:!?()[]{}<>|$•·"
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"[\s_\-‐‑‒–—]+")
_WORD = re.compile(r"[^\W_]+")


def normalize_name(text: str) -> str:
    """Give the `normalized` form of a name: NFKC, case-folded, `_` and `-` as spaces, bare of
    outer quotes, punctuation, markdown and a leading article.

    >>> normalize_name('**A Great_White-Shark.**')
    'great white shark'
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = visible.replace("’", "'").casefold()
    spaced = _SPACES.sub(" ", folded).strip(_EDGE)
    return _ARTICLE.sub("", spaced).strip(_EDGE)


def strict_name(text: str) -> str:
    """Give the `strict` form of a name: lower case and stripped, as in the paper's evaluator."""
    return text.lower().strip()


def words_of(text: str) -> str:
    """Give the words of a text, case-folded and joined by single spaces, without punctuation.

    >>> words_of("St. Bernard's")
    'st bernard s'
    """
    return " ".join(_WORD.findall(normalize_name(text)))


@dataclass(frozen=True, slots=True)
class Class:
    """One class: its id, the display name in use, other names, and its WordNet id if it has one."""

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    wnid: str | None = None


@dataclass(frozen=True)
class ClassList:
    """The classes of a task, ordered by id. Ids need not be contiguous (a list may be a subset)."""

    name: str
    name_set: str
    classes: tuple[Class, ...]

    def __len__(self) -> int:
        """Count the classes."""
        return len(self.classes)

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """Class ids, ascending."""
        return tuple(item.id for item in self.classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Display names, in the order of the ids."""
        return tuple(item.name for item in self.classes)

    @cached_property
    def by_id(self) -> Mapping[int, Class]:
        """Class id to class."""
        return {item.id: item for item in self.classes}

    @cached_property
    def by_strict(self) -> Mapping[str, tuple[int, ...]]:
        """Strict name to the ids that bear it, ascending."""
        return _index((strict_name(item.name), item.id) for item in self.classes)

    @cached_property
    def by_normalized(self) -> Mapping[str, tuple[int, ...]]:
        """Normalized name to the ids that bear it, ascending; more than one id is a collision."""
        return _index((normalize_name(item.name), item.id) for item in self.classes)

    def lookup(self, text: str) -> tuple[int, ...]:
        """Give the ids that bear this name after normalization, ascending; () for no name."""
        return self.by_normalized.get(normalize_name(text), ())

    @cached_property
    def by_words(self) -> Mapping[str, tuple[int, ...]]:
        """Words of a name (see `words_of`) to the ids that bear it: to find names inside a text."""
        return _index((words_of(item.name), item.id) for item in self.classes)

    @cached_property
    def longest_by_first_word(self) -> Mapping[str, int]:
        """First word of a name to the number of words of the longest name that begins with it."""
        longest: defaultdict[str, int] = defaultdict(int)
        for key in self.by_words:
            first, *rest = key.split(" ")
            longest[first] = max(longest[first], 1 + len(rest))
        return dict(longest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of ids, names, aliases and WordNet ids: what an answer's meaning depends on."""
        rows = [[item.id, item.name, list(item.aliases), item.wnid] for item in self.classes]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=True).encode()).hexdigest()


def _index(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, class_id in pairs:
        found[key].append(class_id)
    return {key: tuple(sorted(ids)) for key, ids in found.items()}
