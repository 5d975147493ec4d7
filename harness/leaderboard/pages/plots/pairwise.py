"""Which models of a board are separable, and by how much: a matrix of paired differences."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.pairs import Pair
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import Figure, draw_key, shown, table_of
from harness.scores.statistics import ALPHA

MOST = 30
_MOST_WITH_NUMBERS = 12
_LEFT, _TOP = 220.0, 58.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
"""Differences in points at which a cell takes its next tint."""
_TINTS = ("cell tie", *(f"cell lead t{step}" for step in range(len(_STEPS) + 1)))


def pairwise(board: Board) -> Figure | None:
    """Draw the lower half of the matrix of differences; None for fewer than two models."""
    if len(board.rows) < 2:
        return None
    drawn = board.rows[:MOST]
    names = {row.name: row.model for row in drawn}
    places = combinations(range(len(board.rows)), 2)
    kept = [place for place, (_, b) in enumerate(places) if b < len(drawn)]
    pairs = [board.pairs[place] for place in kept]
    return Figure(
        id=f"pairwise-{board.slug}",
        title="Differences between models",
        caption="Points by which the model of the column leads that of the row on the images that "
        f"both answered, under {board.headline}. Tinted: separable at {ALPHA} (exact McNemar, Holm "
        f"over all {typeset.count(len(board.pairs))} pairs of the board); the stronger, the larger."
        f"{shown(len(board.rows), MOST)}",
        root=_draw(drawn, {frozenset((pair.a, pair.b)): pair for pair in pairs}),
        table=table_of(
            pairs,
            (
                ("Model A", lambda pair: names[pair.a]),
                ("Model B", lambda pair: names[pair.b]),
                ("A − B", lambda pair: typeset.signed(pair.delta)),
                ("95 % interval", lambda pair: typeset.between_signed(pair.ci95) or typeset.BLANK),
                ("Only A", lambda pair: typeset.count(pair.only_a)),
                ("Only B", lambda pair: typeset.count(pair.only_b)),
                ("n", lambda pair: typeset.count(pair.n)),
                ("p (Holm)", lambda pair: typeset.probability(pair.p_holm)),
            ),
        ),
    )


def _draw(models: Sequence[ScoredEntry], pairs: Mapping[frozenset[str], Pair]) -> Element:
    numbers = len(models) <= _MOST_WITH_NUMBERS
    wide, high = (46.0, 26.0) if numbers else (17.0, 17.0)
    side = _LEFT + wide * (len(models) - 1)
    root = drawing.drawing(max(side + 40, 560), _TOP + high * len(models))
    labels = ("not separable", "< 1", *(f"≥ {limit:.0f}" for limit in _STEPS))
    draw_key(root, 8, 10, list(zip(_TINTS, labels, strict=True)))
    for place, model in enumerate(models):
        y = _TOP + high * (place + 0.5)
        part = drawing.group(root, f"model k-{model.kind}")
        drawing.text(part, "name end", (_LEFT - 34, y), model.model, 24)
        drawing.text(root, "tick end", (_LEFT - 10, y), str(place + 1))
        if place + 1 < len(models):
            x = _LEFT + wide * (place + 0.5)
            drawing.text(root, "tick middle", (x, _TOP + high * place + high / 2), str(place + 1))
        for column, other in enumerate(models[:place]):
            pair = pairs.get(frozenset((model.name, other.name)))
            if pair is None or pair.delta is None:
                continue
            lead = pair.delta if pair.a == other.name else -pair.delta
            cell = drawing.group(root, f"cell {_tint(pair, lead)}")
            corner = (_LEFT + wide * column, y - high / 2)
            box = drawing.rectangle(cell, "box", corner, (wide, high))
            drawing.tooltip(box, f"{other.model} − {model.model}: {typeset.signed(lead)}")
            if numbers:
                drawing.text(cell, "middle", (corner[0] + wide / 2, y), typeset.signed(lead, 1))
    return root


def _tint(pair: Pair, lead: float) -> str:
    if pair.p_holm >= ALPHA:
        return "tie"
    step = sum(abs(lead) >= limit for limit in _STEPS)
    return f"{'behind' if lead < 0 else 'lead'} t{step}"
