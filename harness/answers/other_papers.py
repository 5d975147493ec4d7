"""How other papers find the classes in an answer: each rule as its authors' program has it; and how
near they take an answer to be to a label.

A rule takes the answers to one image as the model wrote them, reasoning apart, best first (most
have one), and a class list. It gives the ids of the classes that the answers stand for, none where
they name none; right is an image where any of them is a label. Only display names are looked for,
as in the papers. Unlike our parser, no rule looks past markup, refusals or negations.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from harness.answers.mapping.vectors import embed, names_something
from harness.answers.vocabulary import LANGUAGE
from harness.data.classes import ClassList, strict_name
from harness.encoders.base import TextEncoder

ClassIds = tuple[int, ...]
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NOT_MEANT = LANGUAGE | frozenset(("image", "object", "photo", "picture"))


def first_spelled(answers: Sequence[str], classes: ClassList) -> ClassIds:
    """Give the class of the first answer that is spelled exactly as a name, case included.

    Wu et al., "GPT4Vis: What Can GPT-4 Do for Zero-shot Visual Recognition?", 2023,
    `calculate_acc.py` of whwu95/GPT4Vis. Answers out of the list are dropped, and the next one
    counts; an image without any is wrong. Their list are the labels that occur, here it is the
    class list.
    """
    spelled = _by_spelling(classes.names, classes.ids)
    return next((spelled[text] for text in answers if text in spelled), ())


def first_normalized(answers: Sequence[str], classes: ClassList) -> ClassIds:
    """Do as `first_spelled`, names and answers in our normalized form (`normalize_name`)."""
    return next((found for text in answers if (found := classes.lookup(text))), ())


def names_inside(answers: Sequence[str], classes: ClassList) -> ClassIds:
    """Give every class whose name stands in the first answer, in lower case, within words too.

    Zhang et al., "Why are Visually-Grounded Language Models Bad at Image Classification?", 2024,
    `main_results/eval.ipynb` of yuhui-zh15/VLMClassifier; text inclusion of Conti et al., "On Large
    Multimodal Models as Open-World Image Classifiers", 2025, `textual_inclusion` of
    altndrr/lmms-owc. Both look for the label alone, which comes to the same. An answer that lists
    all names is right, and so is "caterpillar" for a cat.
    """
    text = strict_name(answers[0]) if answers else ""
    return tuple(each for name, ids in classes.by_strict.items() if name in text for each in ids)


def words_inside(answers: Sequence[str], classes: ClassList) -> ClassIds:
    """Give every class whose name stands in the first answer as whole words.

    Xu et al., "LVLM-eHub", 2023, `has_word` in `LVLM_evaluation/utils/classification.py` of
    OpenGVLab/Multi-Modality-Arena: of names and answer all but ASCII letters, digits and white
    space is deleted ("black-eyed" becomes "blackeyed"), then both are in lower case. A name of
    which nothing is left is found in every answer there, and in none here.
    """
    text = _plain(answers[0]) if answers else ""
    return tuple(
        class_id
        for name, class_id in _plain_names(classes.names, classes.ids)
        if name in text and re.search(rf"\b{re.escape(name)}\b", text)
    )


def only_name_inside(answers: Sequence[str], classes: ClassList) -> ClassIds:
    """Give the one class whose name stands in the first answer, within words too; none where it
    holds several names, though one be part of the other.

    Duan et al., "VLMEvalKit", 2024, `can_infer_text` in `vlmeval/utils/matching_util.py` of
    open-compass/VLMEvalKit, which also takes nothing from an answer more than twice as long as all
    names together. It has the options of a question there, here the whole list; names that are one
    in lower case are one here. Letters, which it reads first, no list has.
    """
    text = answers[0].lower() if answers else ""
    if len(text) > 2 * _length(classes.names):
        return ()
    found = [ids for name, ids in classes.by_strict.items() if name in text]
    return found[0] if len(found) == 1 else ()


@dataclass(frozen=True, slots=True)
class About:
    """What a table says of a rule."""

    key: str
    title: str
    source: str
    otherwise: str
    """What becomes of an answer that is no name of the list."""


_NEXT = "dropped: the next answer counts, wrong without one"
RULES: tuple[tuple[About, Callable[[Sequence[str], ClassList], ClassIds]], ...] = (
    (About("first_spelled", "first in list, exact spelling", "Wu et al. 2023", _NEXT),
     first_spelled),
    (About("first_normalized", "first in list, normalized", "Wu et al. 2023, adapted", _NEXT),
     first_normalized),
    (About("names_inside", "text inclusion", "Zhang et al. 2024, Conti et al. 2025",
           "right if the label's name stands in it"), names_inside),
    (About("words_inside", "inclusion by words", "Xu et al. 2023",
           "right if the label's name stands in it as words"), words_inside),
    (About("only_name_inside", "substring over all names", "Duan et al. 2024",
           "the only name that stands in it, wrong without one"), only_name_inside),
)  # fmt: skip
"""The rules that need no text encoder."""


@lru_cache(maxsize=4)
def _by_spelling(names: tuple[str, ...], ids: ClassIds) -> dict[str, ClassIds]:
    found: dict[str, ClassIds] = {}
    for name, class_id in zip(names, ids, strict=True):
        found[name] = (*found.get(name, ()), class_id)
    return found


@lru_cache(maxsize=4)
def _plain_names(names: tuple[str, ...], ids: ClassIds) -> list[tuple[str, int]]:
    pairs = zip(map(_plain, names), ids, strict=True)
    return [(name, class_id) for name, class_id in pairs if name.strip()]


@lru_cache(maxsize=4)
def _length(names: tuple[str, ...]) -> int:
    return sum(map(len, names))


def _plain(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9\s]", "", text).lower()


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
    unique = list(filter(names_something, dict.fromkeys(chain.from_iterable(texts))))
    if not unique:
        return [0.0] * len(texts)
    rows = {text: row for row, text in enumerate(unique)}
    vectors = embed(encoder, unique, "raw")
    names = embed(encoder, classes.names, "raw")
    place = {class_id: row for row, class_id in enumerate(classes.ids)}
    found = []
    for of_image, ids in zip(texts, labels, strict=True):
        own = [rows[text] for text in of_image if text in rows]
        cosines = vectors[own] @ names[[place[each] for each in sorted(ids)]].T
        found.append(float(cosines.max()) if cosines.size else 0.0)
    return found
