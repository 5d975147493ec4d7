"""How near the answers to an image are to the names of its labels, as a text encoder sees them: not
right or wrong, and no class is found.
"""

import re
from collections.abc import Mapping, Sequence

from harness.answers.mapping.vectors import embed, names_something
from harness.answers.vocabulary import LANGUAGE
from harness.data.classes import ClassList
from harness.encoders.base import TextEncoder

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NOT_MEANT = LANGUAGE | frozenset(("image", "object", "photo", "picture"))


def concepts_of(answer: str) -> tuple[str, ...]:
    """Give the phrases of an answer, in lower case, and then the answer itself.

    A phrase is a run of words without a word of grammar or punctuation in it, and stands for the
    noun chunks and named entities that spaCy finds in `concept_semantic_similarity` of
    altndrr/lmms-owc, which needs a tagger that is not here.

    >>> concepts_of("A photo of a golden retriever on grass.")
    ('golden retriever', 'grass', 'A photo of a golden retriever on grass.')
    """
    phrases: list[list[str]] = [[]]
    end = 0
    for word in _WORD.finditer(answer):
        text = word[0].lower()
        if answer[end : word.start()].strip() or text in _NOT_MEANT:
            phrases.append([])
        if text not in _NOT_MEANT:
            phrases[-1].append(text)
        end = word.end()
    return tuple(dict.fromkeys([*(" ".join(each) for each in phrases if each), answer.strip()]))


def similarities(
    encoder: TextEncoder,
    texts: Sequence[Sequence[str]],
    labels: Sequence[frozenset[int]],
    classes: ClassList,
) -> list[float]:
    """Give for each image the highest cosine between one of its texts and the name of a label.

    `texts` and `labels` are aligned; an image with no text in which anything is named, or without a
    label, has 0. With the answer as the only text it is the semantic similarity of Conti et al.,
    "On Large Multimodal Models as Open-World Image Classifiers", 2025; with `concepts_of` their
    concept similarity.
    """
    unique = [
        text for text in dict.fromkeys(t for of in texts for t in of) if names_something(text)
    ]
    if not unique:
        return [0.0] * len(texts)
    rows: Mapping[str, int] = {text: row for row, text in enumerate(unique)}
    vectors = embed(encoder, unique, "raw")
    names = embed(encoder, classes.names, "raw")
    place = {class_id: row for row, class_id in enumerate(classes.ids)}
    found = []
    for of_image, ids in zip(texts, labels, strict=True):
        own = [rows[text] for text in of_image if text in rows]
        cosines = vectors[own] @ names[[place[each] for each in sorted(ids)]].T
        found.append(float(cosines.max()) if cosines.size else 0.0)
    return found
