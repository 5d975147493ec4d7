"""The annotators that the tests of reviews make up are as accurate and as biased as they say."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.review.answers import AnswerRow, read_answers, wrong_with
from harness.review.make import Made
from harness.review.sources import Sources
from support.annotators import simulate, write_answers
from support.reviews import made_review, made_up_queue, new_label

ACCURACIES = {"ann": 1.0, "bob": 0.8, "cem": 0.5}
Truth = Mapping[str, frozenset[int]]


def right(rows: list[AnswerRow], name: str, truth: Mapping[str, tuple[int, ...]]) -> float:
    mine = [row for row in rows if row.annotator == name]
    return sum(row.labels == truth[row.image_id] for row in mine) / len(mine)


def test_accuracy_is_what_was_asked_for_and_every_answer_is_sound() -> None:
    queue = made_up_queue(600, tuple(ACCURACIES))
    truth = {item.image_id: (new_label(place),) for place, item in enumerate(queue.items)}
    rows = simulate(queue, truth, ACCURACIES, seed=3)
    assert rows == simulate(queue, truth, ACCURACIES, seed=3)
    assert rows != simulate(queue, truth, ACCURACIES, seed=4)
    assert len(rows) == 1800 and not [each for each in rows if wrong_with(queue, each)]
    for name, accuracy in ACCURACIES.items():
        assert right(rows, name, truth) == pytest.approx(accuracy, abs=0.05)


def test_one_who_confuses_two_classes_does_so_wherever_the_first_is() -> None:
    queue = made_up_queue(120, ("ann",))
    truth = {item.image_id: (new_label(place),) for place, item in enumerate(queue.items)}
    rows = simulate(queue, truth, {"ann": 1.0}, confuses={"ann": (2, 4)})
    assert {row.labels for row in rows if truth[row.image_id] == (2,)} == {(4,)}
    assert all(row.labels == truth[row.image_id] for row in rows if truth[row.image_id] != (2,))


def test_one_who_follows_the_model_changes_the_second_answer_alone() -> None:
    queue = made_up_queue(300, ("ann", "bob"), mode="blind_then_shown")
    truth = {item.image_id: ((new_label(place) + 1) % 6,) for place, item in enumerate(queue.items)}
    rows = simulate(queue, truth, {"ann": 1.0, "bob": 1.0}, follows={"bob": 0.4})
    assert not [each for each in rows if wrong_with(queue, each)]
    blind = [row for row in rows if row.pass_ == "blind"]
    shown = [row for row in rows if row.pass_ == "shown"]
    assert len(blind) == len(shown) == 600
    assert right(blind, "bob", truth) == right(shown, "ann", truth) == 1
    assert right(shown, "bob", truth) == pytest.approx(0.6, abs=0.07)


def test_they_answer_a_real_queue_and_its_honeypots(
    mini_sources: Sources, mini_truth: Truth, tmp_path: Path
) -> None:
    made: Made = made_review(mini_sources, tmp_path / "review")
    rows = simulate(made.queue, mini_truth, {"ann": 1.0, "bob": 0.9, "cem": 0.6, "dee": 0.0})
    write_answers(made.folder, rows)
    found = read_answers(made.queue, made.folder)
    assert len(found.latest) == len(rows) == 3 * len(made.queue.items)
    assert found.notes == ()
    known = {item.image_id: item.known for item in made.queue.items if item.known}
    asked = [row for row in rows if row.image_id in known]
    hits = {
        name: {row.labels == known[row.image_id] for row in asked if row.annotator == name}
        for name in ("ann", "dee")
    }
    assert hits == {"ann": {True}, "dee": {False}}
