"""Which models of a board are separable, and by how much: a matrix of paired differences."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from xml.etree.ElementTree import Element

from markupsafe import Markup

from harness.leaderboard.numbers.pairs import Pair
from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import DataTable, Figure, Model, shown

MOST = 30
ALPHA = 0.05
_MOST_WITH_NUMBERS = 12
_LEFT, _TOP = 220.0, 58.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
"""Differences in points at which a cell takes its next tint."""


def pairwise(board: Board, models: Sequence[Model]) -> Figure | None:
    """Draw the lower half of the matrix of differences; None for fewer than two models."""
    if len(models) < 2:
        return None
    drawn = models[:MOST]
    figure = f"pairwise-{board.slug}"
    names = {model.row.entry: model.name for model in drawn}
    places = combinations(range(len(models)), 2)
    kept = [place for place, (_, b) in enumerate(places) if b < len(drawn)]
    pairs = [board.pairs[place] for place in kept]
    return Figure(
        id=figure,
        title="Differences between models",
        caption="Points by which the model of the column leads that of the row on the images that "
        f"both answered, under {board.headline}. Tinted: separable at {ALPHA} (exact McNemar, Holm "
        f"over all {typeset.count(len(board.pairs))} pairs of the board); the stronger, the larger."
        f"{shown(len(models), MOST)}",
        svg=_draw(figure, drawn, {frozenset((pair.a, pair.b)): pair for pair in pairs}),
        table=DataTable(
            ("Model A", "Model B", "A − B", "95 % interval", "Only A", "Only B", "n", "p (Holm)"),
            tuple(
                (
                    names[pair.a],
                    names[pair.b],
                    typeset.signed(pair.delta),
                    typeset.between_signed(pair.ci95) or typeset.BLANK,
                    typeset.count(pair.only_a),
                    typeset.count(pair.only_b),
                    typeset.count(pair.n),
                    typeset.probability(pair.p_holm),
                )
                for pair in pairs
            ),
        ),
    )


def _draw(figure: str, models: Sequence[Model], pairs: Mapping[frozenset[str], Pair]) -> Markup:
    numbers = len(models) <= _MOST_WITH_NUMBERS
    wide, high = (46.0, 26.0) if numbers else (17.0, 17.0)
    side = _LEFT + wide * (len(models) - 1)
    root = drawing.drawing(max(side + 40, 560), _TOP + high * len(models), figure)
    _draw_key(root)
    for place, model in enumerate(models):
        y = _TOP + high * (place + 0.5)
        part = drawing.group(root, f"model k-{model.entry.card.kind}")
        drawing.text(part, "name end", (_LEFT - 34, y), model.name, 24)
        drawing.text(root, "tick end", (_LEFT - 10, y), str(place + 1))
        if place + 1 < len(models):
            x = _LEFT + wide * (place + 0.5)
            drawing.text(root, "tick middle", (x, _TOP + high * place + high / 2), str(place + 1))
        for column, other in enumerate(models[:place]):
            pair = pairs.get(frozenset((model.row.entry, other.row.entry)))
            if pair is None or pair.delta is None:
                continue
            lead = pair.delta if pair.a == other.row.entry else -pair.delta
            cell = drawing.group(root, f"cell {_tint(pair, lead)}")
            corner = (_LEFT + wide * column, y - high / 2)
            box = drawing.rectangle(cell, "box", corner, (wide, high))
            drawing.tooltip(box, f"{other.name} − {model.name}: {typeset.signed(lead)}")
            if numbers:
                drawing.text(cell, "middle", (corner[0] + wide / 2, y), typeset.signed(lead, 1))
    return drawing.markup(root)


def _tint(pair: Pair, lead: float) -> str:
    if pair.p_holm >= ALPHA:
        return "tie"
    step = sum(abs(lead) >= limit for limit in _STEPS)
    return f"{'behind' if lead < 0 else 'lead'} t{step}"


def _draw_key(root: Element) -> None:
    x = 16.0
    labels = ("not separable", "< 1", *(f"≥ {limit:.0f}" for limit in _STEPS))
    for css, label in zip(("tie", *(f"lead t{n}" for n in range(5))), labels, strict=True):
        cell = drawing.group(root, f"cell {css}")
        drawing.rectangle(cell, "box", (x, 8), (12, 12))
        drawing.text(root, "note", (x + 17, 14), label)
        x += 17 + drawing.width_of(label) + 10
