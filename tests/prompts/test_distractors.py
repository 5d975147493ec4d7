import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

import harness
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences
from harness.errors import DataError
from harness.prompts.distractors import (
    OptionRule,
    choose_options,
    interchangeable,
    rank_at_random,
    rank_by_confusion,
    rank_by_similarity,
    true_option,
)

NONE = Equivalences.none()
IDS = [f"ILSVRC2012_val_{i + 1:08d}" for i in range(10_000)]


def test_the_hardest_by_default() -> None:
    options = choose_options("image", 7, {7}, [3, 9, 4, 1, 2], NONE, OptionRule(4))
    assert sorted(options) == [3, 4, 7, 9]


def test_known_options() -> None:
    """Options are data of published runs: this must never change."""
    rule = OptionRule(4, (1, 10), seed=1)
    assert choose_options(IDS[0], 65, {65}, range(100), NONE, rule) == (65, 6, 3, 4)
    assert choose_options(IDS[1], 970, {970}, range(100), NONE, rule) == (6, 5, 970, 7)


def test_the_window_slides_over_what_remains() -> None:
    ranking = list(range(20))
    for low, high in ((1, 3), (4, 6), (10, 15)):
        rule = OptionRule(4, (low, high))
        for image_id in IDS[:50]:
            wrong = set(choose_options(image_id, 0, {5, 11}, ranking, NONE, rule)) - {0}
            left = [item for item in ranking if item not in (0, 5, 11)]
            assert len(wrong) == 3
            assert wrong <= set(left[low - 1 : high])


def test_in_the_window_all_are_drawn_alike() -> None:
    rule = OptionRule(4, (3, 12))
    drawn = Counter(
        item
        for image_id in IDS
        for item in choose_options(image_id, 99, {99}, range(50), NONE, rule)
        if item != 99
    )
    assert sorted(drawn) == list(range(2, 12))
    assert chisquare(list(drawn.values())).pvalue > 0.001


@pytest.mark.parametrize("n_options", [2, 4, 26])
def test_positions_are_balanced(n_options: int) -> None:
    rule = OptionRule(n_options)
    ranking = list(range(1, 60))
    places = Counter(
        choose_options(image_id, 0, {0}, ranking, NONE, rule).index(0) for image_id in IDS
    )
    assert len(places) == n_options
    assert chisquare(list(places.values())).pvalue > 0.001


def test_a_distractor_s_position_is_balanced_too() -> None:
    places = Counter(
        choose_options(image_id, 0, {0}, [1, 2, 3], NONE, OptionRule(4)).index(1)
        for image_id in IDS
    )
    assert chisquare(list(places.values())).pvalue > 0.001


def test_never_a_valid_class_nor_one_that_is_equivalent() -> None:
    same = Equivalences.from_groups("test", [[1, 2], [3, 4], [8, 9]])
    for image_id in IDS[:100]:
        options = choose_options(image_id, 1, {1, 3}, range(12), same, OptionRule(4, (1, 6)))
        assert not {2, 3, 4} & set(options)
        assert not {8, 9} <= set(options)


def test_of_a_group_the_harder_stands() -> None:
    same = Equivalences.from_groups("test", [[8, 9]])
    options = choose_options("image", 0, set(), [9, 8, 1, 2], same, OptionRule(4))
    assert sorted(options) == [0, 1, 2, 9]


def test_one_name_is_one_group_and_so_is_what_is_equivalent() -> None:
    names = ("missile", "cat", "Missile", "dog", "tabby")
    classes = ClassList("five", "clean", tuple(Class(i, name) for i, name in enumerate(names)))
    same = interchangeable(classes, Equivalences.from_groups("file", [[4, 1]]))
    assert same.source == "file"
    assert [same.merge(i) for i in range(5)] == [0, 1, 0, 3, 1]
    assert sorted(choose_options("image", 0, {0}, range(5), same, OptionRule(3))) == [0, 1, 3]


