"""Class lists: the ids a classifier may answer, with the names that stand for them in text."""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import regex

from harness.data.hierarchy import Hierarchy

INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\ufe0e\ufe0f]")
"""Zero-width characters, soft hyphens and variation selectors: they never tell names apart."""
_ARTICLE = re.compile(r"(?:an?|the)\s+(?=\S)")
_QUOTES = "\"'`´‘’“”«»„‚‹›「」『』"
_STOPS = ".,;:!?…。、।؟"
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", "【": "】", "《": "》"}
_TWINS = "$*_|"
_BULLET = re.compile(
    r"[*•·◦▪●#+–—-]+\s+(?=\S)|>\s+(?=[^\W\d_])|[•·◦▪●]+(?=\S)|[*>#–—-]+(?=[^\W\d_])"
)
_SEPARATORS = re.compile(r"(?<=[^\s_‐‑‒–—-])[\s_‐‑‒–—-]+(?=[^\s_‐‑‒–—-])")
_COMPARISON = re.compile(r"(?<=[<>≤≥±≈])\s+(?=\d)")
_MOST_LAYERS = 8
"""Names in more quotes, brackets and bullets than this stay in the inner ones."""
_SOFT = re.compile(r"[.,](?!\d)|(?<!\d)'|[()/]")
_BLANK = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_ACCENT = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_LONG_PLURALS = ("ses", "xes", "zes", "ches", "shes", "oes")
_SHORTEST_PLURAL = 4
_WORD = regex.compile(r"[^\W_]+")
_NO_PLURALS = frozenset(
    _WORD.findall("arms briefs customs glasses goods greens minutes news shorts trunks woods")
)
"""Words on -s that are other things than the word without it."""


def undress(text: str) -> str:
    """Take outer quotes, brackets, bullets, markdown and punctuation off a text.

    Signs that can be part of a name stay: "C#", "A+", "-10", "<5 mm", ".5", "kite (bird)". A text
    of nothing else is given as it is.

    >>> undress('**"C#".**')
    'C#'
    """
    bare = text.strip()
    for _ in range(_MOST_LAYERS):
        before = bare
        bare = _without_pair(_without_edges(bare))
        bullet = _BULLET.match(bare)
        bare = bare[bullet.end() :] if bullet else bare
        if bare == before:
            break
    return bare or text.strip()


def _without_edges(text: str) -> str:
    text = text.rstrip(_STOPS + " \t\r\n")
    kept = text.lstrip(_QUOTES + _STOPS + " \t\r\n")
    if kept[:1].isdigit() and text[: len(text) - len(kept)].endswith("."):
        kept = f".{kept}"
    bare = kept.rstrip(_QUOTES + " ")
    # 5" and 5' are lengths unless a quotation ends there
    return kept if bare[-1:].isdigit() and kept == text else bare


def _without_pair(text: str) -> str:
    first, last = text[:1], text[-1:]
    if first in _TWINS and first == last:
        inner = text.strip(first)
        return text if first in inner else inner.strip()
    if first in _PAIRS and last == _PAIRS[first] and _closes_at_the_end(text):
        return text[1:-1].strip()
    for opening, closing in ("()", "[]"):
        if last == closing and opening not in text:
            return text[:-1]
        if first == opening and closing not in text:
            return text[1:]
    return text


def _closes_at_the_end(text: str) -> bool:
    opening, closing, level = text[0], _PAIRS[text[0]], 0
    for place, sign in enumerate(text):
        level += (sign == opening) - (sign == closing)
        if level == 0:
            return place == len(text) - 1
    return False


def normalize_name(text: str) -> str:
    """Give the `normalized` form of a name: NFKC, case-folded, `_` and `-` between words as blanks,
    bare of outer quotes, punctuation, markdown and a leading article (see `undress`).

    Signs that tell names apart stay ("C#", "-10", "<5 mm"); only a text without any visible
    character gives "".

    >>> normalize_name('**A Great_White-Shark.**')
    'great white shark'
    """
    visible = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = visible.replace("’", "'").replace("\u2212", "-").casefold()
    bare = _SEPARATORS.sub(" ", undress(folded))
    named = undress(_ARTICLE.sub("", bare, count=1)) if _ARTICLE.match(bare) else bare
    return _COMPARISON.sub("", named)


def strict_name(text: str) -> str:
    """Give the `strict` form of a name: lower case and stripped, as in the paper's evaluator."""
    return text.lower().strip()


def spellings_of(text: str) -> tuple[str, ...]:
    """Give how a name may be spelled: its normalized form without apostrophes, blanks, inner
    punctuation and accents of Latin letters (numbers stay apart), then without a plural's ending.

    >>> spellings_of("Dentist's offices")
    ('dentistsoffices', 'dentistsoffice')
    """
    folded = unicodedata.normalize("NFD", normalize_name(text))
    plain = _SOFT.sub("", unicodedata.normalize("NFC", _ACCENT.sub("", folded)))
    head, blank, last = plain.rpartition(" ")
    return tuple(_BLANK.sub("", head + blank + word) for word in (last, *_singulars(last)))


def _singulars(word: str) -> tuple[str, ...]:
    if len(word) < _SHORTEST_PLURAL or word in _NO_PLURALS or not word.endswith("s"):
        return ()
    if word.endswith(("ss", "us", "is")):
        return ()
    ends = [word[:-1]]
    if word.endswith("ies"):
        ends.append(f"{word[:-3]}y")
    elif word.endswith(_LONG_PLURALS):
        ends.append(word[:-2])
    return tuple(ends)


def words_of(text: str) -> str:
    """Give the words of a text, case-folded and joined by single spaces, without punctuation.

    A combining mark belongs to its word, as the vowels of Bengali and Hindi do.

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
    gloss: str | None = None
    """What the name means, for people; nothing is read or scored by it."""


@dataclass(frozen=True)
class ClassList:
    """The classes of a task, ordered by id. Ids need not be contiguous (a list may be a subset)."""

    name: str
    name_set: str
    classes: tuple[Class, ...]
    hierarchy: Hierarchy | None = field(default=None, compare=False, repr=False)
    """What is above and below them; no answer depends on it."""

    def __len__(self) -> int:
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

    def spelled(self, text: str) -> tuple[int, ...]:
        """Give the ids of the one name that a text spells otherwise (`spellings_of`), else ()."""
        found = {ids for key in spellings_of(text) for ids in self._by_spelling.get(key, ())}
        return found.pop() if len(found) == 1 else ()

    @cached_property
    def _by_spelling(self) -> Mapping[str, set[tuple[int, ...]]]:
        found: defaultdict[str, set[tuple[int, ...]]] = defaultdict(set)
        for name, ids in self.by_normalized.items():
            for key in spellings_of(name):
                found[key].add(ids)
        return dict(found)

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
