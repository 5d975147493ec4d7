"""Classes and answers that a model's page shows."""

from itertools import pairwise

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences, Labels
from harness.leaderboard.numbers import gallery
from harness.leaderboard.numbers.gallery import (
    ClassScore,
    Confused,
    extremes,
    most_confused,
    out_of_prompt,
)
from harness.scores.answers import to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.metrics import counted_rows
from harness.scores.results import Share
from harness.store.prediction import Prediction
from scores.score_builders import classes, labels, mapped, ok, row


def judged(rows: list[Prediction], sets: dict[str, list[int]]) -> Judgement:
    answers = to_answers(rows)
    label_set = labels("corrected", sets)
    return judge(answers, Labels((label_set,), Equivalences.none()), ("cw", "ow"))[0]


def test_best_and_worst_classes_are_in_one_list_only() -> None:
    shares = {str(k): Share(n=5 + k % 2, accuracy=float(k % 3)) for k in range(5)}
    best, worst = extremes(shares)
    assert best == (ClassScore(2, 5, 2.0), ClassScore(1, 6, 1.0))
    assert worst == (ClassScore(3, 6, 0.0), ClassScore(0, 5, 0.0))
    assert extremes({}) == ((), ())
    many = {str(k): Share(n=1, accuracy=float(k)) for k in range(99)}
    assert [len(each) for each in extremes(many)] == [gallery.CLASSES_SHOWN] * 2


def test_confused_classes_are_of_wrong_answers_that_name_a_class() -> None:
    rows = [ok("a", 1), ok("b", 1), ok("c", 2), ok("d", 3), ok("e", 1), mapped("f", 1)]
    sets = {"a": [0], "b": [0], "c": [0], "d": [3], "e": [0, 1], "f": [0]}
    answers, found = to_answers(rows), judged(rows, sets)
    pairs = most_confused(answers, found, "cw", counted_rows(answers, "cw"))
    assert pairs == (Confused(0, 1, 2), Confused(0, 2, 1))


def test_a_replaced_label_is_not_taken_for_itself() -> None:
    """Nor for a class that counts as it."""
    rows = [ok("a", 1), ok("b", 4), ok("c", 1), ok("d", 2)]
    answers = to_answers(rows)
    original = labels("original", {each: [1] for each in "abcd"}, original=True)
    corrected = labels("corrected", {"a": [2], "b": [2], "c": [3], "d": [1, 3]})
    same = Equivalences.from_groups("a test", [[1, 4]])
    found = judge(answers, Labels((original, corrected), same), ("cw",))[1]
    pairs = most_confused(answers, found, "cw", counted_rows(answers, "cw"))
    assert pairs == (Confused(2, 1, 2), Confused(1, 2, 1), Confused(3, 1, 1))


def test_nothing_is_confused_when_all_is_right() -> None:
    rows = [ok("a", 1)]
    answers = to_answers(rows)
    found = judged(rows, {"a": [1]})
    assert most_confused(answers, found, "cw", counted_rows(answers, "cw")) == ()


def test_out_of_prompt_answers_are_told_with_their_class() -> None:
    rows = [
        ok("a", 1, answer="class 1"),
        mapped("b", 1, similarity=0.5),
        mapped("c", 2),
        row("d", Status.REFUSED, answer="I cannot say."),
        row("e", Status.EMPTY),
        mapped("f", 1),
        row("g", Status.UNPARSED, answer="x" * 999),
    ]
    sets = {"a": [1], "b": [1], "c": [1], "d": [1], "f": []}
    shown = out_of_prompt(rows, to_answers(rows), judged(rows, sets), classes())
    assert [(each.image_id, each.class_id, each.right) for each in shown] == [
        ("b", 1, True),
        ("c", 2, False),
        ("d", None, None),
        ("f", 1, None),
        ("g", None, None),
    ]
    assert shown[0].similarity == 0.5
    assert len(shown[-1].answer) == gallery.LONGEST_ANSWER


def test_in_an_open_world_they_are_the_answers_that_are_no_name() -> None:
    rows = [
        Prediction("a", Status.OK, answer="A Class 1.", class_id=1, rule="mapped"),
        Prediction("b", Status.OK, answer="some thing", class_id=1, rule="mapped"),
    ]
    shown = out_of_prompt(rows, to_answers(rows), judged(rows, {"a": [1], "b": [1]}), classes())
    assert [each.image_id for each in shown] == ["b"]


def test_they_are_spread_evenly_over_the_images() -> None:
    rows = [mapped(f"{place:04d}", 1) for place in range(1000)]
    shown = out_of_prompt(rows, to_answers(rows), judged(rows, {"0000": [1]}), classes())
    places = [int(each.image_id) for each in shown]
    assert len(places) == gallery.ANSWERS_SHOWN
    steps = {b - a for a, b in pairwise(places)}
    assert places[0] == 0
    assert steps <= {1000 // 24, 1000 // 24 + 1}
