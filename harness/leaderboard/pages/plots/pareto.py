"""Accuracy against parameters, cost and date, with the Pareto front. A model of which nobody
measured or said a fact is counted and listed, and not placed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 640.0, 64.0, 560.0, 16.0, 336.0, 392.0
_LEAST_SPAN = 10.0
"""A logarithmic axis spans at least so much, so that it has ticks."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a model takes, of which less is better."""

    key: str
    title: str
    axis: str
    note: str
    """Where it comes from, in a sentence."""
    less: str
    """What makes a model better, of two that are as accurate."""
    value: Callable[[ScoredEntry], float | None]
    write: Callable[[float], str]
    is_logarithmic: bool = True


def _cost(row: ScoredEntry) -> float | None:
    facts = row.run.run
    return 1000 * facts.cost / facts.n if facts.cost and facts.n and row.is_all_priced else None


def _day(row: ScoredEntry) -> float | None:
    try:
        return date.fromisoformat(row.entry.manifest.date).toordinal()
    except ValueError:  # a submitter's word
        return None


FACTS = (
    Fact(
        "parameters",
        "Accuracy and size",
        "parameters",
        "Parameters are as the model cards say.",
        "fewer parameters",
        lambda row: row.entry.card.parameters,
        lambda value: typeset.magnitude(round(value)),
    ),
    Fact(
        "cost",
        "Accuracy and cost",
        "US $ for 1,000 images",
        "Cost is what the run’s manifest has, by the prices that its model named, over its images, "
        "where each answer has a price.",
        "less cost",
        _cost,
        lambda value: f"{value:.3g}",
    ),
    Fact(
        "date",
        "Accuracy and date",
        "day on which the entry’s last run ended",
        "The day is that of the answers, and not of the model.",
        "an earlier day",
        _day,
        lambda value: date.fromordinal(round(value)).isoformat(),
        is_logarithmic=False,
    ),
)


def pareto(board: Board, fact: Fact) -> Figure | None:
    """Draw accuracy by a fact, with the Pareto front; None where fewer than two models differ."""
    known = [
        (row, value, row.headline.accuracy)
        for row in board.rows
        if (value := fact.value(row)) is not None and row.headline.accuracy is not None
    ]
    if len({value for _, value, _ in known}) < 2:
        return None
    on_front = front([(value, accuracy) for _, value, accuracy in known])
    best = [point for place, point in enumerate(known) if place in on_front]
    others = [point for place, point in enumerate(known) if place not in on_front]
    drawn = [*best, *others[: max(figure.MOST_MODELS - len(best), 0)]]
    names = {row.name for row, _, _ in best}
    silent = len(board.rows) - len(known)
    missing = (
        f" Of {typeset.count(silent)} of {typeset.count(len(board.rows))} models it is not known: "
        "they are in the table alone."
        if silent
        else ""
    )
    return Figure(
        id=f"pareto-{fact.key}-{board.slug}",
        title=fact.title,
        caption=f"Accuracy (%) by {board.headline}. The line is the Pareto front: no model is at "
        f"least as accurate with {fact.less}. {fact.note}{missing}{figure.shown(len(known))}",
        root=_draw(fact, drawn, sorted((value, accuracy) for _, value, accuracy in best)),
        table=figure.table_of(
            board.rows,
            (
                ("Model", lambda row: row.model),
                (fact.axis[0].upper() + fact.axis[1:], lambda row: _written(fact, row)),
                (board.headline, lambda row: typeset.fixed(row.headline.accuracy)),
                ("On the front", lambda row: "yes" if row.name in names else typeset.BLANK),
            ),
        ),
    )


def front(points: Sequence[tuple[float, float]]) -> set[int]:
    """Give the places on the Pareto front: less of the first is better, and more of the second."""
    found: set[int] = set()
    last = (math.inf, -math.inf)
    order = sorted(range(len(points)), key=lambda each: (points[each][0], -points[each][1]))
    for place in order:
        if points[place] == last or points[place][1] > last[1]:
            found.add(place)
            last = points[place]
    return found


def _written(fact: Fact, row: ScoredEntry) -> str:
    value = fact.value(row)
    return typeset.BLANK if value is None else fact.write(value)


def _draw(
    fact: Fact,
    points: Sequence[tuple[ScoredEntry, float, float]],
    best: Sequence[tuple[float, float]],
) -> Element:
    root = drawing.drawing(_WIDTH, _HEIGHT)
    place, ticks = _across(fact, [value for _, value, _ in points])
    up = figure.percent_scale([accuracy for _, _, accuracy in points], _BOTTOM, _TOP)
    figure.draw_axes(root, figure.Axis(up, (_LEFT, _RIGHT), upright=True))
    for tick in ticks:
        drawing.line(root, "grid", (place(tick), _TOP), (place(tick), _BOTTOM))
        drawing.text(root, "tick middle", (place(tick), _BOTTOM + 16), fact.write(tick))
    middle = ((_LEFT + _RIGHT) / 2, _BOTTOM + 40)
    drawing.text(root, "head middle", middle, fact.axis)
    steps: list[drawing.Point] = []
    for value, accuracy in best:
        steps += [(place(value), steps[-1][1])] if steps else []
        steps.append((place(value), up(accuracy)))
    steps.append((_RIGHT, steps[-1][1]))
    drawing.line(root, "diagonal", *steps)
    models = [
        (row, (place(value), up(accuracy)), f"{fact.write(value)}, {typeset.fixed(accuracy)} %")
        for row, value, accuracy in points
    ]
    figure.draw_models(root, (_LEFT, _TOP, _WIDTH), models, steps)
    return root


def _across(
    fact: Fact, values: Sequence[float]
) -> tuple[Callable[[float], float], Sequence[float]]:
    """Give what places a value on the axis of a fact, and the values to mark there."""
    low, high = min(values), max(values)
    if not fact.is_logarithmic:
        room = max(1.0, 0.05 * (high - low))
        days = {round(low + part * (high - low) / 3) for part in range(4)}
        return figure.Scale(low - room, high + room, _LEFT, _RIGHT, 1.0), sorted(days)
    stretch = max(1.3, math.sqrt(_LEAST_SPAN * low / high))
    low, high = low / stretch, high * stretch
    scale = figure.Scale(math.log10(low), math.log10(high), _LEFT, _RIGHT, 1.0)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1.0,) if high / low > 1e3 else (1.0, 2.0, 5.0)
    marks = [step * 10.0**decade for decade in decades for step in steps]
    ticks = [mark for mark in marks if low <= mark <= high]
    return lambda value: scale(math.log10(value)), ticks
