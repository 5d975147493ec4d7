"""Figures show the site's numbers where the axes say, and no label covers another."""

from dataclasses import replace
from itertools import pairwise as neighbours
from xml.etree import ElementTree

import pytest

from harness.leaderboard.numbers.site_model import Site
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.decomposition import decomposition
from harness.leaderboard.pages.plots.figure import Figure, Scale, percent_scale, spread
from harness.leaderboard.pages.plots.forest import forest, protocols
from harness.leaderboard.pages.plots.hardness import hardness
from harness.leaderboard.pages.plots.label_changes import label_changes
from harness.leaderboard.pages.plots.pairwise import pairwise
from harness.leaderboard.pages.plots.reliability import reliability
from harness.leaderboard.pages.plots.scatter import scatter
from harness.leaderboard.pages.plots.slope import slope
from harness.scores.statistics import wilson
from leaderboard.pages.board_builder import PLANS
from leaderboard.pages.site_builder import Texts, make_site

SITE = make_site(18)
BOARD = SITE.boards[-1]
MODELS = BOARD.rows


def made(figure: Figure | None) -> tuple[Figure, ElementTree.Element]:
    assert figure is not None
    return figure, ElementTree.fromstring(figure.svg)


def texts(root: ElementTree.Element, css: str) -> list[ElementTree.Element]:
    return [text for text in root.iter("text") if css in text.attrib["class"].split()]


def height(text: ElementTree.Element) -> float:
    return float(text.attrib["y"])


def test_scale_ends_on_ticks_around_all_values() -> None:
    scale = percent_scale([41.2, 68.9], 0, 100)
    assert scale.ticks[0] == scale.low <= 41.2 and scale.ticks[-1] == scale.high >= 68.9
    assert scale(scale.low) == 0 and scale(scale.high) == 100
    assert percent_scale([99.95, 99.99], 0, 1).high == pytest.approx(100)
    assert percent_scale([50.0], 0, 1).low < 50 <= percent_scale([50.0], 0, 1).high
    assert Scale(0, 50, 100, 0, 10)(25) == 50


def test_spread_keeps_order_and_distance_and_moves_little() -> None:
    placed = spread([10, 50, 11, 12], 5, 0, 100)
    assert placed[1] == 50
    assert [round(placed[place], 6) for place in (0, 2, 3)] == [6, 11, 16]
    assert spread([99, 99], 10, 0, 100) == [90, 100]
    assert spread([], 5, 0, 10) == []


def test_slope_names_every_model_and_no_label_covers_another() -> None:
    figure, root = made(slope(BOARD))
    assert {text.text for text in texts(root, "name")} == {model.model for model in MODELS}
    for css in ("name", "end"):
        labels = sorted(
            height(text) for text in texts(root, css) if "head" not in text.attrib["class"]
        )
        assert all(low - high >= 12 for high, low in neighbours(labels))
        assert labels[0] > 0 and labels[-1] <= float(root.attrib["height"])
    first = figure.table.rows[0]
    assert first[2] == typeset.fixed(MODELS[0].headline.accuracy)


def test_slope_of_a_board_without_original_labels_is_none() -> None:
    bare = tuple(replace(row, change=None, decomposition=None) for row in MODELS)
    board = replace(BOARD, rows=bare)
    assert slope(board) is None and scatter(board) is None


def test_forest_draws_each_interval_where_its_axis_says() -> None:
    _, root = made(forest(BOARD))
    ticks = {float(t.text or ""): float(t.attrib["x"]) for t in texts(root, "tick")}
    (low, start), (high, end) = min(ticks.items()), max(ticks.items())
    groups = [g for g in root.iter("g") if g.attrib["class"] == "after"]
    assert len(groups) == len(MODELS)
    for model, group in zip(MODELS, groups, strict=True):
        (whisker,) = [p for p in group.iter("path") if p.attrib["class"] == "whisker"]
        drawn = [float(pair.split()[0]) for pair in whisker.attrib["d"][1:].split("L")]
        told = [low + (x - start) / (end - start) * (high - low) for x in drawn]
        assert told == pytest.approx(model.headline.ci95, abs=0.1)
    assert [t.text for t in texts(root, "note") if (t.text or "").startswith("tier")] == [
        f"tier {tier}" for tier in sorted({place.tier for place in BOARD.rankings[3].places})
    ]


