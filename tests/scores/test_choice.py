"""Multiple choice: letters, positions and chance."""

import pytest

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.scores.results import ChoiceScore, Results
from scores.score_builders import classes, labels, ok, row, run

IMGT = labels("imgt", {f"{i}": [1] for i in range(6)}, original=True)


def mc(results: Results) -> ChoiceScore:
    assert results.mc is not None
    return results.mc


def test_letters_positions_and_chance() -> None:
    rows = [
        ok("0", 1, options=(1, 2, 3, 4), rule="letter"),
        ok("1", 2, options=(1, 2, 3, 4)),
        ok("2", 1, options=(2, 1, 3, 4)),
        row("3", Status.REFUSED, options=(2, 3, 4, 1)),
        row("4", Status.ERROR, options=(1, 2, 3, 4)),
        ok("5", 1, options=(2, 1)),
    ]
    found = mc(run(rows, IMGT, protocol="mc", distractors={"strategy": "random"}))
    assert {key: value.n for key, value in found.letters.items()} == {
        "A": 1,
        "B": 3,
        "C": 0,
        "D": 0,
        "none": 1,
    }
    assert found.letters["B"].share == 60.0
    positions = {key: (value.n, value.accuracy) for key, value in found.by_position.items()}
    assert positions == {
        "A": (2, 50.0),
        "B": (2, 100.0),
        "C": (0, None),
        "D": (1, 0.0),
        "none": (0, None),
    }
    assert found.chance == pytest.approx(100 * (4 * 0.25 + 0.5) / 5)
    assert found.n_options == {"2": 1, "4": 4}
    assert found.distractors == {"strategy": "random"}


def test_scores_of_multiple_choice() -> None:
    rows = [ok("0", 1, options=(1, 2)), ok("1", 1, options=(1, 2), rule="letter")]
    score = run(rows, IMGT, protocol="mc").scores["mc"]["imgt"]
    assert (score.accuracy, score.accuracy_by("strict")) == (100.0, 50.0)


def test_the_true_option_may_be_a_label_of_any_label_set() -> None:
    re = labels("re", {"0": [2], "1": [3, 4], "2": []})
    rows = [ok("0", 2, options=(3, 2)), ok("1", 3, options=(3, 4)), ok("2", 5, options=(5, 6))]
    found = mc(run(rows, re, protocol="mc")).by_position
    assert {key: value.n for key, value in found.items()} == {"A": 0, "B": 1, "none": 2}
    assert found["B"].accuracy == 100.0
    found = mc(run(rows[:1], re, labels("last", {"0": [9]}), protocol="mc")).by_position
    assert (found["B"].n, found["none"].n) == (1, 0)


def test_equivalent_classes_are_one_when_the_true_option_is_found() -> None:
    rows = [ok("0", 2, options=(2, 3))]
    same = Equivalences.from_groups("mine", [[1, 2]])
    found = mc(run(rows, IMGT, protocol="mc", equivalences=same)).by_position
    assert (found["A"].n, found["A"].accuracy) == (1, 100.0)


def test_an_answer_outside_the_options_chooses_no_letter() -> None:
    found = mc(run([ok("0", 9, options=(1, 2))], IMGT, protocol="mc"))
    assert found.letters["none"].n == 1
    both = mc(run([ok("0", 2, 1, options=(1, 2))], IMGT, protocol="mc"))
    assert (both.letters["A"].n, both.letters["B"].n) == (0, 1)
    unread = row("0", Status.UNPARSED, class_id=1, options=(1, 2))
    assert mc(run([unread], IMGT, protocol="mc")).letters["none"].n == 1


def test_rows_without_options_and_no_rows() -> None:
    for rows in ([ok("0", 1)], []):
        found = mc(run(rows, IMGT, protocol="mc"))
        assert (found.chance, found.n_options, found.letters["none"].n) == (None, {}, 0)


def test_other_protocols_have_no_letters() -> None:
    assert run([ok("0", 1)], IMGT).mc is None


def test_twenty_six_options() -> None:
    options = tuple(range(26))
    truth = labels("imgt", {"0": [25]}, original=True)
    found = mc(run([ok("0", 25, options=options)], truth, protocol="mc", class_list=classes(26)))
    assert (found.letters["Z"].n, found.by_position["Z"].accuracy) == (1, 100.0)
