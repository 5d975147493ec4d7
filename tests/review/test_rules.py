"""Which images each rule of a queue chooses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.errors import HarnessError, SpecError, UserError
from harness.review.queue import Rules
from harness.review.rules import choose
from harness.review.sources import Sources
from support.reviews import answered, made_up_sources

IMAGES = ("a", "b", "c", "d", "e")
LABELS = {
    "old": {"a": [0], "b": [1], "c": [2], "d": [3], "e": [4]},
    "new": {"a": [0], "b": [2], "c": [2, 3], "d": [4, 5], "e": []},
}
ANSWERS: dict[str, dict[str, int | None]] = {
    "x": {"a": 0, "b": 2, "c": 3, "d": 3, "e": None},
    "y": {"a": 1, "b": 2, "c": 3, "d": None, "e": 4},
    "z": {"a": 1, "b": 1, "c": 3, "d": 3, "e": 4},
}


@pytest.fixture(scope="module")
def sources() -> Sources:
    return made_up_sources(LABELS, ANSWERS)


def chosen(
    sources: Sources,
    base: str | None = None,
    flagged: Mapping[str, str] | None = None,
    **rules: object,
) -> dict[str, tuple[str, ...]]:
    return dict(choose(sources, Rules.model_validate(rules), flagged or {}, base).why)


@pytest.mark.parametrize(
    ("base", "m", "images"),
    [
        ("old", 1, "abc"), ("old", 2, "abc"), ("old", 3, "c"),
        ("new", 1, "abde"), ("new", 2, "ade"), ("new", 3, ""),
    ],
)  # fmt: skip
def test_disagree_counts_the_models_that_answer_outside_of_the_base(
    sources: Sources, base: str, m: int, images: str
) -> None:
    assert "".join(chosen(sources, base, disagree=m)) == images


def test_a_model_with_several_runs_counts_once_and_by_any_of_them() -> None:
    sources = made_up_sources({"old": {"a": [0]}}, {"x": {"a": 0}, "y": {"a": 1}})
    again = answered("x", 1)
    sources = replace(sources, answers={"a": (*sources.of("a"), again, again)})
    assert chosen(sources, disagree=2) == {"a": ("disagree",)}
    with pytest.raises(UserError, match="--disagree: is no number of the models"):
        chosen(sources, disagree=3)


def test_equivalent_classes_are_no_disagreement() -> None:
    sources = made_up_sources({"old": {"a": [0]}}, {"x": {"a": 1}, "y": {"a": 0}})
    assert chosen(sources, disagree=1, split=True) == {"a": ("disagree", "split")}
    sources = made_up_sources(
        {"old": {"a": [0]}}, {"x": {"a": 1}, "y": {"a": 0}}, equivalences=[[0, 1]]
    )
    assert chosen(sources, disagree=1, split=True) == {}


@pytest.mark.parametrize(
    ("groups", "images"),
    [("S+", "a"), ("S-", "b"), ("M+", "c"), ("M-", "d"), ("N", "e"), ("S", "ab"), ("M", "cd")],
)
def test_groups_are_of_the_new_labels_against_the_old(
    sources: Sources, groups: str, images: str
) -> None:
    assert "".join(chosen(sources, "new", groups=(groups,))) == images
    assert "".join(chosen(sources, "old", groups=(groups,))) == images


def test_split_is_where_no_class_is_every_models(sources: Sources) -> None:
    assert "".join(chosen(sources, split=True)) == "ab"  # d: x and z alone answer, and agree


def test_the_nearest_share_is_of_each_model_whatever_its_scores_are() -> None:
    rows = {
        "x": {key: answered("x", 0, margin=place / 1000) for place, key in enumerate(IMAGES)},
        "y": {key: answered("y", 0, margin=100.0 - place) for place, key in enumerate(IMAGES)},
        "z": dict.fromkeys(IMAGES, 0),
    }
    sources = made_up_sources({"old": LABELS["old"]}, rows)
    assert "".join(chosen(sources, low_margin=0.2)) == "ae"
    assert "".join(chosen(sources, low_margin=0.21)) == "abde"  # rounded up


def test_out_of_prompt_and_flagged_images_are_chosen_once_with_all_their_reasons() -> None:
    labels = {"old": LABELS["old"]}
    rows = {"x": {"a": answered("x", 1, oop=True), "b": 1}, "y": {"c": 2}}
    sources = made_up_sources(labels, rows)
    flagged = {"a": "f:1", "d": "f:2"}  # d is an image of the data set that no run has a row for
    assert chosen(sources, disagree=1, oop=True, flagged=flagged) == {
        "a": ("disagree", "oop", "flagged"),
        "d": ("flagged",),
    }


@pytest.mark.parametrize(
    ("kind", "rules", "message"),
    [
        (SpecError, {"base": "nwe"}, "unknown label set of the runs"),
        (UserError, {"disagree": 4}, "1 to 3: the runs are of x, y, z"),
        (UserError, {"disagree": 0}, "1 to 3"),
        (UserError, {"groups": ("S~",)}, "--groups: is no group"),
        (UserError, {"low_margin": 0.1}, "no run has scores of two classes"),
        (UserError, {"low_margin": 1.5}, "is no share of the images"),
        (
            UserError,
            {"flagged": {"a": "ids.txt:1", "q": "ids.txt:7"}},
            "ids.txt:7: there is no such",
        ),
    ],
)
def test_a_rule_that_cannot_apply_is_an_error(
    sources: Sources, kind: type[HarnessError], rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(kind, match=message):
        chosen(sources, **rules)


def test_split_needs_two_models_and_groups_another_label_set() -> None:
    alone = made_up_sources({"old": {"a": [0]}}, {"x": {"a": 1}})
    with pytest.raises(UserError, match="--split: needs two models or more"):
        chosen(alone, split=True)
    with pytest.raises(UserError, match="--groups: needs an original label set and a"):
        chosen(alone, groups=("S-",))
