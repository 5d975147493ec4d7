"""Suspect labels against plain loops, and who may vote on them."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.sample import ids_in
from harness.leaderboard.build import build
from harness.leaderboard.numbers.benchmark import Suspects
from harness.leaderboard.numbers.benchmark_labels import labels_of
from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site
from harness.leaderboard.numbers.suspects import (
    FEWEST,
    MARGIN,
    MOST,
    agreed,
    contradicted,
    control_of,
    find_suspects,
    votes_of,
)
from harness.scores.answers import to_answers
from harness.scores.metrics import counted_rows
from harness.scores.truth import to_truth
from harness.specs.model import Kind
from harness.store.prediction import Prediction
from leaderboard.numbers.entry_builder import (
    IDS,
    ORIGINAL,
    K,
    N,
    Toy,
    corrected,
    draw_rows,
    make_toy,
)
from scores.score_builders import labels as labels_in

SAME = Equivalences.from_groups("same", [(4, 5)])
WRONG = (3, 4, 24, 45)
"""Of images whose corrected labels are another class (4, 24), two (3), the original one (45)."""


def test_models_agree_as_counted_one_by_one() -> None:
    """Against loops over images and sets, for votes of which many are none."""
    generator = np.random.default_rng(3)
    ids = tuple(f"i{place}" for place in range(400))
    votes = generator.choice([-1, 0, 1, 2], size=(5, 400), p=[0.3, 0.5, 0.1, 0.1])
    drawn = generator.integers(0, 3, size=(400, 2))
    first = {each: [int(drawn[place, 0])] for place, each in enumerate(ids)}
    second = {each: sorted({*drawn[place].tolist()} - {2}) for place, each in enumerate(ids[:300])}
    original, better = (
        to_truth(labels_in(name, labels), ids, Equivalences.none())
        for name, labels in (("first", first), ("second", second))
    )
    classes, n_votes = agreed(votes)
    expected: dict[str, tuple[int, int]] = {}
    for place, each in enumerate(ids):
        named = [int(vote) for vote in votes[:, place] if vote >= 0]
        if len(named) >= FEWEST and len(set(named)) == 1:
            expected[each] = (named[0], len(named))
    assert {
        each: (int(classes[place]), int(n_votes[place]))
        for place, each in enumerate(ids)
        if classes[place] >= 0
    } == expected
    marked = [each for each, (named, _) in expected.items() if named not in first[each]]
    assert [ids[place] for place in np.flatnonzero(contradicted(original, classes))] == marked
    both = [each for each in marked if each in second]
    control = control_of(original, better, (), classes)
    gone = [each for each in second if not {*first[each]} & {*second[each]}]
    assert control.n == len(both) > 5
    assert control.confirmed == sum(expected[each][0] in second[each] for each in both) > 0
    assert control.gone == len({*both} & {*gone}) > 0
    assert (control.n_all, control.gone_all) == (300, len(gone))


def test_a_vote_is_one_class_after_merging_and_only_where_it_counts() -> None:
    rows = [
        Prediction("a", Status.OK, class_id=5, answer="five"),
        Prediction("b", Status.OK, class_id=4, also=(5,), answer="four and five are one"),
        Prediction("c", Status.OK, class_id=1, also=(2,), answer="a name of two classes"),
        Prediction("d", Status.OOP, class_id=3, rule="mapped", answer="thriee"),
        Prediction("e", Status.REFUSED, answer="no"),
    ]
    answers = to_answers(rows)
    found = [votes_of(answers, counted_rows(answers, each), SAME).tolist() for each in ("cw", "ow")]
    assert found == [[4, 4, -1, -1, -1], [4, 4, -1, 3, -1]]


def answers_of(seed: int, skill: float = 0.9) -> list[Prediction]:
    """Mostly right by the original labels, and wrong as all models are on `WRONG`."""
    rows = draw_rows(seed, skill, out=0.0)
    for place in WRONG:
        text = f"thing {(ORIGINAL[place] + 2) % K}"
        rows[place] = Prediction(IDS[place], Status.OK, answer=text)
    return rows


@dataclass(frozen=True)
class Doubted:
    toy: Toy
    site: Site
    output: Path

    @property
    def found(self) -> Suspects:
        (benchmark,) = self.site.benchmarks
        assert benchmark.suspects is not None
        return benchmark.suspects

    def again(self, change: Callable[[Board], Board]) -> Suspects:
        """What is found on the boards when each is changed."""
        labels = labels_of("toy", self.toy.opened("toy_cw"))
        return find_suspects([change(board) for board in self.site.boards], labels)


@pytest.fixture(scope="module")
def doubted(tmp_path_factory: pytest.TempPathFactory) -> Doubted:
    folder = tmp_path_factory.mktemp("suspects")
    toy = make_toy(folder)
    for seed in range(4):
        tasks = ("toy_cw", "toy_ow", "toy_mc") if seed == 0 else ("toy_cw",)
        toy.add(f"m{seed}", {task: answers_of(seed) for task in tasks})
    toy.add("weak", {"toy_cw": draw_rows(9, skill=0.2)})
    output = folder / "site"
    return Doubted(toy, build(toy.catalogue, toy.entries, output, NO_OVERRIDES), output)


def test_suspects_of_a_site_are_those_of_its_rows(doubted: Doubted) -> None:
    found = doubted.found
    assert [each.entry for each in found.voters] == sorted(
        ("m0", "m1", "m2", "m3"), key=lambda name: -accuracy_in(doubted.site, name)
    )
    votes: dict[str, set[int | None]] = {image_id: set() for image_id in IDS}
    for voter in found.voters:
        for row in doubted.toy.rows(voter.entry, "toy_cw"):
            votes[row.image_id].add(row.class_id)
    labels = corrected()
    expected = {
        image_id: class_ids.pop()
        for image_id, class_ids in votes.items()
        if len(class_ids) == 1 and labels.get(image_id) and not class_ids & {*labels[image_id]}
    }
    assert {each.image_id: each.class_id for each in found.images} == expected
    assert {IDS[place] for place in (3, 45)} <= set(expected)
    assert {each.labels for each in found.images if each.image_id == IDS[3]} == {(3, 4)}
    assert all(each.n_votes == len(found.voters) for each in found.images)


def accuracy_in(site: Site, entry: str) -> float:
    rows = (row for board in site.boards for row in board.rows if board.protocol != "mc")
    return max(row.headline.accuracy or 0 for row in rows if row.name == entry)


def test_the_corrected_labels_are_the_referee_of_the_original_ones(doubted: Doubted) -> None:
    control = doubted.found.control
    assert control is not None
    assert {each.entry for each in control.voters} == {"m0", "m1", "m2", "m3"}
    assert control.n_all == len(corrected()) == N - 18
    assert control.gone_all == sum(
        own not in corrected()[image_id]
        for image_id, own in zip(IDS, ORIGINAL, strict=True)
        if image_id in corrected()
    )
    assert control.confirmed >= 2 and control.gone >= 2 and control.n >= 4


def test_a_model_has_one_vote_of_its_best_run_and_none_of_multiple_choice(
    doubted: Doubted,
) -> None:
    """`m0` answers three tasks; those of multiple choice are all but right."""
    (voter,) = [each for each in doubted.found.voters if each.entry == "m0"]
    assert voter.board in ("toy_cw--cw", "toy_ow--ow", "toy_cw--cw_plus")
    assert voter.accuracy == accuracy_in(doubted.site, "m0")
    without = doubted.again(lambda board: replace(board, protocol="mc"))
    assert without.voters == without.images == () and without.control is None


def test_incomplete_runs_and_too_few_models_mark_nothing(doubted: Doubted) -> None:
    def only_two(board: Board) -> Board:
        kept = [
            replace(row, coverage=100.0 if row.name in ("m0", "m1") else 99.9) for row in board.rows
        ]
        return replace(board, rows=tuple(kept))

    found = doubted.again(only_two)
    assert len(found.voters) == 2 and found.images == () and found.control is None
    assert doubted.again(lambda board: replace(board, is_part=True)).voters == ()


def test_the_best_of_each_kind_votes_before_better_models_of_one_kind(doubted: Doubted) -> None:
    """Of ten models within the margin the last is the only one of its kind; one is too far off."""
    board = next(each for each in doubted.site.boards if each.slug == "toy_cw--cw")

    def row(name: str, accuracy: float, kind: Kind) -> ScoredEntry:
        mine = board.rows[0]
        card = mine.entry.card.model_copy(update={"model": name, "kind": kind})
        manifest = mine.entry.manifest.model_copy(update={"entry": name})
        score = mine.headline.model_copy(update={"accuracy": accuracy})
        results = mine.results.model_copy(update={"scores": {"cw": {"corrected": score}}})
        return replace(
            mine, entry=replace(mine.entry, manifest=manifest, card=card), results=results
        )

    rows = [row(f"n{place}", 90.0 - place, "mllm") for place in range(10)]
    rows += [row("near", 90.0 - MARGIN, "knn"), row("far", 89.9 - MARGIN, "supervised")]
    many = replace(board, rows=tuple(rows))
    found = doubted.again(lambda each: many if each is board else replace(each, rows=()))
    assert [each.entry for each in found.voters] == [f"n{place}" for place in range(6)] + ["near"]
    assert len(found.voters) == MOST
    assert found.control is None


def test_the_files_have_them_and_a_review_takes_them(doubted: Doubted) -> None:
    folder = doubted.output / "data" / "toy"
    lines = [json.loads(line) for line in (folder / "suspects.jsonl").read_text().splitlines()]
    with (folder / "suspects.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    images = doubted.found.images
    ids = [each.image_id for each in images]
    assert [each["image_id"] for each in lines] == [each["image_id"] for each in cells] == ids
    assert list(ids_in(folder / "suspects.jsonl")) == ids
    (at,) = [place for place, each in enumerate(ids) if each == IDS[3]]
    assert lines[at] == {
        "image_id": IDS[3],
        "label_set": "corrected",
        "labels": [3, 4],
        "label_names": ["thing 3", "thing 4"],
        "suggested": 5,
        "suggested_name": "thing 5",
        "votes": 4,
        "voters": 4,
    }
    texts = {key: str(value) for key, value in lines[at].items()}
    assert cells[at] == texts | {"labels": "3 4", "label_names": "thing 3; thing 4"}
