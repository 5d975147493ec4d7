"""Boards against the scorer and the two-run comparison, which are tested elsewhere."""

from itertools import combinations
from pathlib import Path

import pytest

from harness.answers.outcome import Status
from harness.errors import DataError
from harness.leaderboard.build import build
from harness.leaderboard.site_model import Decomposition
from harness.run.bench import NO_OVERRIDES
from harness.score.compare import Side, compare, with_holm
from harness.score.scoring import ScoreRequest, score
from harness.store.prediction import Prediction
from leaderboard.numbers.conftest import Built
from leaderboard.numbers.entry_builder import (
    IDS,
    ORIGINAL,
    N,
    Toy,
    corrected,
    draw_rows,
    unmapped,
)


def test_boards_are_never_of_two_protocols_and_come_in_order(built: Built) -> None:
    slugs = [board.slug for board in built.site.boards]
    assert slugs == ["toy_ow--ow", "toy_cw--cw", "toy_cw--cw_plus", "toy_classify--classify"]
    assert {board.benchmark for board in built.site.boards} == {"toy"}
    assert {(board.original, board.headline) for board in built.site.boards} == {
        ("original", "corrected")
    }


def test_who_is_on_which_board(built: Built) -> None:
    """On cw_plus are runs that were mapped, and those that have nothing to map."""
    names = {board.slug: {row.entry for row in board.rows} for board in built.site.boards}
    assert names["toy_cw--cw"] == {"good", "bad", "strict", "raw"}
    assert names["toy_cw--cw_plus"] == {"good", "bad", "strict"}
    assert names["toy_ow--ow"] == {"good"}
    pages = {page.entry: [run.board for run in page.runs] for page in built.site.entries}
    assert pages["good"] == ["toy_ow--ow", "toy_cw--cw", "toy_cw--cw_plus"]
    assert pages["raw"] == ["toy_cw--cw"]


def test_without_a_mapped_run_there_is_no_board_of_mapped_answers(toy: Toy, tmp_path: Path) -> None:
    toy.add("strict", {"toy_cw": draw_rows(3, out=0)})
    toy.add("raw", {"toy_cw": unmapped(draw_rows(4))})
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert [board.slug for board in site.boards] == ["toy_cw--cw"]


@pytest.mark.parametrize("protocol", ["cw", "cw_plus"])
def test_results_are_the_scorers(built: Built, protocol: str) -> None:
    ending = built.toy.ending("toy_cw")
    for row in built.board(f"toy_cw--{protocol}").rows:
        rows = built.toy.rows(row.entry, "toy_cw")
        request = ScoreRequest(
            "toy_cw", row.entry, protocol, ending.classes, ending.truths.label_sets, n_expected=N
        )  # type: ignore[arg-type]
        expected = score(rows, request)
        assert row.results.scores[protocol] == expected.scores[protocol]  # type: ignore[index]
        assert row.results.changes == expected.changes
        assert row.results.per_class == expected.per_class
        assert row.results.counts == expected.counts
        assert row.headline == expected.scores[protocol]["corrected"]  # type: ignore[index]
        change = expected.changes["original->corrected"]
        assert row.change == change
        assert row.before is not None
        assert (row.before.n, row.before.accuracy) == (change.n, change.from_)


