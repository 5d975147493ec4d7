"""What other labels change, in one picture: the accuracy of each run under one label set and under
another, after Figure 3 of "Multimodal Large Language Models as Image Classifiers" (2026).

A row a run, with the highest first; the picture is as wide as a column of a paper.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, MissingPackageError, Problem, UserError, unknown_name
from harness.report.table import INTERVAL, Column, Number, Table, names
from harness.report.terminal import shown
from harness.scores.results import Change, Protocol, Results
from harness.store.lines import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("svg", "pdf", "png")
_WIDTH, _ROW, _REST = 3.35, 0.17, 1.0
"""Inches: a column of a paper, a row, and what stands above and below the rows."""
_LONGEST_NAME, _LONGEST_LINE = 24, 40
"""Characters of a name, and of what stands in one line below the rows."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a protocol is drawn: in colours that the colour-blind tell apart (Okabe and Ito, "Color
    Universal Design", 2008), and by a marker, so that it needs no colour.
    """

    name: str
    marker: str
    colour: str


_LOOKS: Mapping[Protocol, _Look] = {
    "ow": _Look("open world", "o", "#0072B2"),
    "mc": _Look("multiple choice", "s", "#CC79A7"),
    "cw": _Look("closed world", "^", "#D55E00"),
    "cw_plus": _Look("closed world, mapped", "v", "#E69F00"),
    "classify": _Look("classifier", "D", "#009E73"),
}


@dataclass(frozen=True, slots=True)
class Shift:
    """A run under two label sets, on the images that have a label in both."""

    name: str
    protocol: Protocol
    change: Change
    before: float
    """Accuracy in percent, under the first label set."""
    after: float
    delta: float


@dataclass(frozen=True, slots=True)
class Shifts:
    """Runs under the same two label sets, the highest under the second one first."""

    before: str
    after: str
    runs: tuple[Shift, ...]


def shifts_of(
    results: Sequence[Results], before: str | None = None, after: str | None = None
) -> Shifts:
    """Give the change of each run from label set `before`, else the original one, to `after`, else
    the last one that is not the original.

    Raises UserError for a name that a run has no labels of, DataError for runs whose label sets of
    these names are different ones, and where there is no image to compare.
    """
    first = results[0]
    originals = [name for name, info in first.label_sets.items() if info.original]
    before = before or next(iter(originals), None)
    others = [name for name in first.label_sets if name not in (before, *originals)]
    after = after or next(reversed(others), None)
    if before is None or after is None or before == after:
        got = ", ".join(first.label_sets) or "none"
        what, fix = "needs two label sets", "--from and --to say which"
        raise UserError(Problem(f"plot of {_named(first)}", what, got, fix=fix))
    for result in results:
        _check_labels(result, first, (before, after))
    counts = Counter((each.model, each.protocol) for each in results)  # a marker says the protocol
    runs = [_shift(each, before, after, counts[each.model, each.protocol] > 1) for each in results]
    return Shifts(before, after, tuple(sorted(runs, key=lambda run: -run.after)))


def _named(result: Results) -> str:
    return f"{result.model} on {result.task}"


def _check_labels(result: Results, first: Results, chosen: tuple[str, str]) -> None:
    for name in chosen:
        if name not in result.label_sets:
            known = list(result.label_sets)
            raise UserError(unknown_name(f"plot of {_named(result)}", "label set", name, known))
        if result.label_sets[name].digest != first.label_sets[name].digest:
            where = f"plot of {_named(first)} and {_named(result)}"
            what = f"their label sets `{name}` are different ones"
            fix = f"give both the same labels with --label_set {name}=PATH"
            raise DataError(Problem(where, what, expected="runs on the same labels", fix=fix))


def _shift(result: Results, before: str, after: str, with_task: bool) -> Shift:
    change = result.changes.get(f"{before}->{after}")
    if change is None:
        pairs = [name.replace("->", " to ") for name in result.changes]
        where, what = f"plot of {_named(result)}", "has no change between these label sets"
        raise UserError(Problem(where, what, f"{before} to {after}", f"one of {', '.join(pairs)}"))
    if change.from_ is None or change.to is None or change.delta is None:
        what = "no image has a label in both label sets"
        raise DataError(Problem(f"plot of {_named(result)}", what, f"{before} and {after}"))
    name = _named(result) if with_task else result.model
    return Shift(name, change.protocol, change, change.from_, change.to, change.delta)


def notes_of(shifts: Shifts) -> Iterator[str]:
    """Say what the picture alone does not: where its runs are not on the same images."""
    counts = {run.change.n for run in shifts.runs}
    if len(counts) > 1:
        yield (
            f"the runs are not on the same images ({min(counts)} to {max(counts)} of them): "
            "compare changes, not accuracies"
        )


def shifts_table(shifts: Shifts) -> Table:
    """Give the numbers of the picture."""
    columns = (
        *names("run", "protocol"),
        Column("n", "n"),
        Column("before", shifts.before),
        Column("after", shifts.after),
        Column("delta", "change [95 %]", INTERVAL),
    )
    rows = [
        (
            *(run.name, run.protocol, run.change.n, Number(run.before), Number(run.after)),
            Number(run.delta, run.change.ci95, signed=True),
        )
        for run in shifts.runs
    ]
    title = f"From {shifts.before} to {shifts.after}: accuracy (%) on the same images"
    return Table("shifts", title, columns, rows)


def kind_of(path: Path) -> str:
    """Give the kind of picture that a path's ending asks for. Raises UserError for another one."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        expected = " or ".join(f"FILE.{each}" for each in KINDS)
        got = f"the ending `{path.suffix}`" if path.suffix else "no ending"
        raise UserError(Problem(f"-o {path}", "is no kind of picture", got, expected))
    return kind


