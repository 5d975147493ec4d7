"""Original against headline accuracy, with the diagonal on which nothing changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markupsafe import Markup

from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import MOST_MODELS, DataTable, Figure, Model, shown
from harness.leaderboard.pages.plots.scale import Scale, percent_scale

_SIDE, _LEFT, _TOP = 480.0, 64.0, 16.0
_WIDTH, _HEIGHT = 640.0, 556.0
_RADIUS, _TEXT = 4.5, 8.0


@dataclass(frozen=True, slots=True)
class _Point:
    model: Model
    original: float
    headline: float


@dataclass(slots=True)
class _Places:
    """Boxes (left, top, right, bottom) that are taken."""

    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def take(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Take a box if it is free; tell whether it was."""
        for a, b, c, d in self.boxes:
            if left < c and a < right and top < d and b < bottom:
                return False
        self.boxes.append((left, top, right, bottom))
        return True


def scatter(board: Board, models: Sequence[Model]) -> Figure | None:
    """Draw a marker a model, by its accuracies on the images that both label sets score; None when
    no model has both.
    """
    points = [
        _Point(model, model.row.change.from_, model.row.change.to)
        for model in models
        if model.row.change
        and model.row.change.from_ is not None
        and model.row.change.to is not None
    ]
    if not points:
        return None
    drawn = points[:MOST_MODELS]
    figure = f"scatter-{board.slug}"
    return Figure(
        id=figure,
        title=f"{board.original} against {board.headline}",
        caption="Accuracy (%) on the images that both label sets score. On the diagonal both say "
        "the same; above it the model gains. A marker without room for its name has it as tooltip."
        f"{shown(len(points))}",
        svg=_draw(figure, board, drawn),
        table=DataTable(
            ("Model", str(board.original), board.headline, "Difference"),
            tuple(
                (
                    point.model.name,
                    typeset.fixed(point.original),
                    typeset.fixed(point.headline),
                    typeset.signed(point.headline - point.original),
                )
                for point in drawn
            ),
        ),
    )


def _draw(figure: str, board: Board, points: Sequence[_Point]) -> Markup:
    root = drawing.drawing(_WIDTH, _HEIGHT, figure)
    values = [value for point in points for value in (point.original, point.headline)]
    bottom, right = _TOP + _SIDE, _LEFT + _SIDE
    across, up = percent_scale(values, _LEFT, right), percent_scale(values, bottom, _TOP)
    for tick in across.ticks:
        drawing.line(root, "grid", (across(tick), _TOP), (across(tick), bottom))
        drawing.line(root, "grid", (_LEFT, up(tick)), (right, up(tick)))
        drawing.text(root, "tick middle", (across(tick), bottom + 16), across.tick_text(tick))
        drawing.text(root, "tick end", (_LEFT - 8, up(tick)), up.tick_text(tick))
    drawing.line(root, "diagonal", (_LEFT, bottom), (right, _TOP))
    drawing.text(root, "head middle", (_LEFT + _SIDE / 2, bottom + 40), str(board.original), 40)
    turned = drawing.text(root, "head middle", (0, 0), board.headline, 40)
    turned.set("transform", f"translate(16 {_TOP + _SIDE / 2:.0f}) rotate(-90)")
    _draw_points(root, points, across, up)
    return drawing.markup(root)


def _draw_points(root: Element, points: Sequence[_Point], across: Scale, up: Scale) -> None:
    taken = _Places()
    places = [(across(point.original), up(point.headline)) for point in points]
    taken.boxes += [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    for point, (x, y) in zip(points, places, strict=True):
        kind = point.model.entry.card.kind
        part = drawing.group(root, f"model k-{kind}")
        mark = drawing.marker(part, "mark", kind, (x, y), _RADIUS)
        both = f"{typeset.fixed(point.original)} → {typeset.fixed(point.headline)}"
        drawing.tooltip(mark, f"{point.model.name}: {both}")
        name = typeset.cut(point.model.name, 22)
        wide = drawing.width_of(name)
        for css, start, middle in (
            ("name", x + _TEXT, y),
            ("name end", x - _TEXT - wide, y),
            ("name middle", x - wide / 2, y - 13),
            ("name middle", x - wide / 2, y + 13),
        ):
            inside = start >= _LEFT and start + wide <= _WIDTH and middle - 7 >= _TOP
            if inside and taken.take(start, middle - 7, start + wide, middle + 7):
                anchor = {"name": start, "name end": start + wide}.get(css, x)
                drawing.text(part, css, (anchor, middle), name)
                break