def test_rows_are_ranked_by_the_headline_labels(built: Built) -> None:
    rows = built.board("toy_cw--cw").rows
    accuracies = [row.headline.accuracy or 0 for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert [row.rank for row in rows] == [1, 2, 3, 4]
    before = sorted((row.change.from_ or 0 for row in rows if row.change), reverse=True)
    after = sorted((row.change.to or 0 for row in rows if row.change), reverse=True)
    for row in rows:
        assert row.change
        assert row.rank_original == 1 + before.index(row.change.from_ or 0)
        assert row.rank_on_common == 1 + after.index(row.change.to or 0)
        assert row.rank_interval[0] <= row.rank <= row.rank_interval[1]
    assert rows[0].tier == 1
    assert rows[-1].tier > 1


def test_coverage_tells_of_missing_and_failed_rows(built: Built) -> None:
    assert built.row("toy_cw--cw", "good").coverage == pytest.approx(100 * (N - 1) / N)
    rows = built.toy.rows("raw", "toy_cw")
    failed = sum(row.status is Status.ERROR for row in rows)
    assert built.row("toy_cw--cw", "raw").coverage == pytest.approx(100 * (N - 5 - failed) / N)
    assert len(rows) == N - 5


def test_pairs_are_two_runs_compared(built: Built) -> None:
    board = built.board("toy_cw--cw")
    original, headline = built.toy.ending("toy_cw").truths.label_sets
    sides = [Side(row.entry, "cw", built.toy.rows(row.entry, "toy_cw")) for row in board.rows]
    expected = with_holm(
        [compare(b, a, headline, original=original) for a, b in combinations(sides, 2)]
    )
    assert len(board.pairs) == 6
    for pair, other in zip(board.pairs, expected, strict=True):
        assert (pair.a, pair.b) == (other.b, other.a)
        assert (pair.n, pair.only_a, pair.only_b) == (other.n, other.only_b, other.only_a)
        assert pair.delta == pytest.approx(other.delta)
        assert pair.ci95 == pytest.approx(other.ci95)
        assert pair.p_mcnemar == pytest.approx(other.p_mcnemar)
        assert pair.p_holm == pytest.approx(other.p_holm)


@pytest.mark.parametrize("protocol", ["cw", "cw_plus"])
def test_decomposition_against_a_plain_loop(built: Built, protocol: str) -> None:
    labels = corrected()
    counts = {"rr": 0, "wr": 0, "rw": 0, "ww": 0, "none": 0}
    for row in built.toy.rows("good", "toy_cw"):
        now = labels.get(row.image_id)
        if row.status is Status.ERROR or not now:
            continue
        named = row.status is Status.OK or protocol == "cw_plus"
        was = row.class_id == ORIGINAL[IDS.index(row.image_id)]
        is_now = row.class_id in now
        key = ("r" if was else "w") + ("r" if is_now else "w") if named else "none"
        counts[key] += 1
    expected = Decomposition(sum(counts.values()), *counts.values())
    assert built.row(f"toy_cw--{protocol}", "good").decomposition == expected
    assert counts["none"] > 0 if protocol == "cw" else counts["none"] == 0


def test_references_of_the_closed_world(built: Built) -> None:
    rows = {each.name: each.accuracy for each in built.board("toy_cw--cw").references}
    labelled = {key: ids for key, ids in corrected().items() if ids}
    assert rows["chance"]["original"] == pytest.approx(100 / 6)
    assert rows["chance"]["corrected"] == pytest.approx(
        100 * sum(len(ids) for ids in labelled.values()) / (6 * len(labelled))
    )
    most = max(sum(k in ids for ids in labelled.values()) for k in range(6))
    assert rows["constant answer"]["corrected"] == pytest.approx(100 * most / len(labelled))
    kept = sum(ORIGINAL[IDS.index(key)] in ids for key, ids in labelled.items())
    assert rows["original labels"]["original"] == 100
    assert rows["original labels"]["corrected"] == pytest.approx(100 * kept / len(labelled))
    assert 0 < kept < len(labelled)


def lettered(seed: int, options: tuple[int, ...] = (0, 1, 2)) -> list[Prediction]:
    """Multiple choice of images of three classes, all with the same options."""
    return [
        Prediction(row.image_id, Status.OK, class_id=options[place % 3], options=options)
        for place, row in enumerate(draw_rows(seed))
        if ORIGINAL[place] in options and corrected().get(row.image_id)
    ]


def test_multiple_choice_is_over_the_images_that_were_asked(toy: Toy, tmp_path: Path) -> None:
    rows = lettered(1)
    toy.add("all", {"toy_mc": rows})
    toy.add("some", {"toy_mc": rows[3:]})
    board = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES).boards[0]
    assert board.n_images == len(rows) < N
    assert {row.entry: row.coverage for row in board.rows} == {
        "all": 100.0,
        "some": pytest.approx(100 * (len(rows) - 3) / len(rows)),
    }
    chance = board.references[0]
    assert chance.accuracy == pytest.approx({"original": 100 / 3, "corrected": 100 / 3})
    assert board.distractors is not None
    assert board.distractors["n_options"] == 3


def test_different_questions_are_not_one_board(toy: Toy, tmp_path: Path) -> None:
    for name, digest in (("a", "1"), ("b", "2")):
        manifest = toy.manifest("toy_mc", lettered(1))
        identity = manifest.identity.model_copy(update={"options": digest})
        manifests = {"toy_mc": manifest.model_copy(update={"identity": identity})}
        toy.add(name, {"toy_mc": lettered(1)}, manifests)
    with pytest.raises(DataError, match="different questions"):
        build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)


def test_a_smaller_run_with_other_options_is_not_on_the_board_either(
    toy: Toy, tmp_path: Path
) -> None:
    """Fewer images have a question where other label sets were on the machine; they were other
    questions too.
    """
    toy.add("all", {"toy_mc": lettered(1)})
    toy.add("some", {"toy_mc": lettered(1, (1, 0, 2))[3:]})
    with pytest.raises(DataError, match="entries `all` and `some`: were asked different") as caught:
        build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    n = len(lettered(1)) - 3
    assert caught.value.problems[0].got == f"{n} of {n} common images"
