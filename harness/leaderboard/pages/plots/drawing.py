"""Shapes of inline SVG as an element tree: text is escaped by the tree, and looks come by CSS class
alone, so that the content security policy and the dark scheme hold.
"""

import unicodedata
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from harness.leaderboard.pages import typeset
from harness.scores.results import Protocol
from harness.specs.model import Kind

Point = tuple[float, float]

TEXT = 12.0
"""Font size of all labels in user units; `.plot text` of the style sheet says the same."""
_ADVANCE = 0.56
"""Mean width of a character of system fonts, in font sizes."""
_SQUARE: Sequence[Point] = ((-1, -1), (1, -1), (1, 1), (-1, 1))
_TRIANGLE: Sequence[Point] = ((0, -1.25), (1.2, 0.95), (-1.2, 0.95))
_DIAMOND: Sequence[Point] = ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0))
_SHAPES: dict[Kind | Protocol, Sequence[Point]] = {
    "dual_encoder": _SQUARE, "supervised": _TRIANGLE, "knn": _DIAMOND,
    "mc": _SQUARE, "cw": _TRIANGLE, "cw_plus": [(-x, -y) for x, y in _TRIANGLE],
    "classify": _DIAMOND,
}  # fmt: skip
"""Outlines of markers in radii; an MLLM is a circle. Where markers are protocols they are those of
`harness.report.change_plot`, and open world is a circle."""


def drawing(width: float, height: float) -> Element:
    """Begin an SVG."""
    wide, high = _n(width), _n(height)
    size = {"viewBox": f"0 0 {wide} {high}", "width": wide, "height": high}
    return Element("svg", {"class": "plot", **size, "role": "img"})


def group(parent: Element, css: str) -> Element:
    """Add a group, whose class its shapes inherit."""
    return SubElement(parent, "g", {"class": css})


def line(parent: Element, css: str, *points: Point) -> Element:
    """Add a line through the points."""
    path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return SubElement(parent, "path", {"class": css, "d": path})


def rectangle(parent: Element, css: str, corner: Point, size: Point) -> Element:
    """Add a rectangle by its upper left corner, width and height."""
    (x, y), (width, height) = corner, size
    places = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height)}
    return SubElement(parent, "rect", {"class": css, **places})


def marker(
    parent: Element, css: str, of: Kind | Protocol, middle: Point, radius: float = 4.0
) -> Element:
    """Add the marker of a kind of model or of a protocol."""
    x, y = middle
    if of not in _SHAPES:
        circle = {"class": css, "cx": _n(x), "cy": _n(y), "r": _n(radius)}
        return SubElement(parent, "circle", circle)
    corners = ((x + radius * a, y + radius * b) for a, b in _SHAPES[of])
    path = "M" + "L".join(f"{_n(a)} {_n(b)}" for a, b in corners) + "Z"
    return SubElement(parent, "path", {"class": css, "d": path})


def text(parent: Element, css: str, place: Point, content: str, limit: int = 60) -> Element:
    """Add a text whose middle line is at the place; a cut one has the whole as tooltip.

    The class says where it is anchored: `start` (default), `middle` or `end`.
    """
    x, y = place
    element = SubElement(parent, "text", {"class": css, "x": _n(x), "y": _n(y + 0.35 * TEXT)})
    element.text = typeset.cut(content, limit)
    if element.text != typeset.visible(content):
        tooltip(element, content)
    return element


def tooltip(parent: Element, content: str) -> None:
    """Say what a shape is when it is pointed at."""
    SubElement(parent, "title").text = typeset.visible(content)


def width_of(content: str) -> float:
    """Estimate the width of a text in user units; wide East Asian characters count double."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in content)
    return TEXT * _ADVANCE * (len(content) + wide)


def _n(value: float) -> str:
    return f"{round(value, 1) or 0.0:.1f}".removesuffix(".0")
