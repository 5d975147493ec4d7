"""Sentences that stand for each class beside its name: a JSON object, class to list of sentences,
as CuPL's (Pratt et al., "What does a platypus look like?", 2023).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.class_names import meanings
from harness.data.classes import ClassList
from harness.data.labels.files import parse_json, read_text
from harness.data.labels.rows import first_problems
from harness.errors import DataError, Problem, suggestion
from harness.limits import MOST_DIGITS, is_file
from harness.words import listed

_LONGEST = 10_000
_SHAPE = '{"tench": ["A tench is a fish with …", …], …}'


@dataclass(frozen=True, slots=True)
class ClassSentences:
    """The sentences of every class of a list."""

    by_id: Mapping[int, tuple[str, ...]]
    """Class id to its sentences, one at least."""
    digest: str
    """SHA-256 of the file."""


def read_class_sentences(
    path: Path, classes: ClassList, *, by_number: bool = True
) -> ClassSentences:
    """Read the sentences of each class. A class is named by name, alias or WordNet id or, with
    `by_number`, by its id.

    Raises DataError with every problem of the file, ten in full: a class that is unknown, named by
    two keys or left out, a key that means several, what is no list of sentences.
    """
    if not is_file(path):
        raise DataError(Problem(str(path), "there is no such file", fix=f"write {_SHAPE}"))
    file = read_text(path)
    value = parse_json(file)
    if not isinstance(value, dict):
        what, got = "is no JSON object", type(value).__name__
        raise DataError(Problem(str(path), what, got, fix=f"write {_SHAPE}"))
    keys: defaultdict[int, list[str]] = defaultdict(list)
    problems: list[Problem] = []
    for key, meant in _meant(value, classes, by_number=by_number).items():
        where = f"{path}: `{key[:100]}`"
        problems += _faults(where, value[key])
        problems += _not_one(where, key, meant, classes)
        if len(meant) == 1:
            keys[next(iter(meant))].append(key)
    problems += _not_once(path, keys, classes)
    if problems:
        raise DataError(first_problems(problems, str(path)))
    by_id = {class_id: tuple(value[own[0]]) for class_id, own in keys.items()}
    return ClassSentences(by_id, file.digest)


def _meant(
    names: Iterable[str], classes: ClassList, *, by_number: bool
) -> Mapping[str, frozenset[int]]:
    """Give the classes that each key means: by its name or, if that is to be, as an id."""
    found = dict(meanings(names, classes))
    for key in found if by_number else ():
        if key.isascii() and key.isdecimal() and len(key) <= MOST_DIGITS:
            found[key] |= {int(key)} & classes.by_id.keys()
    return found


def _not_one(where: str, key: str, meant: frozenset[int], classes: ClassList) -> Iterator[Problem]:
    if not meant:
        what = f"is no class of `{classes.name}`"
        fix = suggestion(key, classes.names) or "write a name, an alias, a WordNet id or an id"
        yield Problem(where, what, fix=fix)
    elif len(meant) > 1:
        fix = "name each by its WordNet id, an alias or its id"
        yield Problem(where, "means several classes", str(sorted(meant)), fix=fix)


def _not_once(
    path: Path, keys: Mapping[int, Sequence[str]], classes: ClassList
) -> Iterator[Problem]:
    for class_id, own in keys.items():
        if len(own) > 1:
            what = f"several keys mean class {class_id}"
            yield Problem(str(path), what, listed(own), fix="keep one of them")
    missing = [each.name for each in classes.classes if each.id not in keys]
    if missing:
        what = f"has no sentences for {len(missing)} of {len(classes)} classes"
        yield Problem(str(path), what, listed(missing), fix="write some for each")


def _faults(where: str, texts: object) -> Iterator[Problem]:
    if not isinstance(texts, list) or not texts:
        yield Problem(where, "is no list of sentences", repr(texts)[:80], fix=f"write {_SHAPE}")
        return
    for text in texts:
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            fix = f"write a text, not blank, of at most {_LONGEST} characters"
            yield Problem(where, "holds what is no sentence", repr(text)[:80], fix=fix)
        elif any("\ud800" <= sign <= "\udfff" for sign in text):
            what, fix = "holds half of a surrogate pair", "write the whole sign, or leave it out"
            yield Problem(where, what, ascii(text)[:80], fix=fix)
