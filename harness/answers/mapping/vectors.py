"""The class names of a list as a text encoder sees them: their embeddings, what it can read of
them, and the error where it sees two as one.

Answers that name one of two such classes would be mapped to the lower id, and a score printed.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from harness.data.class_sentences import ClassSentences, read_class_sentences
from harness.data.classes import ClassList
from harness.encoders.base import (
    Pieces,
    TextEncoder,
    Vectors,
    ensembles,
    is_literal,
    pieces_of,
    sentences,
)
from harness.errors import Problem, SpecError, unknown_name
from harness.specs.task import TaskSpec


def embed(encoder: TextEncoder, texts: Sequence[str], template: str) -> Vectors:
    """Embed each text in each sentence of the template, average, and normalise again.

    Gives float32 [n, d]: rows of length 1, or 0 where the encoder finds nothing in the text.
    Raises SpecError for an unknown template.
    """
    forms = sentences(template)
    clean = map(well_formed, texts)
    return _embed_lists(encoder, [[form.replace("{}", text) for form in forms] for text in clean])


def well_formed(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON may bring and no tokenizer or parquet takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


TIE = 1e-6
"""Cosines this close are one: float32 rounding differs between machines and batches."""
_CHUNK = 1024  # names compared with all others at once

Group = tuple[int, ...]
"""Ids of the classes of one normalized name, ascending."""


@dataclass(frozen=True)
class ClassVectors:
    """Class names, embedded: one row for each different normalized name."""

    groups: tuple[Group, ...]
    """For each row the class ids that share it, ascending; the rows ascend by their first id."""
    matrix: Vectors
    """Unit rows, float32 [len(groups), d]."""
    pieces: tuple[frozenset[int | str | None], ...] | None = None
    """For each row the pieces of the name, where an embedding counts nothing but pieces."""


ClassSide = str | ClassSentences
"""What stands for the classes: a template of their names, or sentences of each."""


def class_side(task: TaskSpec, classes: ClassList) -> ClassSide:
    """Give what a task's mapping has stand for the classes. Raises DataError or SpecError for a
    file of sentences that cannot be read or does not fit the classes.
    """
    path = task.mapping.class_prompts
    if path is None:
        return task.mapping.class_template
    return read_class_sentences(task.resolve(path, "mapping.class_prompts"), classes)


def embed_classes(encoder: TextEncoder, class_list: ClassList, side: ClassSide) -> ClassVectors:
    """Embed what stands for the classes of a list; of classes of one normalized name, the lowest
    id's name or the sentences of all.

    Names, or sentences, that the encoder cannot read (see `is_read`) are left out: what is near to
    them is so by chance. Raises SpecError for an unknown template.
    """
    groups, texts = _texts(class_list, side)
    pieces = _pieces(encoder, class_list, side)
    if pieces is None:
        return ClassVectors(groups, _embed_lists(encoder, texts))
    read = [place for place, each in enumerate(pieces) if is_read(each)]
    return ClassVectors(
        tuple(groups[place] for place in read),
        _embed_lists(encoder, [texts[place] for place in read]),
        tuple(frozenset(pieces[place]) for place in read) if is_literal(encoder) else None,
    )


def _embed_lists(encoder: TextEncoder, texts: Sequence[Sequence[str]]) -> Vectors:
    rows = encoder.encode([text for own in texts for text in own])
    # One text each: the rows are unit already, and rounding them anew would gain nothing.
    return rows if len(rows) == len(texts) else ensembles(rows, [len(own) for own in texts])


def _texts(class_list: ClassList, side: ClassSide) -> tuple[tuple[Group, ...], list[list[str]]]:
    """Give the groups of classes and the texts of which the embedding of each is made."""
    groups, names = _names(class_list)
    if isinstance(side, str):
        forms = sentences(side)
        return groups, [[form.replace("{}", name) for form in forms] for name in names]
    return groups, [[text for each in ids for text in side.by_id[each]] for ids in groups]


def _pieces(encoder: TextEncoder, class_list: ClassList, side: ClassSide) -> list[Pieces] | None:
    """Give for each group the pieces of its name, or of its sentences; None if not known."""
    if isinstance(side, str):
        return pieces_of(encoder, _names(class_list)[1])
    found = _pieces_of_each(encoder, _texts(class_list, side)[1])
    return None if found is None else [tuple(chain.from_iterable(each)) for each in found]


def _pieces_of_each(
    encoder: TextEncoder, texts: Sequence[Sequence[str]]
) -> list[tuple[Pieces, ...]] | None:
    """Give for each group the pieces of each of its texts; None if not known."""
    found = pieces_of(encoder, [text for own in texts for text in own])
    if found is None:
        return None
    each = iter(found)
    return [tuple(islice(each, len(own))) for own in texts]


def is_read(pieces: Pieces) -> bool:
    """Whether an encoder knows more than half of the pieces of a text.

    All texts of unknown pieces are one to it; and the little that it knows of others (an article, a
    digit) does not say what they name.
    """
    return 2 * pieces.count(None) < len(pieces)


def names_something(text: str) -> bool:
    """Whether there is a letter, a digit or a pictograph in a text."""
    categories = (unicodedata.category(each) for each in text)
    return any(each[0] in "LN" or each == "So" for each in categories)


def unread_names(encoder: TextEncoder, class_list: ClassList, side: ClassSide = "raw") -> list[str]:
    """List the names of the classes that the encoder cannot read; no answer is mapped to them."""
    names = _names(class_list)[1]
    pieces = _pieces(encoder, class_list, side) or ()
    return [name for name, each in zip(names, pieces, strict=bool(pieces)) if not is_read(each)]


def shared_vectors(
    encoder: TextEncoder, class_list: ClassList, side: ClassSide = "raw"
) -> list[tuple[int, ...]]:
    """Give the groups of classes of different names that are one to the encoder, as class ids.

    Those whose texts its tokenizer makes the same tokens of have one embedding; no weights are
    read. Without a tokenizer, those whose embeddings are within the tolerance of a tie are one.
    Raises SpecError for an unknown template.
    """
    groups, texts = _texts(class_list, side)
    # Where an embedding counts nothing but pieces, the same ones twice over count as once.
    keys = None if is_literal(encoder) else _pieces_of_each(encoder, texts)
    if keys is None:
        return same_rows(ClassVectors(groups, _embed_lists(encoder, texts)))
    places: defaultdict[tuple[Pieces, ...], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return _joined(groups, list(places.values()))


def same_rows(classes: ClassVectors) -> list[tuple[int, ...]]:
    """Give the groups of class ids whose rows are within the tolerance of a tie, or all zero."""
    matrix = classes.matrix
    empty = np.logical_not(np.logical_or.reduce(matrix != 0, axis=1))
    first = np.arange(len(matrix))
    for start in range(0, len(matrix), _CHUNK):
        part = slice(start, start + _CHUNK)
        tied = (matrix[part] @ matrix.T >= 1 - TIE) | (empty[part, None] & empty)
        first[part] = tied.argmax(axis=1)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, other in enumerate(first.tolist()):  # a lower row is in its group already
        first[place] = first[other]
        places[int(first[place])].append(place)
    return _joined(classes.groups, list(places.values()))


def _names(class_list: ClassList) -> tuple[tuple[Group, ...], list[str]]:
    groups = tuple(sorted(class_list.by_normalized.values()))
    return groups, [well_formed(class_list.by_id[ids[0]].name) for ids in groups]


def _joined(groups: Sequence[Group], sets: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return [
        tuple(sorted(class_id for place in places for class_id in groups[place]))
        for places in sets
        if len(places) > 1
    ]


_NAMED = 5  # groups that a message names, and names of each


def refuse_shared(
    encoder: TextEncoder, class_list: ClassList, side: ClassSide, allowed: Sequence[str] = ()
) -> None:
    """Raise SpecError for names that are one to the encoder, unless all of them are `allowed`.

    No weights are read where the encoder has a tokenizer: see `shared_vectors`.
    """
    _refuse(encoder.name, class_list, shared_vectors(encoder, class_list, side), allowed)


def refuse_same_rows(
    encoder: TextEncoder, class_list: ClassList, side: ClassSide, allowed: Sequence[str] = ()
) -> None:
    """Do as `refuse_shared`, and look at the embeddings themselves too."""
    refuse_shared(encoder, class_list, side, allowed)
    rows = same_rows(embed_classes(encoder, class_list, side))
    _refuse(encoder.name, class_list, rows, allowed)


def _refuse(
    encoder: str, class_list: ClassList, groups: Sequence[Group], allowed: Sequence[str]
) -> None:
    key = "mapping.allow_shared_vectors"
    known: set[int] = set()
    for name in allowed:
        ids = class_list.lookup(name)
        if not ids:
            raise SpecError(unknown_name(key, "class name", name, class_list.names))
        known.update(ids)
    shared = [ids for ids in groups if not known.issuperset(ids)]
    if not shared:
        return
    names = [[class_list.by_id[each].name for each in ids] for ids in shared]
    listed = _listed([_listed([f"`{name}`" for name in group], ", ") for group in names], "; ")
    raise SpecError(
        Problem(
            f"class list `{class_list.name}` under the encoder `{encoder}`",
            "several names have one vector: to the encoder they are one",
            got=listed,
            expected="an encoder that reads the names (`lexical` reads the letters of any script)",
            fix=f"name another encoder, or list these names under `{key}`: an answer is then such "
            "a class by its exact name, and one that is mapped counts for the lowest id of them",
        )
    )


def _listed(items: Sequence[str], between: str) -> str:
    rest = f"{between}and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return between.join(items[:_NAMED]) + rest
