"""Names that are one to an encoder, and texts that it cannot read: none is told by its vector."""

from collections.abc import Sequence

import numpy as np
import pytest

from harness.answers.mapping.nearest import map_answers
from harness.answers.mapping.vectors import (
    ClassVectors,
    embed_classes,
    refuse_same_rows,
    refuse_shared,
    same_rows,
    shared_vectors,
    unread_names,
)
from harness.data.classes import Class, ClassList
from harness.encoders.base import TextEncoder, Vectors
from harness.encoders.registry import LexicalEncoder
from harness.encoders.sentence import load_minilm
from harness.errors import SpecError
from harness.specs.model import EncoderSpec

LEXICAL = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical"))
MINILM = load_minilm(EncoderSpec(encoder="minilm", kind="minilm"))
SHORT = load_minilm(EncoderSpec(encoder="short", kind="minilm", max_length=4))

CHINESE = ("狗", "猫", "鱼", "马", "熊", "象")
EMOJI = ("🐶", "🐱", "🐟", "🐴", "🐻", "🐘")
ENGLISH = ("dog", "cat", "fish", "horse", "bear", "elephant")


def listed(*names: str) -> ClassList:
    return ClassList("these", "given", tuple(Class(10 + i, name) for i, name in enumerate(names)))


ALL_SIX = (10, 11, 12, 13, 14, 15)


@pytest.mark.parametrize(
    ("encoder", "names", "shared"),
    [
        (MINILM, ENGLISH, []),
        (LEXICAL, ENGLISH, []),
        # 马 and the others are not in MiniLM's vocabulary, which is that of English BERT.
        (MINILM, CHINESE, [ALL_SIX]),
        (LEXICAL, CHINESE, []),
        (MINILM, EMOJI, [ALL_SIX]),
        (LEXICAL, EMOJI, []),
        (MINILM, ("金鱼", "金魚", "dog"), [(10, 11)]),  # a known sign and an unknown one
        (MINILM, ("café", "cafe", "tea"), [(10, 11)]),  # accents are cut off
        (LEXICAL, ("café", "cafe", "tea"), []),
        (LEXICAL, ("bora", "bora bora", "tea"), [(10, 11)]),  # counts twice over are the same
        (SHORT, ("great white shark", "great white heron", "great dane"), [(10, 11)]),
        (MINILM, ("dog " * 300 + "cat", "dog " * 300 + "cow", "cow"), [(10, 11)]),
        (MINILM, ("dog", "Dog", "DOG."), []),  # one name after normalization
        (MINILM, (), []),
    ],
)
def test_names_that_are_one_to_an_encoder(
    encoder: TextEncoder, names: Sequence[str], shared: list[tuple[int, ...]]
) -> None:
    classes = listed(*names)
    assert shared_vectors(encoder, classes, "raw") == shared
    if shared:
        with pytest.raises(SpecError, match="several names have one vector"):
            refuse_shared(encoder, classes, "raw")
        refuse_same_rows(encoder, classes, "raw", [names[each - 10] for each in shared[0]])
    else:
        refuse_same_rows(encoder, classes, "raw")


@pytest.mark.parametrize("template", ["raw", "photo", "avg"])
def test_the_tokens_tell_what_the_vectors_would(template: str) -> None:
    names = listed("great white shark", "great white heron", "tench", "great white", "café", "cafe")
    by_vectors = same_rows(embed_classes(SHORT, names, template))
    assert shared_vectors(SHORT, names, template) == by_vectors
    # "a photo of a" takes up all that is read; some sentences of `avg` are shorter.
    everything = [(10, 11, 12, 13, 14, 15)]
    assert by_vectors == (everything if template == "photo" else [(10, 11, 13), (14, 15)])


def test_vectors_are_looked_at_where_tokens_cannot_tell() -> None:
    class Bag:
        """Vectors of known letters; of `b` and `c` they differ by rounding alone."""

        name = digest = "bag"

        def encode(self, texts: Sequence[str]) -> Vectors:
            rows = {"a": [1, 0], "b": [0, 1], "c": [3e-7, 1], "d": [0, 0], "e": [0, 0]}
            return np.array([rows[text] for text in texts], dtype=np.float32).reshape(-1, 2)

    names = listed("a", "c", "b", "d", "e")
    assert shared_vectors(Bag(), names) == [(11, 12), (13, 14)]
    with pytest.raises(SpecError, match="`c`, `b`; `d`, `e`"):
        refuse_same_rows(Bag(), names, "raw")
    with pytest.raises(SpecError, match="`d`, `e`"):
        refuse_same_rows(Bag(), names, "raw", ["B", "c"])
    refuse_same_rows(Bag(), names, "raw", ["a", "b", "c", "d", "e"])


def test_rows_that_are_one_are_found_across_chunks() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2100, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[[1500, 2099]] = rows[3]
    rows[1030] = rows[1029]
    classes = ClassVectors(tuple((2 * place, 2 * place + 1) for place in range(2100)), rows)
    assert same_rows(classes) == [(6, 7, 3000, 3001, 4198, 4199), (2058, 2059, 2060, 2061)]


def test_an_allowed_name_must_be_one_of_the_list() -> None:
    with pytest.raises(SpecError, match="did you mean `dog`"):
        refuse_shared(MINILM, listed("dog", "cat"), "raw", ["dogg"])


def test_names_that_cannot_be_read_are_named_and_nothing_is_mapped_to_them() -> None:
    names = listed("🐶", "cat", "金鱼")
    assert unread_names(MINILM, names) == ["🐶", "金鱼"]
    assert unread_names(LEXICAL, names) == []
    found = map_answers(MINILM, ["cats", "a dog", "狗"], names)
    assert [each and (each.class_id, each.margin) for each in found] == [(11, None)] * 2 + [None]


@pytest.mark.parametrize("template", ["raw", "photo", "avg"])
def test_an_answer_that_cannot_be_read_has_no_class(template: str) -> None:
    # `一` alone is known of 这是一只狗: "a", "one".
    unread = ["狗", "🐶", "🐶🐱", "这是一只狗", "the 🐶", "…", "–"]
    # MiniLM reads собака letter by letter; what it makes of it is its own affair.
    read = ["golden retriever 🐶", "собака", "7"]
    found = map_answers(MINILM, unread + read, listed(*ENGLISH), "raw", template)
    assert [each is not None for each in found] == [False] * len(unread) + [True] * len(read)


def test_letters_that_no_name_has_are_near_to_none() -> None:
    # Some n-gram of a long answer falls into the bucket of some n-gram of 200 names, whatever it
    # says: with hashing alone there is always a nearest class, with a margin.
    rng = np.random.default_rng(0)
    names = listed(*("".join(rng.choice(list("abcdefgh"), 9)) for _ in range(200)))
    strange = "ДЖЩЫЭЮЯ жщыэюя ъьйцук"
    assert np.abs(LEXICAL.encode([strange]) @ LEXICAL.encode(list(names.names)).T).max() > 0.01
    assert map_answers(LEXICAL, [strange, strange + " " + names.names[7]], names)[0] is None
    (found,) = map_answers(LEXICAL, [names.names[7] + "x"], names, "photo", "photo")
    assert found is not None
    assert found.class_id == 17
