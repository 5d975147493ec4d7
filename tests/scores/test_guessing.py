"""What guessing reaches: against brute force over all answers; nothing where nothing is scored."""

import random

import numpy as np
import pytest

from harness.data.labels.label_set import Equivalences
from harness.report.layout import to_text
from harness.report.results_table import results_table
from harness.report.table import Number
from harness.scores.answers import to_answers
from harness.scores.guessing import guess, guess_classes, guess_letters
from harness.scores.truth import to_truth
from scores.score_builders import labels, ok, run


@pytest.mark.parametrize("seed", range(4))
def test_against_every_class_tried_on_every_image(seed: int) -> None:
    drawn = random.Random(seed)
    ids = [str(place) for place in range(60)]
    classes = [3, 5, 8, 9, 11, 20]
    same = Equivalences.from_groups("a test", [[5, 9], [8, 11]][: seed % 3])
    sets = {each: drawn.sample(classes, drawn.randrange(4)) for each in ids if drawn.random() < 0.9}
    truth = to_truth(labels("l", sets), tuple(ids), same)
    scored = np.array([bool(sets.get(each)) and drawn.random() < 0.8 for each in ids])
    right = {
        one: [
            any(same.merge(one) == same.merge(each) for each in sets[image_id])
            for image_id, counts in zip(ids, scored, strict=True)
            if counts
        ]
        for one in classes
    }
    found = guess_classes(truth, scored, classes)
    accuracies = [100 * sum(each) / len(each) for each in right.values()]
    assert found.chance == pytest.approx(sum(accuracies) / len(classes))
    assert found.constant == pytest.approx(max(accuracies))


@pytest.mark.parametrize("seed", range(4))
def test_against_every_letter_tried_on_every_question(seed: int) -> None:
    """A label set may find several options right, or none: those are drawn by another one."""
    drawn = random.Random(seed)
    ids, same = [str(place) for place in range(60)], Equivalences.from_groups("a test", [[5, 9]])
    options = {each: drawn.sample([3, 5, 8, 9, 11, 20], drawn.choice((2, 3, 4))) for each in ids}
    sets = {each: drawn.sample([3, 5, 8, 9, 11, 20], drawn.randrange(4)) for each in ids}
    truth = to_truth(labels("l", sets), tuple(ids), same)
    scored = np.array([bool(sets[each]) and drawn.random() < 0.8 for each in ids])
    right = [
        [same.merge(option) in map(same.merge, sets[image_id]) for option in options[image_id]]
        for image_id, counts in zip(ids, scored, strict=True)
        if counts
    ]
    rows = [ok(each, options[each][0], options=tuple(options[each])) for each in ids]
    found = guess_letters(truth, scored, to_answers(rows).options)
    assert found.chance == pytest.approx(100 * np.mean([np.mean(each) for each in right]))
    by_letter = [sum(each[letter : letter + 1] == [True] for each in right) for letter in range(4)]
    assert found.constant == pytest.approx(100 * max(by_letter) / len(right))


def test_without_an_image_there_is_none() -> None:
    truth = to_truth(labels("l", {}), ("a",), Equivalences.from_groups("a test", []))
    for options in (None, np.array([[0, 1]])):
        found = guess(truth, np.array([False]), [0, 1], options)
        assert (found.chance, found.constant) == (None, None)
    results = run([], labels("l", {}, original=True))
    assert "chance" not in to_text(results_table([results]))
    assert "chance" not in results.to_json()["scores"]["cw"]["l"]


def test_letters_are_guessed_among_the_options_of_each_question() -> None:
    truth = labels("l", {"a": [1], "b": [2], "c": [2]}, original=True)
    rows = [
        ok("a", 1, options=(1, 2)),
        ok("b", 2, options=(2, 1, 3, 4)),
        ok("c", 1, options=(2, 1)),
    ]
    score = run(rows, truth, protocol="mc").scores["mc"]["l"]
    assert score.chance == pytest.approx(100 * (1 / 2 + 1 / 4 + 1 / 2) / 3)
    assert score.constant_answer == 100  # the right one is always A


def test_letters_are_guessed_under_each_label_set_by_itself() -> None:
    """Of the original label that is wrong no option is right, and no letter is under it."""
    before = labels("before", {"a": [1], "b": [2], "c": [3]}, original=True)
    after = labels("after", {"a": [1], "b": [2], "c": [4]})
    rows = [ok("a", 1, options=(1, 2)), ok("b", 2, options=(2, 1)), ok("c", 4, options=(4, 5))]
    scores = run(rows, before, after, protocol="mc").scores["mc"]
    assert (scores["after"].chance, scores["after"].constant_answer) == (50, 100)
    assert scores["before"].chance == pytest.approx(100 / 3)
    assert scores["before"].constant_answer == pytest.approx(200 / 3)


def test_the_table_has_a_row_of_each_under_each_label_set_and_csv_a_column() -> None:
    rows = [ok(f"i{i}", i % 4) for i in range(8)]
    first = labels("first", {f"i{i}": [i % 4] for i in range(8)}, original=True)
    every = labels("every", {f"i{i}": [0, i % 4] for i in range(8)})
    table = results_table([run(rows, first, every)])
    assert [row[0] for row in table.references] == ["chance"] * 2 + ["constant answer"] * 2
    text = to_text(table).splitlines()
    assert any(line.split()[:2] == ["chance", "task"] and "10.00" in line for line in text)
    assert any(line.startswith("constant answer") and "100.00" in line for line in text)
    place = [column.key for column in table.columns].index("chance")
    chances = [row[place].value for row in table.rows if isinstance(row[place], Number)]
    assert chances == pytest.approx([10, 17.5])
