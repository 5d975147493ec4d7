"""Accuracy by the probability that models give their answers: a curve a run, equal-mass bins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, Problem
from harness.report.drawing import SOFT, frame, look, run_key, save, short, with_ends
from harness.report.drawn_runs import label_set_of_all
from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.scores.confidence import Signal
from harness.scores.result_parts import CalibrationError
from harness.scores.results import Protocol, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HIGH, _LINE = 3.2, 0.11
"""Inches: the axes with their labels, and a line of type above them."""


@dataclass(frozen=True, slots=True)
class RunReliability:
    """The curve of a run."""

    name: str
    protocol: Protocol
    n: int
    """Scored images whose answer counts and has a probability."""
    n_scored: int
    error: CalibrationError


@dataclass(frozen=True, slots=True)
class Reliability:
    """The curves of runs under one label set."""

    label_set: str
    runs: tuple[RunReliability, ...]
    without: tuple[str, ...]
    """Runs whose answers have no probabilities."""


def reliability_of(
    results: Sequence[Results], run_names: Sequence[str], label_set: str | None = None
) -> Reliability:
    """Put the curves of runs together, by default under the last label set that is not the
    original. Raises as `label_set_of_all`, and DataError where no run has probabilities.
    """
    chosen, runs, without = label_set_of_all(results, label_set), [], []
    for name, each in zip(run_names, results, strict=True):
        signals = each.calibration.get(each.protocol, {}).get(chosen, {})
        found = signals.get(Signal.PROBABILITY)
        if found is None or found.ece is None:
            without.append(name)
            continue
        n_scored = each.scores[each.protocol][chosen].n
        runs.append(RunReliability(name, each.protocol, found.n, n_scored, found.ece))
    if not runs:
        what = "no run has answers with a probability"
        fix = "draw runs of classifiers or of ranked choices; rows of older versions have none"
        raise DataError(Problem("plot of reliability", what, got=", ".join(without)[:200], fix=fix))
    return Reliability(chosen, tuple(runs), tuple(without))


def reliability_notes(found: Reliability) -> Iterator[str]:
    """Say what the picture alone does not."""
    for name in found.without:
        yield f"{name}: its answers have no probabilities; it is not in the picture"
    for run in found.runs:
        if run.n < run.n_scored:
            missing = run.n_scored - run.n
            yield f"{run.name}: {missing} of {run.n_scored} answers have no probability"


def reliability_table(found: Reliability) -> Table:
    """Give the points of each curve, and its calibration error."""
    rows: list[tuple[Cell, ...]] = []
    for run in found.runs:
        own = (run.name, run.protocol)
        rows += [
            (*own, each.n, Number(each.confidence), Number(each.accuracy, each.ci95), Number(None))
            for each in run.error.bins
        ]
        error = Number(run.error.ece, run.error.ci95)
        rows.append((*own, run.n, Number(None), Number(None), error))
    columns = (
        *names("run", "protocol"),
        Column("n", "n"),
        Column("confidence", "probability", stays=True),
        Column("accuracy", "accuracy [95 %]", INTERVAL, stays=True),
        Column("ece", "ECE [95 %]", INTERVAL, stays=True),
    )
    title = f"Accuracy by the probability of the answer under {found.label_set}, %"
    caption = (
        "Bins of equal mass; mean probability, accuracy with Wilson's interval. The last line of a "
        "run has its expected calibration error; classes redrawn."
    )
    return Table("reliability", title, columns, rows, caption=caption)


def draw_reliability(found: Reliability, path: Path) -> None:
    """Write the picture, whole or not at all. Raises as `harness.report.change_plot.draw`."""

    def curves_and_key(figure: "Figure") -> None:
        axes = figure.add_subplot()
        _frame(axes, found)
        for place, run in enumerate(found.runs):
            _curve(axes, run, place)
        run_key(figure, [_said(run) for run in found.runs])

    save([path], _HIGH + _LINE * len(found.runs), curves_and_key)


def _frame(axes: "Axes", found: Reliability) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_aspect("equal")
    frame(axes, grid="both")
    axes.plot([0, 100], [0, 100], color=SOFT, lw=0.7, ls=(0, (4, 3)), zorder=1)
    axes.set_ylabel("accuracy (%)")
    labels = f"probability of the answer (%)\nlabels: {short(found.label_set)}"
    axes.set_xlabel(labels, parse_math=False)


def _curve(axes: "Axes", run: RunReliability, place: int) -> None:
    colour, marker = look(place)
    bins = run.error.bins
    bars = [
        [max(0.0, each.accuracy - each.ci95[0]) for each in bins],
        [max(0.0, each.ci95[1] - each.accuracy) for each in bins],
    ]
    across, up = [each.confidence for each in bins], [each.accuracy for each in bins]
    axes.errorbar(
        across, up, yerr=bars, color=colour, marker=marker, ms=3, lw=0.8, elinewidth=0.6,
        clip_on=False, zorder=3,
    )  # fmt: skip


def _said(run: RunReliability) -> str:
    ece = with_ends(run.error.ece, run.error.ci95)
    return f"{short(run.name, 36)}, ECE {ece}, n = {run.n}"
