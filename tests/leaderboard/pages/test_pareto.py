"""Pareto fronts are those of brute force; what nobody measured is counted, and not placed."""

import random
from dataclasses import replace
from xml.etree import ElementTree

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages.board_table import board_table
from harness.leaderboard.pages.plots.figure import Figure
from harness.leaderboard.pages.plots.pareto import FACTS, front, pareto
from leaderboard.pages.site_builder import make_site

BOARD = make_site(6).boards[-1]
PARAMETERS, COST, DATE = FACTS


def test_the_front_is_what_nothing_dominates() -> None:
    source = random.Random(4)
    for _ in range(200):
        points = [
            (source.randrange(6), source.randrange(6)) for _ in range(source.randrange(1, 12))
        ]
        expected = {
            place
            for place, (value, accuracy) in enumerate(points)
            if not any(
                v <= value and a >= accuracy and (v, a) != (value, accuracy) for v, a in points
            )
        }
        assert front(points) == expected, points


def made(figure: Figure | None) -> tuple[Figure, ElementTree.Element]:
    assert figure is not None
    return figure, ElementTree.fromstring(figure.svg)


def with_cost(row: ScoredEntry, cost: float | None, unpriced: int | None = 0) -> ScoredEntry:
    run = row.run.run.model_copy(update={"cost": cost, "unpriced": unpriced})
    return replace(row, run=row.run.model_copy(update={"run": run}))


def priced(*costs: float | None) -> Board:
    rows = [with_cost(row, cost) for row, cost in zip(BOARD.rows, costs, strict=False)]
    return replace(BOARD, rows=tuple(rows))


def test_a_cost_that_lacks_prices_is_said_to_be_at_least_so_much_and_not_placed() -> None:
    rows = BOARD.rows
    found = [with_cost(rows[0], 1.0), with_cost(rows[1], 2.0, 7), with_cost(rows[2], 3.0, None)]
    board = replace(BOARD, rows=(*found, with_cost(rows[3], 4.0)))
    figure, _ = made(pareto(board, COST))
    assert [cells[1] == "–" for cells in figure.table.rows] == [False, True, True, False]
    table = board_table(board)
    place = [column.key for column in table.columns].index("cost")
    cells = [(line.cells[place].text, line.cells[place].detail) for line in table.rows]
    assert cells == [("1.00", ""), ("2.00", "at least"), ("3.00", "at least"), ("4.00", "")]


def test_a_model_without_the_fact_is_counted_and_listed_and_not_placed() -> None:
    figure, root = made(pareto(priced(1.28, None, 12.8, 128.0), COST))
    assert "Of 1 of 4 models it is not known" in figure.caption
    placed = {part.text for part in root.iter("title")}
    names = [row.model for row in BOARD.rows[:4]]
    assert {name for name in names if any(str(t).startswith(f"{name}:") for t in placed)} == {
        names[0], names[2], names[3],
    }  # fmt: skip
    n = BOARD.rows[0].run.run.n
    assert [cells[1] for cells in figure.table.rows] == [
        f"{1280 / n:.3g}", "–", f"{12800 / n:.3g}", f"{128000 / n:.3g}",
    ]  # fmt: skip
    assert [cells[3] for cells in figure.table.rows] == ["yes", "–", "–", "–"]


def test_equal_steps_of_a_logarithmic_axis_are_equal_factors() -> None:
    _, root = made(pareto(priced(1.28, 12.8, 128.0), COST))
    marks = {}
    for part in root.iter("g"):
        for mark in part:
            title = mark.find("title")
            if title is not None:
                words = mark.attrib.get("d", f"M{mark.attrib.get('cx')} ")
                xs = [float(each.split()[0]) for each in words.strip("MZ ").split("L")]
                marks[str(title.text).split(":")[0]] = (min(xs) + max(xs)) / 2
    x = [marks[row.model] for row in BOARD.rows[:3]]
    assert abs((x[1] - x[0]) - (x[2] - x[1])) < 0.3 and x[2] > x[0]


def test_there_is_no_figure_where_fewer_than_two_models_differ() -> None:
    assert pareto(priced(1.0, None, None), COST) is None
    assert pareto(priced(1.0, 1.0, 1.0), COST) is None
    assert pareto(priced(0.0, 0.0, None), COST) is None
    assert pareto(BOARD, DATE) is None
    assert pareto(BOARD, PARAMETERS) is not None
