"""Which images are drawn, how honeypots look, and who gets what."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UserError
from harness.review.drawing import Drawn, Size, assign, draw, label_of, padded
from harness.review.queue import Rules
from harness.review.rules import Chosen, choose
from harness.review.sources import Sources
from support.reviews import made_up_sources

N = 120


def some(n: int = N) -> Sources:
    """Of n images every third one is disagreed about."""
    ids = [f"i{number:03}" for number in range(n)]
    old = {each: [number % 6] for number, each in enumerate(ids)}
    wrong = {each: (number + (number % 3 == 0)) % 6 for number, each in enumerate(ids)}
    return made_up_sources({"old": old, "new": old}, {"x": wrong})


SOME = some()
CHOSEN = choose(SOME, Rules(disagree=1), {}, None)


def drawn(n: int, control: float = 0.1, honeypots: int = 0, seed: int = 0) -> Drawn:
    return draw(SOME, CHOSEN, Size(n, control, honeypots, seed))


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 28),  # the rule chooses 40
    more=st.integers(0, 12),
    control=st.sampled_from([0.01, 0.1, 0.3, 0.5, 1.0]),
    seed=st.integers(-5, 5),
)
def test_a_larger_queue_holds_the_smaller(n: int, more: int, control: float, seed: int) -> None:
    small, large = drawn(n, control, seed=seed), drawn(n + more, control, seed=seed)
    assert set(small.all) <= set(large.all)
    assert set(small.control) <= set(large.control)
    assert len(set(small.all)) == len(small.all) == n
    assert len(small.control) == min(n, max(1, int(n * control + 0.5)))
    assert set(small.by_rule) <= CHOSEN.why.keys()


def test_the_control_share_is_of_all_images_and_no_rule_moves_it() -> None:
    one = drawn(40, 0.5).control
    other = draw(SOME, choose(SOME, Rules(), {}, None), Size(20, 1.0, 0, 0)).control
    assert one == other
    by_chance = sum(each in CHOSEN.why for each in drawn(100, 1.0).control)
    assert 20 < by_chance < 47  # a third of 100


def test_another_seed_draws_other_images() -> None:
    assert set(drawn(30, seed=1).all) != set(drawn(30, seed=2).all)


def test_too_large_a_queue_says_how_many_images_there_are() -> None:
    found = next(n for n in range(N, 0, -1) if fits(n))
    assert 40 < found < 46
    with pytest.raises(UserError, match=f"--n.*at most {found} with 10 % control") as error:
        drawn(found + 1)
    assert "the rules choose 40 of 120 images" in str(error.value)
    assert len(drawn(N, 1.0).all) == N
    with pytest.raises(UserError, match=f"at most {N} with 100 % control"):
        drawn(N + 1, 1.0)


def fits(n: int) -> bool:
    try:
        return bool(drawn(n))
    except UserError:
        return False


def test_honeypots_are_images_that_nothing_else_chose_and_of_one_certain_label() -> None:
    found = drawn(40, 0.2, honeypots=15)
    assert len(set(found.honeypots)) == 15
    assert not set(found.honeypots) & {*CHOSEN.why, *found.control}
    with pytest.raises(UserError, match="--honeypots") as error:
        drawn(40, 0.2, honeypots=100)
    left = sum(each not in CHOSEN.why and each not in found.control for each in SOME.image_ids)
    assert f"at most {left}" in str(error.value)


def test_honeypots_with_a_wrong_candidate_of_a_model_come_first() -> None:
    ids = [f"i{number}" for number in range(20)]
    labels = {each: [0] for each in ids}
    answers = {each: int(each in ids[5:9]) for each in ids}
    sources = made_up_sources({"old": labels, "new": labels}, {"x": answers})
    found = draw(sources, Chosen("old", {}, {}), Size(2, 1.0, 6, 0))
    tempting = set(ids[5:9]) - set(found.control)
    assert set(found.honeypots[: len(tempting)]) == tempting and len(found.honeypots) == 6


@pytest.mark.parametrize(
    ("new", "answer", "known"),
    [([0], 0, 0), ([0], 1, 0), ([1], 0, None), ([0, 1], 0, None), ([], 0, None)],
)
def test_a_label_is_known_where_all_label_sets_agree(
    new: list[int], answer: int, known: int | None
) -> None:
    sources = made_up_sources({"old": {"a": [0]}, "new": {"a": new}}, {"x": {"a": answer}})
    assert label_of(sources, "a") == known


def test_one_label_set_alone_needs_every_answer_to_agree() -> None:
    for answer, known in ((0, 0), (None, 0), (1, None)):
        sources = made_up_sources({"old": {"a": [0]}}, {"x": {"a": 0}, "y": {"a": answer}})
        assert label_of(sources, "a") == known


def test_no_label_is_known_of_a_class_that_counts_as_another_or_of_an_unknown_image() -> None:
    labels = {"old": {"a": [0], "b": [1]}, "new": {"a": [0]}}
    sources = made_up_sources(labels, {"x": {"a": 0}}, equivalences=[[0, 5]])
    assert label_of(sources, "a") is label_of(sources, "b") is None


def test_a_padded_honeypot_has_as_many_candidates_as_another_image_and_likely_ones() -> None:
    labels = {"old": {"a": [2], "b": [2], "c": [2], "d": [1]}}
    labels["new"] = {**labels["old"], "d": [3]}
    answers = {"x": {"a": 1, "b": 4, "c": 4, "d": 1}}
    sources = made_up_sources(labels, answers, equivalences=[[0, 1]])
    for seed in range(8):
        assert padded(sources, ["a"], [3], seed) == {"a": (1, 2, 4)}
        assert padded(sources, ["a"], [1], seed) == {"a": (1, 2)}
        assert padded(sources, ["b"], [1, 1], seed) == {"b": (2, 4)}
        (found,) = padded(sources, ["a"], [4], seed).values()
        assert {1, 2, 4} < set(found) and 0 not in found  # 0 counts as 1
    assert len({padded(sources, ["a"], [3, 4], seed)["a"] for seed in range(8)}) > 2


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    people=st.integers(1, 6),
    overlap=st.integers(1, 6),
    seed=st.integers(0, 3),
)
def test_images_are_dealt_out_evenly(n: int, people: int, overlap: int, seed: int) -> None:
    names = tuple(f"p{number}" for number in range(people))
    overlap = min(overlap, people)
    found = assign([f"i{number}" for number in range(n)], names, overlap, seed)
    assert all(len(set(each)) == overlap for each in found.values())
    load = Counter(each for taken in found.values() for each in taken)
    loads = [load[each] for each in names]
    assert max(loads) - min(loads) <= 1


def test_every_two_annotators_meet() -> None:
    found = assign([f"i{number}" for number in range(60)], ("a", "b", "c", "d"), 2, 0)
    pairs = Counter(tuple(sorted(each)) for each in found.values())
    assert set(pairs) == set(combinations("abcd", 2))
    assert max(pairs.values()) - min(pairs.values()) <= 2
