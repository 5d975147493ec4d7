"""The rankings of a board by each label set and group of images, against plain loops."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.leaderboard.build import build
from harness.leaderboard.numbers.site_model import Board
from harness.store.prediction import Prediction
from leaderboard.numbers.entry_builder import (
    IDS,
    ORIGINAL,
    N,
    Toy,
    corrected,
    draw_rows,
    make_toy,
)
from leaderboard.numbers.test_label_sets import add_label_set

LABELS = {"original": {key: [own] for key, own in zip(IDS, ORIGINAL, strict=True)},
          "corrected": corrected()}  # fmt: skip
NOW = [min(corrected().get(key) or [own]) for key, own in zip(IDS, ORIGINAL, strict=True)]


def says(classes: Sequence[int]) -> list[Prediction]:
    return [replace(row, answer=f"thing {class_id}")
            for row, class_id in zip(draw_rows(1, out=0), classes, strict=True)]  # fmt: skip


MODELS = {
    "follows": says(ORIGINAL),  # agrees with the original labels, …
    "sees": says(NOW),  # … and this one with the corrected ones
    **{f"skill-{skill}": draw_rows(skill, skill / 100, out=0) for skill in (95, 70, 66, 20)},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toy, Board, Path]:
    folder = tmp_path_factory.mktemp("rankings")
    toy = make_toy(folder)
    for name, rows in MODELS.items():
        toy.add(name, {"toy_cw": rows})
    built = build(toy.catalogue, toy.entries, folder / "site", NO_OVERRIDES)
    return toy, built.boards[0], folder / "site"


def groups_of(labels: Mapping[str, list[int]]) -> dict[str, list[str]]:
    """The images of each group, one by one."""
    found: dict[str, list[str]] = {}
    for image_id, own in zip(IDS, ORIGINAL, strict=True):
        ids = labels.get(image_id)
        if ids:
            size = "S" if len(ids) == 1 else "M"
            for group in ("A", size, size + ("+" if own in ids else "-")):
                found.setdefault(group, []).append(image_id)
    return found


def right_of(toy: Toy, name: str, label_set: str) -> dict[str, bool]:
    return {row.image_id: row.class_id in LABELS[label_set].get(row.image_id, [])
            for row in toy.rows(name, "toy_cw")}  # fmt: skip


def tiers(
    order: Sequence[str], right: Mapping[str, Mapping[str, bool]], images: Sequence[str]
) -> dict[str, int]:
    """By SciPy's binomial test and statsmodels' Holm, leader by leader."""
    found: dict[str, int] = {}
    left, tier = list(order), 0
    while left:
        tier += 1
        leader, *rest = left
        p_values = []
        for other in rest:
            wins = sum(right[leader][each] > right[other][each] for each in images)
            losses = sum(right[leader][each] < right[other][each] for each in images)
            p_values.append(binomtest(wins, wins + losses).pvalue if wins + losses else 1.0)
        parted = multipletests(p_values, alpha=0.05, method="holm")[0] if rest else []
        left = [each for each, is_parted in zip(rest, parted, strict=True) if is_parted]
        found |= {each: tier for each in (leader, *rest) if each not in left}
    return found


def test_every_label_set_and_group_is_ranked_as_by_hand(site: tuple[Toy, Board, Path]) -> None:
    toy, board, _ = site
    seen = set()
    for ranking in board.rankings:
        images = groups_of(LABELS[ranking.label_set])[ranking.group]
        right = {name: right_of(toy, name, ranking.label_set) for name in MODELS}
        hits = {name: sum(right[name][each] for each in images) for name in MODELS}
        order = sorted(MODELS, key=lambda name: (-hits[name], name))
        assert [place.name for place in ranking.places] == order
        expected = tiers(order, right, images)
        for place in ranking.places:
            assert (place.n, ranking.n) == (len(images), len(images))
            assert place.accuracy == pytest.approx(100 * hits[place.name] / len(images))
            ends = proportion_confint(hits[place.name], len(images), method="wilson")
            assert place.ci95 == pytest.approx([100 * end for end in ends])
            assert place.rank == 1 + sum(hits[place.name] < other for other in hits.values())
            assert place.rank_interval[0] <= place.rank <= place.rank_interval[1] <= len(MODELS)
            assert place.tier == expected[place.name]
        seen.add((ranking.label_set, ranking.group, max(expected.values()) > 1))
    # Of the original labels all images are S and S+; of the corrected ones none is M-.
    assert [(each.label_set, each.group) for each in board.rankings] == [
        ("original", "A"), ("corrected", "A"), ("corrected", "S"), ("corrected", "S+"),
        ("corrected", "S-"), ("corrected", "M"), ("corrected", "M+"),
    ]  # fmt: skip
    assert ("corrected", "A", True) in seen and ("corrected", "M", False) in seen


def test_groups_are_those_of_the_benchmark(site: tuple[Toy, Board, Path], tmp_path: Path) -> None:
    _, board, output = site
    whole = json.loads((output / "data" / "boards.json").read_text())
    groups = whole["benchmarks"]["toy"]["groups"]
    found = {each.group: each.n for each in board.rankings if each.label_set == board.headline}
    assert found == {group: n for group, n in groups.items() if n and group != "N"}
    assert groups["M-"] == 0
    (told,) = (each for each in whole["boards"] if each["slug"] == board.slug)
    assert [(each["label_set"], each["group"], each["n"], [row["entry"] for row in each["places"]])
            for each in told["rankings"]] == [
        (each.label_set, each.group, each.n, [place.name for place in each.places])
        for each in board.rankings
    ]  # fmt: skip


def test_the_headline_orders_the_rows_and_has_the_scorers_numbers(
    site: tuple[Toy, Board, Path],
) -> None:
    _, board, _ = site
    for row in board.rows:
        for name in board.label_sets:
            score, place = row.results.scores["cw"][name], board.place(row.name, name)
            assert place and (place.n, place.accuracy, place.ci95) == (
                score.n, score.accuracy, score.ci95,
            )  # fmt: skip
        assert board.place(row.name) == board.place(row.name, "corrected")
    headline = next(each for each in board.rankings if each.is_of("corrected"))
    assert [row.name for row in board.rows] == [place.name for place in headline.places]
    assert board.place("nobody") is None


def test_a_line_of_the_csv_ranks_by_its_own_labels(site: tuple[Toy, Board, Path]) -> None:
    _, board, output = site
    with (output / "data" / "boards.csv").open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["board"] == board.slug]
    for name in board.label_sets:
        own = [line for line in lines if line["label_set"] == name]
        values = [float(line["accuracy"]) for line in own]
        for line, value in zip(own, values, strict=True):
            assert int(line["rank"]) == 1 + sum(other > value for other in values)
    assert {(line["entry"], line["rank"]) for line in lines if line["ranks"] == "True"} != {
        (line["entry"], line["rank"]) for line in lines if line["ranks"] == "False"
    }


def test_other_labels_order_the_models_otherwise(site: tuple[Toy, Board, Path]) -> None:
    _, board, output = site
    first = {(each.label_set, each.group): each.places[0].name for each in board.rankings}
    assert first["corrected", "A"] == first["corrected", "S-"] == "sees"
    assert first["original", "A"] == "follows"
    page = (output / "boards" / f"{board.slug}.html").read_text()
    few = [each.n < 30 for each in board.rankings]
    assert page.count("A ranking of few images (fewer than 30)") == sum(few)
    assert any(few) and not all(few)
    before = board.place("follows")
    assert before and before.rank > 1
    assert f"↑{before.rank - 1}" in page.split('id="by:original"')[1].split("</section>")[0]


def test_labels_of_no_image_rank_nobody(toy: Toy, tmp_path: Path) -> None:
    overrides = add_label_set(toy)
    path = overrides.label_sets["extra"]
    path.write_text(json.dumps({"image_id": IDS[0], "labels": []}) + "\n")
    for seed, name in enumerate("ab"):
        toy.add(name, {"toy_cw": draw_rows(seed, out=0)})
    site = build(toy.catalogue, toy.entries, tmp_path / "site", Overrides({"extra": path}))
    board = site.boards[0]
    assert board.place("a", "extra") is None and board.place("a") is not None
    with (tmp_path / "site" / "data" / "boards.csv").open(newline="") as file:
        ranks = {(line["label_set"], line["n"], line["rank"]) for line in csv.DictReader(file)}
    assert {each for each in ranks if each[0] == "extra"} == {("extra", "0", "")}
    assert ("original", str(N), "1") in ranks
