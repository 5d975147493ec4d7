"""What holds of the scores of any run: shares, order, parts, and what one row can move."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.answers.outcome import LEVELS, Status
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.scores.results import MATCHINGS, Results
from harness.store.prediction import Prediction
from scores.score_builders import labels, run

K = 4
some = settings(max_examples=30, deadline=None)
"""A score takes a few milliseconds, and more on a machine that does other things."""
ids = st.integers(0, K - 1)
sets = st.frozensets(ids, max_size=2)


@dataclass(frozen=True)
class Case:
    """Rows, two label sets that know all their images, and classes that count as one."""

    rows: tuple[Prediction, ...]
    original: LabelSet
    other: LabelSet
    same: Equivalences

    def score(self, rows: Sequence[Prediction], protocol: str = "cw") -> Results:
        return run(
            rows, self.original, self.other, protocol=protocol, equivalences=self.same, draws=10
        )


@st.composite
def some_row(draw: st.DrawFn, image_id: str) -> Prediction:
    status = draw(st.sampled_from(Status))
    if status is Status.OK:
        rule = draw(st.sampled_from(sorted(LEVELS)))
        named = draw(st.lists(ids, min_size=1, max_size=2, unique=True))
        near = tuple(draw(st.lists(ids, min_size=1, max_size=2, unique=True)))
        return Prediction(
            image_id, status, "text", min(named), tuple(sorted(named)[1:]), rule, nearest=near
        )
    if status is Status.OOP and draw(st.booleans()):
        return Prediction(image_id, status, "text", draw(ids), rule="mapped", margin=0.0)
    text = None if status in (Status.EMPTY, Status.ERROR) else "text"
    return Prediction(image_id, status, text, rule=status.value)


@st.composite
def cases(draw: st.DrawFn, least: int = 0) -> Case:
    names = [f"i{place:02d}" for place in range(draw(st.integers(least, 12)))]
    rows = tuple(draw(some_row(name)) for name in names)
    original = labels("original", {name: [draw(ids)] for name in names}, original=True)
    other = labels("other", {name: draw(sets) for name in names})
    same = Equivalences.from_groups("same", draw(st.sampled_from([[], [[1, 2]]])))
    return Case(rows, original, other, same)


def figures(results: Results) -> Counter[tuple[Any, ...]]:
    """Give every count of images, by where it stands."""
    found: Counter[tuple[Any, ...]] = Counter()
    found.update({("status", key): n for key, n in results.counts.items()})
    if results.out_of_prompt:
        found.update({("out", key): each.n for key, each in results.out_of_prompt.items()})
    assert results.reading is not None
    found.update({("rule", key): n for key, n in results.reading.rules.items()})
    found.update({("level", key): n for key, n in results.reading.levels.items()})
    for protocol, scores in results.scores.items():
        for name, score in scores.items():
            here = (protocol, name)
            found.update({(*here, "n"): score.n, (*here, "right"): score.n_right})
            found.update({(*here, "empty"): score.n_empty, (*here, "error"): score.n_error})
            for key, each in (score.matching or {}).items():
                found[*here, key] = each.n_right or 0
    return found


@some
@given(cases())
def test_counts_and_shares_sum_to_the_whole(case: Case) -> None:
    results = case.score(case.rows)
    assert sum(results.counts.values()) == results.n == len(case.rows)
    shares = [share for share in results.shares.values() if share is not None]
    assert sum(shares) == pytest.approx(100 if case.rows else 0)
    for score in (each for scores in results.scores.values() for each in scores.values()):
        assert score.n + score.n_empty + score.n_error == len(case.rows)
        groups = {name: each.n for name, each in score.groups.items()}
        assert groups["A"] == score.n == groups["S"] + groups["M"]
        assert (groups["S"], groups["M"]) == (
            groups["S+"] + groups["S-"],
            groups["M+"] + groups["M-"],
        )
        assert groups["N"] == score.n_empty


@some
@given(cases(), st.randoms(use_true_random=False), st.sampled_from(["cw", "cw_plus", "ow"]))
def test_the_order_of_rows_is_nothing(case: Case, random: Any, protocol: str) -> None:
    shuffled = list(case.rows)
    random.shuffle(shuffled)
    results = case.score(case.rows, protocol).to_json()
    again = case.score(shuffled, protocol).to_json()
    assert again == results


@some
@given(cases(least=2), st.data())
def test_the_counts_of_parts_sum_to_those_of_the_whole(case: Case, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(case.rows) - 1))
    whole = figures(case.score(case.rows, "cw_plus"))
    parts = [case.score(part, "cw_plus") for part in (case.rows[:cut], case.rows[cut:])]
    # A part without any `nearest` knows no mapped figure for what does not match.
    known = [
        each.accuracy is not None or score.n == 0
        for part in parts
        for score in part.scores["cw_plus"].values()
        for each in (score.matching or {}).values()
    ]
    assert all(known)
    assert figures(parts[0]) + figures(parts[1]) == +whole


@some
@given(cases(least=1), st.data())
def test_one_row_moves_a_score_by_one_image(case: Case, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(case.rows) - 1))
    image_id = case.rows[place].image_id
    (label,) = case.original.labels[image_id]
    right = Prediction(image_id, Status.OK, "text", label, rule="strict")
    wrong = replace(right, status=Status.UNPARSED, class_id=None, rule="several_names")
    scores = []
    for row in (right, wrong):
        rows = [*case.rows[:place], row, *case.rows[place + 1 :]]
        scores.append(case.score(rows).scores["cw"])
    with_it, without = (each["original"] for each in scores)
    assert with_it.n == without.n >= 1
    assert with_it.n_right - without.n_right == 1
    assert with_it.accuracy is not None and without.accuracy is not None
    assert with_it.accuracy - without.accuracy == pytest.approx(100 / with_it.n)
    for matching in MATCHINGS:
        assert with_it.matching is not None and without.matching is not None
        n_right = with_it.matching[matching].n_right
        assert n_right is not None and n_right - 1 == without.matching[matching].n_right
    assert scores[0]["other"].n_right - scores[1]["other"].n_right in (0, 1)
    assert scores[0]["other"].n == scores[1]["other"].n


@some
@given(cases())
def test_a_closer_match_counts_fewer_and_puts_more_out_of_prompt(case: Case) -> None:
    results = case.score(case.rows)
    assert results.out_of_prompt is not None
    out = [results.out_of_prompt[matching].n for matching in MATCHINGS]
    assert out == sorted(out, reverse=True)
    assert out[-1] == results.counts["oop"]
    for score in results.scores["cw"].values():
        assert score.matching is not None
        hits = [score.matching[matching].n_right or 0 for matching in MATCHINGS]
        assert hits == sorted(hits)
        assert (hits[-1], score.accuracy_by("read")) == (score.n_right, score.accuracy)
        assert score.n_right <= results.counts["ok"]


@some
@given(cases())
def test_every_figure_is_a_plain_loops(case: Case) -> None:
    results = case.score(case.rows, "cw_plus")
    for truth in (case.original, case.other):
        for protocol in ("cw", "cw_plus"):
            score = results.scores[protocol][truth.name]  # type: ignore[index]
            assert score.matching is not None
            for matching, level in MATCHINGS.items():
                n_right = sum(is_right(row, truth, case.same, protocol, level) for row in case.rows)
                expected = score.matching[matching].n_right
                assert expected is None or expected == n_right


def is_right(
    row: Prediction, truth: LabelSet, same: Equivalences, protocol: str, level: int
) -> bool:
    """Say it again in the words of docs/files.md."""
    if row.status is Status.OK:
        matches = LEVELS[row.rule or ""] <= level
        named = (row.class_id, *row.also) if matches else row.nearest
        counts = matches or protocol == "cw_plus"
    else:
        named = (row.class_id, *row.also)
        counts = row.rule == "mapped" and protocol == "cw_plus"
    valid = {same.merge(each) for each in truth.labels[row.image_id]}
    return counts and any(each is not None and same.merge(each) in valid for each in named)
