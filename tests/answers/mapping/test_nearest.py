from collections.abc import Callable, Sequence

import numpy as np
import pytest

from harness.answers.mapping.nearest import Mapped, map_answers, map_to_each, nearest_classes
from harness.answers.mapping.vectors import (
    ClassVectors,
    embed_classes,
    shared_vectors,
    unread_names,
)
from harness.data.class_sentences import ClassSentences
from harness.data.classes import Class, ClassList
from harness.encoders.base import TextEncoder, Vectors
from harness.encoders.registry import LexicalEncoder
from harness.encoders.sentence import load_minilm
from harness.specs.model import EncoderSpec

LEXICAL = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical"))
CLASSES = ClassList(
    "five",
    "clean",
    (
        Class(3, "sunglasses"),
        Class(5, "tench"),
        Class(8, "Sun-Glasses"),
        Class(11, "Sunglasses"),
        Class(40, "great white shark"),
    ),
)


class Table:
    """An encoder of known vectors, that remembers what it was asked for."""

    name = digest = "table"

    def __init__(self, rows: dict[str, list[float]]) -> None:
        self._rows = rows
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([self._rows[text] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_classes_of_one_name_share_a_row() -> None:
    found = embed_classes(LEXICAL, CLASSES, "raw")
    assert found.groups == ((3, 11), (5,), (8,), (40,))
    np.testing.assert_array_equal(
        found.matrix, LEXICAL.encode(["sunglasses", "tench", "Sun-Glasses", "great white shark"])
    )


SENTENCES = {
    3: ("dark glasses", "for bright days"), 5: ("a green fish",), 8: ("worn on the beach",),
    11: ("shades",), 40: ("a fish with teeth", "the largest fish of prey", "a film"),
}  # fmt: skip


@pytest.mark.parametrize("load", [LexicalEncoder, load_minilm])
def test_sentences_of_classes_are_averaged_by_hand(
    load: Callable[[EncoderSpec], TextEncoder],
) -> None:
    kind = "lexical" if load is LexicalEncoder else "minilm"
    encoder = load(EncoderSpec(encoder=kind, kind=kind))
    found = embed_classes(encoder, CLASSES, ClassSentences(SENTENCES, "0"))
    assert found.groups == ((3, 11), (5,), (8,), (40,))
    for row, ids in zip(found.matrix, found.groups, strict=True):
        total, texts = np.zeros(found.matrix.shape[1]), [t for i in ids for t in SENTENCES[i]]
        for text in texts:
            vector = encoder.encode([text])[0].astype(np.float64)
            total += vector / np.linalg.norm(vector)
        mean = total / len(texts)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-6)
    mapped = map_answers(
        encoder, ["fish of prey", "shades"], CLASSES, ClassSentences(SENTENCES, "0")
    )
    assert [each and each.class_ids for each in mapped] == [(40,), (3, 11)]


def test_sentences_that_cannot_be_read_or_told_apart() -> None:
    minilm = load_minilm(EncoderSpec(encoder="minilm", kind="minilm"))
    unread = ClassSentences({**SENTENCES, 5: ("狗", "猫 a")}, "0")
    assert embed_classes(minilm, CLASSES, unread).groups == ((3, 11), (8,), (40,))
    assert unread_names(minilm, CLASSES, unread) == ["tench"]
    same = ClassSentences({**SENTENCES, 8: ("A green fish",)}, "0")
    assert shared_vectors(minilm, CLASSES, same) == [(5, 8)]
    assert shared_vectors(minilm, CLASSES, ClassSentences(SENTENCES, "0")) == []
    assert shared_vectors(LEXICAL, CLASSES, same) == [(5, 8)]


def test_similarity_and_margin_by_hand() -> None:
    table = Table({"a": [1, 0], "b": [0.6, 0.8], "c": [0, 1], "x": [0.8, 0.6]})
    three = ClassList("three", "clean", (Class(2, "a"), Class(4, "b"), Class(7, "c")))
    (found,) = map_answers(table, ["x"], three)
    assert found is not None
    assert (found.class_id, found.also) == (4, ())
    assert found.similarity == pytest.approx(0.96)
    assert found.margin == pytest.approx(0.16)


def test_a_tie_goes_to_the_lower_id_even_when_rounding_differs() -> None:
    classes = ClassVectors(
        ((2,), (4,), (9, 12)), np.array([[0, 1], [1, 0], [1 + 5e-7, 0]], dtype=np.float32)
    )
    (found,) = nearest_classes(np.array([[1, 0]], dtype=np.float32), classes)
    assert found == Mapped(class_id=4, also=(), similarity=1.0, margin=0.0)


def test_the_margin_is_to_another_name() -> None:
    (found,) = map_answers(LEXICAL, ["SUNGLASSES!"], CLASSES)
    assert found is not None
    assert found.class_ids == (3, 11)
    assert found.similarity == pytest.approx(1)
    assert found.margin is not None
    assert 0.2 < found.margin < 0.9


def test_one_name_has_no_margin() -> None:
    one = ClassList("one", "clean", (Class(1, "cat"), Class(2, "Cat")))
    (found,) = map_answers(LEXICAL, ["cats"], one)
    assert found is not None
    assert found.class_ids == (1, 2)
    assert found.margin is None


def test_answers_that_name_nothing_are_not_mapped() -> None:
    found = map_answers(LEXICAL, ["", "  \n", "**…**", "tench"], CLASSES)
    assert found[:3] == [None, None, None]
    assert found[3] is not None
    assert map_answers(LEXICAL, [], CLASSES) == []


def test_each_answer_is_embedded_once() -> None:
    table = Table({"a": [1, 0], "b": [0, 1], "x": [0.6, 0.8]})
    two = ClassList("two", "clean", (Class(0, "a"), Class(1, "b")))
    targets = [embed_classes(table, two, "raw")] * 3
    table.asked.clear()
    found = map_to_each(table, ["x", "a", " x ", "x", ""], targets, "raw")
    assert table.asked == ["x", "a"]
    assert [[item and item.class_id for item in row] for row in found] == [[1, 0, 1, 1, None]] * 3


def test_many_answers_in_several_chunks_are_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("glasehnt "))
    answers = ["sun" + "".join(rng.choice(letters, 9)) for _ in range(2500)]
    together = map_answers(LEXICAL, answers, CLASSES)
    for i in (0, 1023, 1024, 2499):
        (alone,) = map_answers(LEXICAL, [answers[i]], CLASSES)
        assert alone is not None
        assert together[i] == Mapped(
            alone.class_id,
            alone.also,
            pytest.approx(alone.similarity, abs=1e-6),
            pytest.approx(alone.margin, abs=2e-6),
        )


def test_templates_of_both_sides_are_used() -> None:
    table = Table({"a photo of a a.": [1, 0], "a photo of a b.": [0, 1], "x": [0, 1]})
    two = ClassList("two", "clean", (Class(0, "a"), Class(1, "b")))
    (found,) = map_answers(table, ["x"], two, "photo", "raw")
    assert found is not None
    assert found.class_id == 1


def test_minilm_knows_what_words_mean() -> None:
    minilm = load_minilm(EncoderSpec(encoder="minilm", kind="minilm"))
    names = ("tench", "great white shark", "sunglasses", "espresso", "school bus")
    few = ClassList("few", "clean", tuple(Class(i, name) for i, name in enumerate(names)))
    answers = ["a dangerous ocean predator", "a cup of strong coffee", "vehicle for pupils"]
    assert [item and item.class_id for item in map_answers(minilm, answers, few)] == [1, 3, 4]