def test_reference_off_the_axis_does_not_squeeze_the_models() -> None:
    _, root = made(forest(BOARD))
    assert "Chance" not in [text.text for text in root.iter("text")]
    assert "Original labels" in [text.text for text in root.iter("text")]


def test_scatter_puts_no_name_over_another() -> None:
    _, root = made(scatter(BOARD))
    boxes = []
    for text in texts(root, "name"):
        wide = drawing.width_of(text.text or "")
        x = float(text.attrib["x"])
        left = x - wide if "end" in text.attrib["class"] else x
        left = x - wide / 2 if "middle" in text.attrib["class"] else left
        boxes.append((left, height(text), left + wide))
    assert len(boxes) > 5
    for place, (left, y, right) in enumerate(boxes):
        for other_left, other_y, other_right in boxes[:place]:
            assert right <= other_left or other_right <= left or abs(y - other_y) >= 12
    titles = [title.text or "" for title in root.iter("title")]
    assert all(any(title.startswith(model.model + ":") for title in titles) for model in MODELS)


def test_decomposition_fills_every_bar() -> None:
    figure, root = made(decomposition(BOARD))
    bars: dict[str, float] = {}
    for bar in root.iter("rect"):
        if bar.find("title") is not None:
            bars[bar.attrib["y"]] = bars.get(bar.attrib["y"], 0) + float(bar.attrib["width"])
    assert len(bars) == len(MODELS)
    assert all(wide == pytest.approx(max(bars.values()), abs=0.3) for wide in bars.values())
    parts = MODELS[0].decomposition
    assert parts is not None
    assert figure.table.rows[0][1].endswith(f"({parts.right_right:,})")


def test_pairwise_tints_what_is_separable_and_nothing_else() -> None:
    figure, root = made(pairwise(BOARD))
    cells = [g.attrib["class"] for g in root.iter("g") if g.attrib["class"].startswith("cell")]
    ties = sum(pair.p_holm >= 0.05 for pair in BOARD.pairs)
    assert cells.count("cell tie") == ties + 1  # one is in the key
    assert len(cells) == len(BOARD.pairs) + 6
    assert len(figure.table.rows) == len(BOARD.pairs)
    assert pairwise(replace(BOARD, rows=MODELS[:1])) is None


def test_hardness_has_the_hardest_distractors_first() -> None:
    asked = [board for board in SITE.boards if board.protocol == "mc"]
    figure, root = made(hardness("toy", asked[::-1]))
    assert figure.table.headings[1:] == (
        "toy_mc_hard: embedding, ranks 1–3",
        "toy_mc_easy: embedding, ranks 21–40",
    )
    assert len(texts(root, "name")) == len(MODELS)
    assert hardness("toy", asked[:1]) is None


def test_protocols_of_one_model_stand_side_by_side() -> None:
    boards = [(board, board.rows[0]) for board in SITE.boards]
    figure, root = made(protocols(boards))
    assert [row[0] for row in figure.table.rows] == [
        "OW · toy_ow", "MC · toy_mc_hard", "MC · toy_mc_easy", "CW · toy_cw",
    ]  # fmt: skip
    assert len(texts(root, "name")) == 4
    assert protocols(boards[:1]) is None