def draw(shifts: Shifts, path: Path) -> None:
    """Write the picture, whole or not at all; the same bytes from the same numbers.

    Raises UserError for an ending that is none of `KINDS`, MissingPackageError without matplotlib,
    RunError where the disk does not take it.
    """
    kind = kind_of(path)
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        what = "needs the Python package `matplotlib`"
        fix = "pip install 'mllm-classification-harness[plots]'"
        raise MissingPackageError(Problem("harness plot", what, fix=fix)) from error
    with matplotlib.rc_context(_style()):
        height = _REST + _ROW * len(shifts.runs)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        _rows(figure.add_subplot(), shifts)
        _key(figure, shifts)
        undated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(
            kind, {}
        )
        with replacing(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=300, metadata=undated)


def _style() -> dict[str, Any]:
    return {
        "font.size": 7,
        "font.family": "DejaVu Sans",  # it comes with matplotlib: the same picture everywhere
        "axes.linewidth": 0.5,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "pdf.fonttype": 42,  # as publishers ask
        "svg.hashsalt": "harness",
    }


def _rows(axes: "Axes", shifts: Shifts) -> None:
    """Draw a line a run, from a hollow marker to a filled one; the change in words at its end."""
    places = range(len(shifts.runs))
    for place, run in zip(places, shifts.runs, strict=True):
        look = _LOOKS[run.protocol]
        axes.plot([run.before, run.after], [place, place], color=look.colour, lw=1.2, zorder=2)
        for value, fill in ((run.before, "white"), (run.after, look.colour)):
            axes.plot(value, place, look.marker, ms=4, mfc=fill, mec=look.colour, mew=0.9, zorder=3)
    counts = sorted({run.change.n for run in shifts.runs})
    n = f"n = {counts[0]}" + (f" to {counts[-1]}" if len(counts) > 1 else "")
    ends = (f"hollow: {_short(shifts.before)}", f"filled: {_short(shifts.after)}")
    between = ", " if len("".join(ends)) <= _LONGEST_LINE else "\n"
    axes.set_xlabel(f"accuracy (%), {n} images\n{between.join(ends)}", parse_math=False)
    axes.grid(axis="x", color="0.88", lw=0.5)
    axes.tick_params(axis="x", length=2, width=0.5)
    _beside(axes, shifts)


def _beside(axes: "Axes", shifts: Shifts) -> None:
    """Write the names to the left of the rows, the changes to the right."""
    places = range(len(shifts.runs))
    right = axes.twinx()
    changes = ["change [95 %]", *map(_change, shifts.runs)]
    axes.set_yticks(places, [_short(run.name) for run in shifts.runs], parse_math=False)
    right.set_yticks([-0.9, *places], changes, parse_math=False)
    for side in (axes, right):
        side.set_ylim(len(shifts.runs) - 0.4, -1.1)
        side.tick_params(axis="y", length=0, labelsize=6, pad=2)
    right.tick_params(axis="y", labelcolor="0.25")


def _change(run: Shift) -> str:
    ends = run.change.ci95
    return f"{run.delta:+.1f}" + (f" [{ends[0]:.1f}, {ends[1]:.1f}]" if ends else "")


def _short(name: str) -> str:
    text = shown(name)
    if len(text) <= _LONGEST_NAME:
        return text
    half = _LONGEST_NAME // 2  # what tells two runs apart is often at the end
    return f"{text[:half]}…{text[1 - half :]}"


def _key(figure: "Figure", shifts: Shifts) -> None:
    """Say above the rows which marker is which protocol, where there are several."""
    from matplotlib.lines import Line2D

    used = {run.protocol for run in shifts.runs}
    marks = [
        Line2D([], [], color=look.colour, marker=look.marker, ms=4.5, lw=1.2, label=look.name)
        for protocol, look in _LOOKS.items()
        if protocol in used
    ]
    figure.legend(
        handles=marks, loc="outside upper center", ncols=min(3, len(marks)), frameon=False,
        handlelength=1.6, columnspacing=1.0,
    )  # fmt: skip
