from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.answers.mapping.nearest import Count, grid, is_reporting, map_answers
from harness.data.classes import Class, ClassList
from harness.encoders.registry import LexicalEncoder
from harness.errors import SpecError
from harness.specs.model import EncoderSpec

LEXICAL = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical"))
SINGLE = LexicalEncoder(EncoderSpec(encoder="single", kind="lexical", ngram_range=(1, 1)))
CLASSES = ClassList("two", "clean", (Class(0, "cat"), Class(1, "dog"), Class(2, "Cat")))
TEXTS = ("cats", "doggy", "a cat in a hat", "", "a cat, good god")
ANSWERS = {f"image {i}": TEXTS[i % 5] for i in range(50)}
TRUTH = [(2, 1, 0, 0, 0)[i % 5] for i in range(50)]


def right(stands_for: Sequence[tuple[int, ...]]) -> NDArray[np.bool_]:
    return np.array([truth in ids for truth, ids in zip(TRUTH, stands_for, strict=True)])


def test_every_combination_in_the_order_given() -> None:
    rows = grid([LEXICAL, SINGLE], ANSWERS, CLASSES, ["raw", "avg"], ["photo", "raw"], right)
    assert [(row.encoder, row.class_template, row.answer_template) for row in rows] == [
        (encoder, class_template, answer_template)
        for encoder in ("lexical", "single")
        for class_template in ("raw", "avg")
        for answer_template in ("photo", "raw")
    ]
    assert rows[0].digest == LEXICAL.digest


def test_counts_are_those_of_map_answers_on_each_half() -> None:
    rows = grid([LEXICAL], ANSWERS, CLASSES, ["raw", "photo"], ["raw", "avg"], right)
    half = np.array([is_reporting(image_id) for image_id in ANSWERS])
    for row in rows:
        templates = (row.class_template, row.answer_template)
        found = map_answers(LEXICAL, list(ANSWERS.values()), CLASSES, *templates)
        hits = right([item.class_ids if item else () for item in found])
        assert row.reporting == Count(int(hits[half].sum()), int(half.sum()))
        assert row.choosing == Count(int(hits[~half].sum()), int((~half).sum()))


def test_the_best_of_the_choosing_half_is_chosen_the_first_of_equals() -> None:
    def by_chance(stands_for: Sequence[tuple[int, ...]]) -> NDArray[np.bool_]:
        return np.ones(len(stands_for), dtype=bool)

    rows = grid([LEXICAL, SINGLE], ANSWERS, CLASSES, ["raw"], ["raw", "photo"], by_chance)
    assert [row.chosen for row in rows] == [True, False, False, False]
    rows = grid([SINGLE, LEXICAL], ANSWERS, CLASSES, ["raw"], ["raw"], right)
    assert rows[1].choosing.k > rows[0].choosing.k  # one letter cannot tell `god` from `dog`
    assert [row.chosen for row in rows] == [False, True]


def test_halves_are_even_and_do_not_depend_on_the_run() -> None:
    ids = [f"ILSVRC2012_val_{i + 1:08d}" for i in range(50_000)]
    assert abs(sum(map(is_reporting, ids)) - 25_000) < 500
    assert [is_reporting(image_id) for image_id in ids[:8]] == [
        False, False, False, True, False, False, False, True,
    ]  # fmt: skip


def test_nothing_to_count() -> None:
    def none(stands_for: Sequence[tuple[int, ...]]) -> NDArray[np.bool_]:
        return np.zeros(len(stands_for), dtype=bool)

    (row,) = grid([LEXICAL], {}, CLASSES, ["raw"], ["raw"], none)
    assert row.choosing == row.reporting == Count(0, 0)
    assert row.reporting.accuracy is None
    assert Count(1, 4).accuracy == 0.25
    assert grid([], ANSWERS, CLASSES, ["raw"], ["raw"], right) == []


def test_an_unknown_template() -> None:
    with pytest.raises(SpecError, match="unknown template"):
        grid([LEXICAL], ANSWERS, CLASSES, ["raw"], ["rw"], right)