def test_label_changes_run_from_the_original_to_the_headline_accuracy() -> None:
    site = make_site(5)
    figure, root = made(label_changes("toy", site.boards))
    assert len(figure.table.rows) == 20
    kinds = ["MLLM", "dual encoder", "supervised", "k-NN"]
    assert [text.text for text in texts(root, "head")] == kinds
    assert [text.text for text in texts(root, "note")][:4] == ["OW", "MC hard", "MC easy", "CW"]
    assert [text.text for text in texts(root, "name")] == [
        f"Model {place}" for place in (0, 1, 2, 3, 4)
    ]
    ticks = {float(t.text or ""): float(t.attrib["x"]) for t in texts(root, "tick")}
    (low, start), (high, end) = min(ticks.items()), max(ticks.items())
    slopes = [path for path in root.iter("path") if path.attrib["class"] == "slope"]
    boards = {board.slug: board for board in site.boards}
    for path, (model, _, label, before, after, change, *_) in zip(
        slopes, figure.table.rows, strict=True
    ):
        drawn = [float(pair.split()[0]) for pair in path.attrib["d"][1:].split("L")]
        told = [low + (x - start) / (end - start) * (high - low) for x in drawn]
        slug = {"OW": "toy_ow--ow", "CW": "toy_cw--cw"}.get(label)
        slug = slug or f"toy_mc_{label.split()[1]}--mc"
        (row,) = [row for row in boards[slug].rows if row.model == model]
        assert row.change and row.change.from_ and row.change.to
        assert told == pytest.approx([row.change.from_, row.change.to], abs=0.1)
        assert before == typeset.fixed(row.change.from_)
        assert (after, change) == (typeset.fixed(row.change.to), typeset.signed(row.change.delta))


def test_label_changes_need_two_lines_and_two_label_sets() -> None:
    one = make_site(1).boards
    assert label_changes("toy", one[:1]) is None and label_changes("toy", one) is not None
    assert label_changes("toy", [replace(board, note="asked otherwise") for board in one]) is None
    bare = [
        replace(board, rows=tuple(replace(row, change=None) for row in board.rows)) for board in one
    ]
    assert label_changes("toy", bare) is None


def test_label_changes_of_many_models_are_those_that_rank_highest() -> None:
    boards = make_site(60, PLANS[:2]).boards
    figure, _ = made(label_changes("toy", boards))
    assert "20 of 60 models are shown" in figure.caption
    ranks = {
        row.model: min(place.rank for board in boards if (place := board.place(row.name)))
        for row in boards[0].rows
    }
    drawn = {row[0] for row in figure.table.rows}
    assert len(drawn) == 20
    assert max(ranks[model] for model in drawn) <= min(
        rank for model, rank in ranks.items() if model not in drawn
    )


def figures(site: Site) -> list[Figure]:
    drawn = (forest, slope, scatter, decomposition, pairwise)
    found = [*(draw(site.boards[0]) for draw in drawn), label_changes("toy", site.boards)]
    return [figure for figure in found if figure]


def test_reliability_draws_each_bin_where_its_axes_say() -> None:
    board = next(each for each in SITE.boards if each.protocol == "mc")
    figure, root = made(reliability(board, board.rows[0]))
    marks = [each for each in root.iter() if each.attrib.get("class") == "mark"]
    assert len(marks) == len(figure.table.rows) == 3
    titles = [title.text for mark in marks for title in mark]
    assert titles[0] == "15.00 of 100 images"
    assert figure.table.rows[0] == ("20.00", "15.00", typeset.between(wilson(15, 100)), "100")
    (curve,) = [each for each in root.iter("path") if each.attrib["class"] == "slope"]
    x, y = map(float, curve.attrib["d"][1:].split("L")[0].split())
    assert (x, y) == (64 + 0.2 * 340, 352 - 0.15 * 340)
    assert texts(root, "head")[-1].text == "ECE 15.00 [10.00, 20.00]"
    assert reliability(BOARD, BOARD.rows[0]) is None


def test_hostile_names_stay_text_in_drawings() -> None:
    texts = Texts(model="</svg><script>x</script>\u202e\x00 {place}")
    for figure in figures(make_site(3, PLANS[:1], texts)):
        root = ElementTree.fromstring(figure.svg)
        assert "script" not in {element.tag for element in root.iter()}
        assert "\u202e" not in figure.svg and "\x00" not in figure.svg
        assert not [e for e in root.iter() if "style" in e.attrib or "fill" in e.attrib]
