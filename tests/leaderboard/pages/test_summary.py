"""The sentences at the top of the first page say what the boards show, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup

from harness.leaderboard.numbers.pairs import Pairs
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages.summary import summary
from harness.scores.results import Protocol
from harness.scores.statistics import Interval
from harness.specs.model import Kind
from leaderboard.pages.board_builder import BoardPlan, Texts
from leaderboard.pages.site_builder import make_site

CW = BoardPlan("toy_cw", "cw", 60.0)
CLASSIFY = BoardPlan("toy_classify", "classify", 70.0, claimed=True)


def board(plan: BoardPlan, n_models: int, **values: Any) -> Board:
    return replace(make_site(n_models, (plan,)).boards[0], **values)


def with_change(row: ScoredEntry, delta: float | None, ci95: Interval | None) -> ScoredEntry:
    assert row.change
    return replace(row, change=row.change.model_copy(update={"delta": delta, "ci95": ci95}))


def moved(*deltas: float | None, ends: Interval | None = (1.0, 2.0)) -> Board:
    """A board whose models change by so much."""
    made = board(CW, len(deltas))
    rows = [with_change(*each, ends) for each in zip(made.rows, deltas, strict=True)]
    return replace(made, rows=tuple(rows))


def accurate(made: Board, *models: tuple[str, Kind, float]) -> Board:
    """A board with models of these names, kinds and accuracies, and without a change of labels."""
    rows = []
    for row, (name, kind, accuracy) in zip(made.rows, models, strict=True):
        card = row.entry.card.model_copy(update={"model": name, "kind": kind})
        rows.append(
            replace(
                row,
                entry=replace(
                    row.entry,
                    card=card,
                    manifest=row.entry.manifest.model_copy(update={"entry": name.lower()}),
                ),
                headline=row.headline.model_copy(
                    update={"accuracy": accuracy, "ci95": (accuracy - 2, accuracy + 2)}
                ),
                change=None,
            )
        )
    return replace(made, rows=tuple(rows))


def crossed(a: str, b: str, only_a: int, only_b: int, p_holm: float) -> Pairs:
    """One pair, on 100 images."""
    one, other, n = (np.array([place]) for place in (0, 1, 100))
    ends = np.array([[only_a - only_b - 1.0, only_a - only_b + 1.0]])
    p_values = np.array([p_holm])
    counts = (n, np.array([only_a]), np.array([only_b]))
    return Pairs((a, b), one, other, *counts, ends, p_values, p_values)


def said(boards: Sequence[Board], pairs: Pairs | None = None) -> list[str]:
    return [str(Markup(each).striptags()).replace("\xa0", " ") for each in summary(boards, pairs)]


def test_no_board_says_nothing() -> None:
    assert said([]) == []


def test_one_label_set_says_nothing_of_a_change() -> None:
    bare = board(CW, 3, original=None)
    assert said([replace(bare, rows=tuple(replace(row, change=None) for row in bare.rows))]) == []


def test_one_model_under_one_protocol() -> None:
    start = "Under toy_regt instead of the original labels toy_imgt, the accuracy of Model 0 on "
    end = " under CW (closed world)."
    assert said([moved(9.004)]) == [
        f"{start}the same images rises by 9.00 points [+1.00, +2.00]{end}"
    ]
    assert said([moved(-1.5, ends=None)]) == [f"{start}the same images falls by 1.50 points{end}"]
    claimed = said([replace(moved(0.001), claimed=True)])
    assert claimed == [
        f"{start}the same images changes by 0.00 points [+1.00, +2.00]"
        " under CW (closed world) (claimed)."
    ]


@pytest.mark.parametrize(
    ("deltas", "words"),
    [
        ((5.75, 10.701, 6.0), "rises by 5.75 to 10.70 points"),
        ((-5.75, -10.701), "falls by 5.75 to 10.70 points"),
        ((-1.2, 3.4), "changes by −1.20 to +3.40 points"),
        ((0.0, 3.4), "changes by 0.00 to +3.40 points"),
        ((2.501, 2.499), "rises by 2.50 points"),
        ((None, 3.0, 4.0), "rises by 3.00 to 4.00 points"),
    ],
)
def test_range_of_the_changes(deltas: tuple[float | None, ...], words: str) -> None:
    (sentence,) = said([moved(*deltas)])
    assert words in sentence
    n = sum(delta is not None for delta in deltas)
    assert f"({n} results of {n} models under 1 protocol)" in sentence


def test_models_protocols_and_claims_are_counted() -> None:
    open_world = replace(moved(3.0, 4.0), slug="toy_ow--ow", protocol="ow")
    claimed = replace(moved(5.0), slug="toy_cw--cw--claimed", claimed=True)
    (sentence,) = said([open_world, moved(1.0, 2.0), claimed])
    assert "(5 results of 2 models under 2 protocols, of which 1 claimed)" in sentence


def test_how_many_intervals_exclude_zero() -> None:
    made = moved(1.0, 2.0, 3.0)
    ends: list[Interval | None] = [(-1.0, 3.0), (1.0, 3.0), (-4.0, -2.0)]

    def words(*intervals: Interval | None) -> str:
        rows = [with_change(row, 1.0, each) for row, each in zip(made.rows, intervals, strict=True)]
        return said([replace(made, rows=tuple(rows))])[0].partition("; ")[2]

    change = "the 95 % interval of the change excludes zero in "
    assert words(*ends) == f"{change}2 of 3."
    assert words(*ends[1:], (0.1, 0.2)) == f"{change}all 3."
    assert words(ends[0], ends[0], ends[0]) == f"{change}none of 3."
    assert words(ends[0], ends[1], None) == f"{change}1 of 2 that have one."
    assert words(None, None, None) == ""


def test_own_runs_that_are_partial_or_asked_otherwise_are_left_out() -> None:
    assert said([replace(moved(1.0, 2.0), note="12 of 1280 images", is_part=True)]) == []


def test_best_mllm_beside_the_best_and_the_best_supervised_classifier() -> None:
    asked = accurate(board(CW, 2), ("Talker", "mllm", 61.0), ("Other", "mllm", 60.0))
    free = accurate(
        board(CLASSIFY, 3),
        ("Dual", "dual_encoder", 72.0), ("Net", "supervised", 64.0), ("Near", "knn", 62.0),
    )  # fmt: skip
    boards = [asked, free]
    first = (
        "By toy_regt, the best MLLM under CW (closed world) is Talker with 61.00 % [59.00, 63.00]; "
        "without a prompt, the best dual encoder is Dual with 72.00 % [70.00, 74.00] (claimed) and "
        "the best supervised classifier is Net with 64.00 % [62.00, 66.00] (claimed)."
    )
    assert said(boards) == [first]
    # The pair stands the other way round: what is said is the MLLM less the classifier.
    dual = crossed("toy_classify--classify:dual", "toy_cw--cw:talker", 15, 4, 0.01)
    test = ", by the exact McNemar test with Holm’s correction."
    assert said(boards, dual) == [
        f"{first} On the same images Talker is separable from Dual (−11.00 points [−12.00, −10.00])"
        f"{test}"
    ]
    net = crossed("toy_cw--cw:talker", "toy_classify--classify:net", 4, 7, 0.06)
    assert said(boards, net)[0].endswith(
        f"Talker is not separable from Net (−3.00 points [−4.00, −2.00]){test}"
    )
    strangers = crossed("toy_cw--cw:other", "toy_classify--classify:net", 4, 7, 0.06)
    assert said(boards, strangers) == [first]


def test_a_supervised_model_that_is_best_is_named_once_and_ties_are_said() -> None:
    asked = accurate(board(CW, 2), ("Talker", "mllm", 61.0), ("Other", "mllm", 61.0))
    free = accurate(board(CLASSIFY, 2), ("Net", "supervised", 64.0), ("Near", "knn", 62.0))
    (sentence,) = said([asked, free])
    assert "is Talker (level with 1 other) with 61.00 %" in sentence
    assert sentence.count("Net") == 1 and "Near" not in sentence


def test_the_ranking_of_the_mllms_is_chosen_by_protocol_and_never_by_accuracy() -> None:
    free = accurate(board(CLASSIFY, 1), ("Net", "supervised", 64.0))

    def asked(protocol: Protocol, accuracy: float, *, claimed: bool = False) -> Board:
        made = accurate(board(CW, 1), (f"M-{protocol}", "mllm", accuracy))
        return replace(made, slug=protocol, protocol=protocol, claimed=claimed)

    boards = [asked("ow", 90.0), asked("mc", 99.0), asked("cw", 50.0), asked("cw_plus", 55.0), free]
    assert "under CW+ (closed world, mapped) is M-cw_plus with 55.00 %" in said(boards)[0]
    assert "is M-cw with" in said([*boards[:3], free])[0]
    claimed = asked("cw_plus", 55.0, claimed=True)
    assert "is M-ow with" in said([boards[0], claimed, free])[0]
    assert said([boards[1], free]) == []  # multiple choice asks for one of a few
    assert said(boards[:4]) == said([free]) == []


def test_names_of_models_stay_text() -> None:
    site = make_site(2, (CW,), Texts(model="</p><script>{place}</script>"))
    assert "<script" not in "".join(summary(site.boards[:1], None))
