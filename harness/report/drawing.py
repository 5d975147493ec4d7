"""What all pictures for papers share: width, type, colours, and how a file of one is written.

A picture is as wide as a column of a paper, and has the same bytes from the same numbers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import Problem, UserError
from harness.heavy import require
from harness.report.terminal import code_of, on_one_line, shown
from harness.scores.results import Interval
from harness.store.lines import replacing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("svg", "pdf", "png")
WIDTH = 3.35
"""Inches: a column of a paper."""
LONGEST_NAME = 24
"""Characters of a name in a picture."""

BLUE, PURPLE, VERMILION, ORANGE, GREEN, SKY = (
    "#0072B2", "#CC79A7", "#D55E00", "#E69F00", "#009E73", "#56B4E9"
)  # fmt: skip
"""Colours that the colour-blind tell apart: Okabe and Ito, "Color Universal Design", 2008."""
INK, SOFT, RULE, PAPER = "#000000", "#595959", "#e0e0e0", "#ffffff"
"""Type, small type, lines of a grid, and what is below all; on a page they turn with it."""
SMALL = 6
"""Points: the smallest type."""
RUN_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_RUN_MARKERS = "os^Dv<>"
"""One more than colours: 42 runs before two look the same."""
_EXTRA = "mllm-classification-harness[plots]"
_FONT = "DejaVu Sans"  # it comes with matplotlib: the same picture everywhere


def kind_of(path: Path) -> str:
    """Give the kind of picture that a path's ending asks for. Raises UserError for another one."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        fix = "-o " + " or ".join(f"FILE.{each}" for each in KINDS)
        got = f"the ending `{path.suffix}`" if path.suffix else "no ending"
        raise UserError(Problem(f"-o {path}", "is no kind of picture", got, fix=fix))
    return kind


def save(
    paths: Sequence[Path],
    height: float,
    draw: "Callable[[Figure], None]",
    who: str = "harness plot",
) -> None:
    """Draw a picture `height` inches high, and write it to each of `paths`, whole or not at all, as
    what its ending says: `svg`, `pdf` or `png`.

    Raises UserError for another ending, MissingPackageError without matplotlib, which `who` needs,
    RunError where the disk does not take it.
    """
    kinds = [kind_of(path) for path in paths]
    matplotlib = require("matplotlib", "matplotlib", who, _EXTRA)
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_style()):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        _settle(figure)
        for path, kind in zip(paths, kinds, strict=True):
            with replacing(path) as temporary:
                figure.savefig(temporary, format=kind, dpi=300, metadata=_UNDATED.get(kind))


_UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def _settle(figure: "Figure") -> None:
    """Lay the axes out once and keep their places, rounded: the solver gives several axes places
    that differ from process to process in the last digits, and so other names to what is clipped.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(each, 4) for each in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _style() -> dict[str, Any]:
    return {
        "font.size": 7,
        "font.family": _FONT,
        "axes.linewidth": 0.5,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "hatch.linewidth": 0.4,
        "pdf.fonttype": 42,  # as publishers ask
        "svg.hashsalt": "harness",
    }


def images(counts: Sequence[int], what: str = "images") -> str:
    """Write on how many images numbers are: `n = 128 images`, `n = 120 to 128 images`."""
    if not counts:
        return f"no {what}"
    least, most = min(counts), max(counts)
    return f"n = {least}{f' to {most}' if most > least else ''} {what}"


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """Give a name for a picture on one line, without its middle where it is long; a character that
    acts, or that the pictures' font does not have, stands by its code.
    """
    text = shown(name)
    if not text.isascii():
        text = "".join(each if ord(each) in _drawn() else code_of(each) for each in text)
    return clipped(text, longest)


def clipped(name: str, longest: int) -> str:
    """Give a name on one line, without its middle where it is longer than `longest` characters."""
    text = on_one_line(name)
    if len(text) <= longest:
        return text
    half = longest // 2  # what tells two runs apart is often at the end
    return f"{text[:half]}…{text[half + 1 - longest :]}"


def look(place: int) -> tuple[str, str]:
    """Give colour and marker of a run by its place."""
    return RUN_COLOURS[place % len(RUN_COLOURS)], _RUN_MARKERS[place % len(_RUN_MARKERS)]


def run_key(figure: "Figure", texts: Sequence[str]) -> None:
    """Say above a picture which marker is which run, one `look` and text a run."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=colour, marker=marker, ms=4, lw=0.8, ls="--")
        for colour, marker in map(look, range(len(texts)))
    ]
    key(figure, marks, texts, labelspacing=0.3, handlelength=2.2)


def key(figure: "Figure", marks: "Sequence[Artist]", texts: Sequence[str], **more: Any) -> None:
    """Say above a picture what its marks are, in texts that may have any character."""
    blank = [" "] * len(marks)  # matplotlib leaves out what begins with `_`
    legend = figure.legend(
        marks, blank, loc="outside upper center", frameon=False, fontsize=SMALL, **more
    )
    for shown_text, text in zip(legend.get_texts(), texts, strict=True):
        shown_text.set_parse_math(False)
        shown_text.set_text(text)


def parts_key(figure: "Figure", looks: Mapping[str, Mapping[str, Any]], columns: int) -> None:
    """Say above a picture how each part of its bars is drawn."""
    from matplotlib.patches import Patch

    patches = [Patch(edgecolor="black", lw=0.3, label=name, **of) for name, of in looks.items()]
    figure.legend(
        handles=patches, loc="outside upper center", ncols=min(columns, len(looks)),
        frameon=False, fontsize=SMALL, handlelength=1.4, columnspacing=0.9, labelspacing=0.3,
    )  # fmt: skip


def bar(axes: "Axes", place: int, parts: Iterable[tuple[float, Mapping[str, Any]]]) -> None:
    """Draw parts beside each other in the row at a place: of each its width, and its look."""
    left = 0.0
    for width, of in parts:
        if width:
            axes.barh(place, width, 0.7, left, edgecolor="black", lw=0.3, **of)
        left += width


def beside(
    axes: "Axes", left: Sequence[str], right: Sequence[str], heading: str, at: float
) -> "Axes":
    """Write texts at both sides of rows, and a heading above the right ones; give their axes."""
    places, other = range(len(left)), axes.twinx()
    axes.set_yticks(places, left, parse_math=False)
    other.set_yticks([at, *places], [heading, *right], parse_math=False)
    for side in (axes, other):
        side.set_ylim(len(left) - 0.4, -1.1)
        side.tick_params(axis="y", length=0, labelsize=SMALL, pad=2)
    return other


def frame(axes: "Axes", *, grid: Literal["x", "y", "both"]) -> None:
    """Give axes a quiet grid and short ticks."""
    axes.grid(axis=grid, color=RULE, lw=0.5)
    axes.tick_params(length=2, width=0.5)


def with_ends(value: float, ends: Interval | None, sign: str = "") -> str:
    """Write a number and its interval with one decimal: `59.1 [56.4, 61.8]`."""
    return f"{value:{sign}.1f}" + (f" [{ends[0]:.1f}, {ends[1]:.1f}]" if ends else "")


@cache
def _drawn() -> frozenset[int]:
    """The characters that the font has."""
    fonts = require("matplotlib.font_manager", "matplotlib", "harness plot", _EXTRA)
    return frozenset(fonts.get_font(fonts.findfont(_FONT)).get_charmap())
