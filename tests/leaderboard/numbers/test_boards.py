"""Boards against the scorer and the two-run comparison, which are tested elsewhere."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from harness.answers.outcome import Status
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError
from harness.leaderboard.build import build
from harness.leaderboard.numbers.gallery import Decomposition
from harness.leaderboard.pages.views import entry_view
from harness.scores.compare import Side, compare, with_holm
from harness.scores.results import Protocol
from harness.scores.scoring import ScoreRequest, score
from leaderboard.numbers.conftest import Built
from leaderboard.numbers.entry_builder import (
    IDS,
    ORIGINAL,
    N,
    Toy,
    corrected,
    draw_rows,
)


def test_boards_are_never_of_two_protocols_and_come_in_order(built: Built) -> None:
    slugs = [board.slug for board in built.site.boards]
    assert slugs == ["toy_ow--ow", "toy_cw--cw", "toy_cw--cw_plus", "toy_classify--classify"]
    assert {board.benchmark for board in built.site.boards} == {"toy"}
    assert {(board.original, board.headline) for board in built.site.boards} == {
        ("original", "corrected")
    }


def test_who_is_on_which_board(built: Built) -> None:
    """On cw_plus are all, those that have nothing to map too; who is refused is nowhere."""
    names = {board.slug: {row.name for row in board.rows} for board in built.site.boards}
    assert names["toy_cw--cw"] == names["toy_cw--cw_plus"] == {"good", "bad", "strict"}
    assert names["toy_ow--ow"] == {"good"}
    (good,) = (entry for entry in built.site.entries if entry.name == "good")
    runs = [view.board.slug for view in entry_view(built.site, good).runs]
    assert runs == ["toy_ow--ow", "toy_cw--cw", "toy_cw--cw_plus"]
    assert "forged" not in {entry.name for entry in built.site.entries}
    (refused,) = built.site.refused
    assert (refused.name, {each.code for each in refused.findings}) == ("forged", {"E302"})
    assert "5: img_000" in refused.findings[0].text


def test_without_a_mapped_run_there_is_no_board_of_mapped_answers(toy: Toy, tmp_path: Path) -> None:
    toy.add("strict", {"toy_cw": draw_rows(3, out=0)})
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert [board.slug for board in site.boards] == ["toy_cw--cw"]


@pytest.mark.parametrize("protocol", ["cw", "cw_plus"])
def test_results_are_the_scorers(built: Built, protocol: Protocol) -> None:
    opened = built.toy.opened("toy_cw")
    for row in built.board(f"toy_cw--{protocol}").rows:
        rows = built.toy.rows(row.name, "toy_cw")
        request = ScoreRequest(
            "toy_cw", row.name, protocol, opened.classes, opened.labels, n_expected=N
        )
        expected = score(rows, request)
        assert row.results.scores[protocol] == expected.scores[protocol]
        assert row.results.changes == expected.changes
        assert row.results.counts == expected.counts
        assert row.headline == expected.scores[protocol]["corrected"]
        change = expected.changes["original->corrected"]
        assert row.change == change
        assert row.before is not None
        assert (row.before.n, row.before.accuracy) == (change.n, change.from_)


def test_rows_are_ranked_by_the_headline_labels(built: Built) -> None:
    rows = built.board("toy_cw--cw").rows
    accuracies = [row.headline.accuracy or 0 for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    before = sorted((row.change.from_ or 0 for row in rows if row.change), reverse=True)
    after = sorted((row.change.to or 0 for row in rows if row.change), reverse=True)
    for row in rows:
        assert row.change
        assert row.rank_original == 1 + before.index(row.change.from_ or 0)
        assert row.rank_on_common == 1 + after.index(row.change.to or 0)


def test_all_that_is_ranked_is_whole(built: Built) -> None:
    assert {row.coverage for board in built.site.boards for row in board.rows} == {100.0}


def test_pairs_are_two_runs_compared(built: Built) -> None:
    board = built.board("toy_cw--cw")
    original, headline = built.toy.opened("toy_cw").labels.sets
    sides = [Side(row.name, "cw", built.toy.rows(row.name, "toy_cw")) for row in board.rows]
    expected = with_holm(
        [compare(a, b, headline, original=original) for a, b in combinations(sides, 2)]
    )
    assert len(board.pairs) == 3
    for pair, other in zip(board.pairs, expected, strict=True):
        assert (pair.a, pair.b) == (other.a, other.b)
        assert (pair.n, pair.only_a, pair.only_b) == (other.n, other.only_a, other.only_b)
        assert pair.delta == pytest.approx(other.delta)
        assert pair.ci95 == pytest.approx(other.ci95)
        assert pair.p_mcnemar == pytest.approx(other.p_mcnemar)
        assert pair.p_holm == pytest.approx(other.p_holm)


@pytest.mark.parametrize("protocol", ["cw", "cw_plus"])
def test_decomposition_against_a_plain_loop(built: Built, protocol: Protocol) -> None:
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


def test_multiple_choice_is_over_the_images_that_have_a_question(toy: Toy, tmp_path: Path) -> None:
    for seed in (1, 2):
        toy.add(f"model-{seed}", {"toy_mc": draw_rows(seed)})
    board = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES).boards[0]
    n = sum(corrected().get(image_id) != [] for image_id in IDS)
    assert board.n_images == n < N
    assert {row.coverage for row in board.rows} == {100.0}
    chance = board.references[0]
    assert chance.accuracy["corrected"] == pytest.approx(100 / 3)
    assert board.distractors is not None
    assert board.distractors["n_options"] == 3
    # Where the original label was replaced it is no option: no letter is right by it.
    rows, same = toy.finished("toy_mc", draw_rows(1)), dict(zip(IDS, ORIGINAL, strict=True))
    constant = board.references[1]
    right = [[option == same[row.image_id] for option in row.options] for row in rows]
    assert chance.accuracy["original"] == pytest.approx(100 * np.mean(right))
    assert np.mean(right) < 1 / 3
    assert constant.accuracy["original"] == pytest.approx(100 * np.mean(right, axis=0).max())


def imported(toy: Toy, name: str, turned: int, digest: str | None = None) -> None:
    """Add an entry whose options came with its answers: the task's, turned by some places."""
    rows = [
        replace(row, options=row.options[turned:] + row.options[:turned], answer=None,
                rule="strict", prompt_sha256=None)
        for row in toy.finished("toy_mc", draw_rows(1))
    ]  # fmt: skip
    manifest = toy.manifest("toy_mc", rows)
    identity = manifest.identity.model_copy(update={"options": digest})
    facts = {"identity": identity, "model_facts": {"adapter": "predictions"}}
    toy.add(name, {"toy_mc": rows}, {"toy_mc": manifest.model_copy(update=facts)})


def test_options_that_came_with_the_answers_are_claimed(toy: Toy, tmp_path: Path) -> None:
    toy.add("asked", {"toy_mc": draw_rows(1)})
    imported(toy, "turned", 1)
    boards = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES).boards
    assert [(board.slug, board.claimed, [row.name for row in board.rows]) for board in boards] == [
        ("toy_mc--mc", False, ["asked"]), ("toy_mc--mc--claimed", True, ["turned"]),
    ]  # fmt: skip
    assert boards[1].rows[0].claimed == (
        "classes without a text to read them from; options that came with the answers"
    )


def test_different_questions_are_not_one_board(toy: Toy, tmp_path: Path) -> None:
    for name, digest in (("a", "1"), ("b", "2")):
        imported(toy, name, 1, digest)
    with pytest.raises(DataError, match="different questions"):
        build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)


def test_options_in_another_order_are_other_questions(toy: Toy, tmp_path: Path) -> None:
    for turned in (1, 2):
        imported(toy, f"turned-{turned}", turned)
    with pytest.raises(DataError, match="`turned-1` and `turned-2`: were asked") as caught:
        build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    n = len(toy.finished("toy_mc", draw_rows(1)))
    assert caught.value.problems[0].got == f"{n} of {n} common images"
