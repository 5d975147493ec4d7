"""Likelihoods of names become the class of a row, its top five, and nothing is guessed."""

import math

import pytest
from scipy.special import softmax

from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.prompts.plan import PlannedRequest
from harness.requests import Scores
from harness.runs.rows import answered_rows, best_of

NAMES = ("crane", "bull", "bull mastiff", "crane", "cat", "dog")
CLASSES = ClassList("six", "clean", tuple(Class(i * 10, name) for i, name in enumerate(NAMES)))
ASKED = PlannedRequest((0,), ("a",), "which?")


def test_the_best_come_first_and_of_equal_ones_the_lower() -> None:
    found = best_of([1.0, 3.0, 3.0, -math.inf, 2.0], kept=4)
    assert found.places == (1, 2, 4, 0)
    assert found.scores == (3.0, 3.0, 2.0, 1.0)


def test_a_score_that_is_no_number_is_an_error_and_no_answer() -> None:
    response = Scores((math.nan,) * 6, lengths=(1,) * 6)
    (row,) = answered_rows("cw", CLASSES, ASKED, ["x"], response)
    assert row.status is Status.ERROR
    assert row.class_id is None
    with pytest.raises(ValueError, match="NaN"):
        best_of([0.0, math.nan])


def test_sum_and_mean_are_both_kept_and_the_sum_decides() -> None:
    scores = (-9.0, -2.0, -2.4, -9.0, -3.0, -8.0)
    response = Scores(scores, lengths=(1, 1, 3, 1, 1, 1))
    (row,) = answered_rows("cw", CLASSES, ASKED, ["x"], response)
    assert (row.status, row.class_id, row.also, row.rule) == (Status.OK, 10, (), "ranked")
    assert row.top == (10, 20, 40, 50, 0)
    assert row.top_scores == (-2.0, -2.4, -3.0, -8.0, -9.0)
    assert row.top_per_token[0] == 20
    assert row.top_per_token_scores[0] == -0.8


def test_a_name_that_two_classes_bear_stands_for_both() -> None:
    response = Scores((0.0, -1, -1, 0.0, -1, -1), lengths=(1,) * 6)
    (row,) = answered_rows("cw", CLASSES, ASKED, ["x"], response)
    assert (row.class_id, row.also) == (0, (30,))
    assert row.confidence == pytest.approx(softmax((0, -1, -1, -1, -1))[0], abs=1e-6)
    # Batches may round one text differently; the confidence is that of the higher one, at most 1.
    response = Scores((-0.01, -30, -30, -0.02, -30, -30), lengths=(1,) * 6)
    (row,) = answered_rows("cw", CLASSES, ASKED, ["x"], response)
    assert (row.class_id, row.confidence) == (0, 1.0)


def test_letters_stand_for_the_options() -> None:
    asked = PlannedRequest((0,), ("a",), "which?", (40, 0, 50))
    response = Scores((-3.0, -1.0, -2.0), lengths=(1, 1, 1))
    (row,) = answered_rows("mc", CLASSES, asked, ["x"], response)
    assert (row.class_id, row.also, row.top) == (0, (), (0, 50, 40))
    assert row.confidence == pytest.approx(softmax(response.scores)[1], abs=1e-6)
