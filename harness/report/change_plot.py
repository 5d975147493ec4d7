"""What other labels change, in one picture: the accuracy of each run under one label set and under
another, after Figure 3 of "Multimodal Large Language Models as Image Classifiers" (2026).

A row a run, with the highest first; the picture is as wide as a column of a paper.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, Problem, UserError
from harness.report import drawing
from harness.report.drawn_runs import check_label_sets, named, told_apart
from harness.report.table import INTERVAL, Column, Number, Table, names
from harness.scores.results import Interval, Protocol, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _REST = 0.17, 1.0
"""Inches: the height of a row, and of what stands above and below the rows."""
_ASIDE = 0.06
"""Inches: what is left free at the left and at the right."""
_LONGEST_LINE = 40
"""Characters of what stands in one line below the rows."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a protocol is drawn: by a colour, and by a marker, so that it needs no colour."""

    name: str
    marker: str
    colour: str


_LOOKS: Mapping[Protocol, _Look] = {
    "ow": _Look("open world", "o", drawing.BLUE),
    "mc": _Look("multiple choice", "s", drawing.PURPLE),
    "cw": _Look("closed world", "^", drawing.VERMILION),
    "cw_plus": _Look("closed world, mapped", "v", drawing.ORANGE),
    "classify": _Look("classifier", "D", drawing.GREEN),
}


@dataclass(frozen=True, slots=True)
class Shift:
    """A run under two label sets, on the n images that have a label in both."""

    model: str
    task: str
    """With the settings in which the run is not as the task."""
    protocol: Protocol
    n: int
    before: float
    """Accuracy in percent, under the first label set."""
    after: float
    delta: float
    ci95: Interval | None


@dataclass(frozen=True, slots=True)
class Shifts:
    """Runs under the same two label sets, the highest under the second one first."""

    before: str
    after: str
    runs: tuple[Shift, ...]

    @property
    def names(self) -> list[str]:
        """What runs are called: the model, with the task where two have one model and protocol."""
        counts = Counter((run.model, run.protocol) for run in self.runs)
        return [
            f"{run.model} on {run.task}" if counts[run.model, run.protocol] > 1 else run.model
            for run in self.runs
        ]

    @property
    def height(self) -> float:
        """Inches of the picture."""
        return _REST + _ROW * len(self.runs)


def shifts_of(
    results: Sequence[Results], before: str | None = None, after: str | None = None
) -> Shifts:
    """Give the change of each run from label set `before`, else the original one, to `after`, else
    the last other one. Raises UserError for a name that a run has no labels of, DataError where
    two runs have others of one name, and where there is no image to compare.
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
    return highest_first(before, after, [_shift(each, before, after) for each in results])


def highest_first(before: str, after: str, runs: Sequence[Shift]) -> Shifts:
    """Give runs in the order of the picture."""
    return Shifts(before, after, tuple(sorted(runs, key=lambda run: -run.after)))


def _shift(result: Results, before: str, after: str) -> Shift:
    change = result.changes.get(f"{before}->{after}")
    if change is None:
        pairs = [name.replace("->", " to ") for name in result.changes]
        where, what = f"plot of {named(result)}", "has no change between these label sets"
        raise UserError(
            Problem(where, what, f"{before} to {after}", fix=f"name one of {', '.join(pairs)}")
        )
    if change.from_ is None or change.to is None or change.delta is None:
        what = "no image has a label in both label sets"
        fix = "--from and --to name two label sets of the same images"
        raise DataError(Problem(f"plot of {named(result)}", what, f"{before} and {after}", fix=fix))
    numbers = (change.n, change.from_, change.to, change.delta, change.ci95)
    return Shift(result.model, result.task, change.protocol, *numbers)


def notes_of(shifts: Shifts) -> Iterator[str]:
    """Say what the picture alone does not: where its runs are not on the same images."""
    counts = {run.n for run in shifts.runs}
    if len(counts) > 1:
        yield (
            f"the runs are not on the same images ({min(counts)} to {max(counts)} of them): "
            "compare changes, not accuracies"
        )


def shifts_table(shifts: Shifts) -> Table:
    """Give the numbers of the picture."""
    columns = (
        *(*names("run"), *Column.csv_only("model", "task"), *names("protocol")),
        Column("n", "n"),
        Column("before", shifts.before),
        Column("after", shifts.after),
        Column("delta", "change [95 %]", INTERVAL, stays=True),
    )
    rows = [
        (
            *(name, run.model, run.task, run.protocol, run.n),
            *(Number(run.before), Number(run.after), Number(run.delta, run.ci95, signed=True)),
        )
        for name, run in zip(shifts.names, shifts.runs, strict=True)
    ]
    title = f"From {shifts.before} to {shifts.after}: accuracy (%) on the same images"
    about = {"from": shifts.before, "to": shifts.after}
    return Table("label_changes", title, columns, rows, about=about)


def draw(shifts: Shifts, path: Path) -> None:
    """Write the picture, whole or not at all; the same numbers, the same bytes. Raises UserError
    for an ending that is none of `KINDS`, MissingPackageError without matplotlib, RunError where
    the disk does not take it.
    """
    drawing.save([path], shifts.height, partial(draw_on, shifts))


def draw_on(shifts: Shifts, figure: "Figure") -> None:
    """Draw the picture on a canvas as high as `Shifts.height`."""
    figure.set_layout_engine("constrained", w_pad=_ASIDE)
    _rows(figure.add_subplot(), shifts)
    _key(figure, shifts)


def _rows(axes: "Axes", shifts: Shifts) -> None:
    """Draw a line a run, from a hollow marker to a filled one; the change in words at its end."""
    for place, run in enumerate(shifts.runs):
        look = _LOOKS[run.protocol]
        axes.plot([run.before, run.after], [place, place], color=look.colour, lw=1.2, zorder=2)
        for value, fill in ((run.before, drawing.PAPER), (run.after, look.colour)):
            axes.plot(value, place, look.marker, ms=4, mfc=fill, mec=look.colour, mew=0.9, zorder=3)
    n = drawing.images([run.n for run in shifts.runs])
    ends = (f"hollow: {drawing.short(shifts.before)}", f"filled: {drawing.short(shifts.after)}")
    between = ", " if len("".join(ends)) <= _LONGEST_LINE else "\n"
    axes.set_xlabel(f"accuracy (%), {n}\n{between.join(ends)}", parse_math=False)
    drawing.frame(axes, grid="x")
    changes = [
        drawing.with_ends(run.delta, run.ci95, "+").replace("-", "\N{MINUS SIGN}")
        for run in shifts.runs
    ]
    right = drawing.beside(axes, _labels(shifts), changes, "change [95 %]", -0.9)
    right.tick_params(axis="y", labelcolor=drawing.SOFT)


def _labels(shifts: Shifts) -> list[str]:
    """Give the names, each on one short line: of a task what tells it from others of its model."""
    tasks: dict[tuple[str, Protocol], list[str]] = defaultdict(list)
    for run in shifts.runs:
        tasks[run.model, run.protocol].append(run.task)
    return [_label(run, tasks[run.model, run.protocol]) for run in shifts.runs]


def _label(run: Shift, tasks: Sequence[str]) -> str:
    if len(tasks) == 1:
        return drawing.short(run.model)
    own = drawing.short(told_apart(run.task, tasks), drawing.LONGEST_NAME // 2)
    return f"{drawing.short(run.model, drawing.LONGEST_NAME - len(own) - 3)} ({own})"


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
