"""What other labels change, in one picture: the accuracy of each run under one label set and under
another, after Figure 3 of "Multimodal Large Language Models as Image Classifiers" (2026).

A row a run, with the highest first; the picture is as wide as a column of a paper.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, Problem, UserError
from harness.report.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    save,
    short,
)
from harness.report.drawn_runs import check_label_sets, named
from harness.report.table import INTERVAL, Column, Number, Table, names
from harness.scores.results import Change, Protocol, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _REST = 0.17, 1.0
"""Inches: the height of a row, and of what stands above and below the rows."""
_LONGEST_LINE = 40
"""Characters of what stands in one line below the rows."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a protocol is drawn: by a colour, and by a marker, so that it needs no colour."""

    name: str
    marker: str
    colour: str


_LOOKS: Mapping[Protocol, _Look] = {
    "ow": _Look("open world", "o", BLUE),
    "mc": _Look("multiple choice", "s", PURPLE),
    "cw": _Look("closed world", "^", VERMILION),
    "cw_plus": _Look("closed world, mapped", "v", ORANGE),
    "classify": _Look("classifier", "D", GREEN),
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
        raise UserError(Problem(f"plot of {named(first)}", what, got, fix=fix))
    check_label_sets(results, (before, after))
    counts = Counter((each.model, each.protocol) for each in results)  # a marker says the protocol
    runs = [_shift(each, before, after, counts[each.model, each.protocol] > 1) for each in results]
    return Shifts(before, after, tuple(sorted(runs, key=lambda run: -run.after)))


def _shift(result: Results, before: str, after: str, with_task: bool) -> Shift:
    change = result.changes.get(f"{before}->{after}")
    if change is None:
        pairs = [name.replace("->", " to ") for name in result.changes]
        where, what = f"plot of {named(result)}", "has no change between these label sets"
        raise UserError(Problem(where, what, f"{before} to {after}", f"one of {', '.join(pairs)}"))
    if change.from_ is None or change.to is None or change.delta is None:
        what = "no image has a label in both label sets"
        raise DataError(Problem(f"plot of {named(result)}", what, f"{before} and {after}"))
    name = named(result) if with_task else result.model
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


def draw(shifts: Shifts, path: Path) -> None:
    """Write the picture, whole or not at all; the same bytes from the same numbers.

    Raises UserError for an ending that is none of `KINDS`, MissingPackageError without matplotlib,
    RunError where the disk does not take it.
    """

    def rows_and_key(figure: "Figure") -> None:
        _rows(figure.add_subplot(), shifts)
        _key(figure, shifts)

    save([path], _REST + _ROW * len(shifts.runs), rows_and_key)


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
    ends = (f"hollow: {short(shifts.before)}", f"filled: {short(shifts.after)}")
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
    axes.set_yticks(places, [short(run.name) for run in shifts.runs], parse_math=False)
    right.set_yticks([-0.9, *places], changes, parse_math=False)
    for side in (axes, right):
        side.set_ylim(len(shifts.runs) - 0.4, -1.1)
        side.tick_params(axis="y", length=0, labelsize=6, pad=2)
    right.tick_params(axis="y", labelcolor="0.25")


def _change(run: Shift) -> str:
    ends = run.change.ci95
    return f"{run.delta:+.1f}" + (f" [{ends[0]:.1f}, {ends[1]:.1f}]" if ends else "")


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