def test_order_and_process_do_not_matter() -> None:
    rule = OptionRule(5, (1, 20), 3)
    code = (
        "import json\n"
        "from harness.data.labels.label_set import Equivalences\n"
        "from harness.prompts.distractors import *\n"
        "r = OptionRule(5, (1, 20), 3)\n"
        "ids = [f'ILSVRC2012_val_{i + 1:08d}' for i in reversed(range(20))]\n"
        "print(json.dumps({i: choose_options(i, 0, {0}, rank_at_random(i, range(99), 3),"
        " Equivalences.none(), r) for i in ids}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(harness.__file__).parents[1])},
        capture_output=True,
        check=True,
        text=True,
    )
    assert {image_id: tuple(options) for image_id, options in json.loads(done.stdout).items()} == {
        i: choose_options(i, 0, {0}, rank_at_random(i, range(99), 3), NONE, rule) for i in IDS[:20]
    }


def test_the_seed_changes_the_options() -> None:
    def all_options(seed: int) -> list[tuple[int, ...]]:
        rule = OptionRule(4, (1, 30), seed)
        return [choose_options(i, 0, {0}, range(40), NONE, rule) for i in IDS[:50]]

    assert all_options(0) == all_options(0)
    assert all_options(0) != all_options(1)


def test_a_pool_too_small_says_all() -> None:
    with pytest.raises(DataError) as caught:
        choose_options("img_1", 7, {7, 8}, range(10), NONE, OptionRule(6, (5, 12)))
    text = str(caught.value)
    for part in ("image img_1, true class 7", "8 candidates in all, 4 of them in ranks 5 to 12",
                 "5 classes", "lower `n_options`"):  # fmt: skip
        assert part in text
    with pytest.raises(DataError, match="0 of them"):
        choose_options("img_1", 0, {0}, range(3), NONE, OptionRule(4, (5, 8)))


@pytest.mark.parametrize(
    ("n_options", "window"), [(1, None), (27, None), (4, (1, 2)), (4, (0, 9)), (2, (3, 2))]
)
def test_impossible_rules(n_options: int, window: tuple[int, int] | None) -> None:
    with pytest.raises(ValueError, match=r"n_options|ranks"):
        OptionRule(n_options, window)


def test_random_ranks_every_class_alike() -> None:
    ranking = rank_at_random("image", [5, 3, 9, 1], 0)
    assert sorted(ranking) == [1, 3, 5, 9]
    np.testing.assert_array_equal(rank_at_random("image", [9, 1, 5, 3], 0), ranking)
    firsts = Counter(rank_at_random(image_id, range(10), 0)[0] for image_id in IDS)
    assert chisquare([firsts[i] for i in range(10)]).pvalue > 0.001


def test_by_similarity() -> None:
    similarity = np.array([[1.0, 0.2, 0.9], [0.2, 1.0, 0.2], [0.9, 0.2, 1.0]])
    np.testing.assert_array_equal(
        rank_by_similarity(similarity, [4, 6, 8]), [[8, 6], [4, 8], [4, 6]]
    )
    with pytest.raises(ValueError, match="shape"):
        rank_by_similarity(similarity, [4, 6])


def test_by_confusion() -> None:
    counts = np.array([[50, 1, 3, 2, 99], [0, 50, 0, 7, 0], [1, 1, 50, 1, 0], [0, 0, 0, 0, 0]])
    ranks = rank_by_confusion(counts, [10, 20, 30, 40])
    assert ranks[0].tolist() == [30, 40, 20]
    assert ranks[1].tolist()[0] == 40
    assert [sorted(row) for row in ranks.tolist()[2:]] == [[10, 20, 40], [10, 20, 30]]
    np.testing.assert_array_equal(ranks, rank_by_confusion(counts[:, :4], [10, 20, 30, 40]))
    with pytest.raises(ValueError, match="shape"):
        rank_by_confusion(counts, [10, 20, 30])


def test_classes_never_confused_come_in_no_order_of_ids() -> None:
    ranks = rank_by_confusion(np.eye(1000), list(range(1000)))
    assert ranks.shape == (1000, 999)
    assert len({tuple(row[:3]) for row in ranks.tolist()}) == 1000
    first = np.bincount(ranks[:, 0] // 100, minlength=10)
    assert chisquare(first).pvalue > 0.001


def test_the_true_option() -> None:
    same = Equivalences.from_groups("test", [[4, 5]])
    assert true_option({7}, {3, 7}, NONE) == 7
    assert true_option({7}, {9, 3}, NONE) == 3
    assert true_option({7}, set(), NONE) is None
    assert true_option(set(), {3}, NONE) == 3
    assert true_option({5}, {2, 4}, NONE) == 2
    assert true_option({5}, {2, 4}, same) == 5
    assert true_option({9, 7}, {7, 9}, NONE) == 7
