"""What became of the answers of runs, in one picture: a bar a run, with the right ones first, those
that a text encoder mapped next to them, and how the others failed.

All shares are of the images that the label set scores, so that the first part is the accuracy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, Problem
from harness.report import drawing
from harness.report.drawn_runs import label_set_of_all, named
from harness.report.table import Column, Number, Table, names
from harness.scores.fates import PARTS, Fates, Part
from harness.scores.results import Results
from harness.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _REST, _KEY = 0.2, 0.7, 0.14
"""Inches: a row, what stands above and below the rows, a line of the key."""
_KEY_COLUMNS = 4
_LOOKS: Mapping[Part, Mapping[str, Any]] = {
    "right": {"facecolor": drawing.BLUE},
    "mapped right": {"facecolor": drawing.SKY, "hatch": "////"},
    "mapped wrong": {"facecolor": drawing.ORANGE, "hatch": "////"},
    "out of prompt": {"facecolor": drawing.VERMILION},
    "unparsed": {"facecolor": drawing.PURPLE, "hatch": "...."},
    "refused": {"facecolor": "0.35"},
    "empty": {"facecolor": "1.0", "hatch": "xxxx"},
    "wrong in list": {"facecolor": "0.85"},
}
"""Neighbours differ in shade or hatch, so that they need no colour."""


@dataclass(frozen=True, slots=True)
class RunFates:
    """A run, and what became of its answers."""

    name: str
    fates: Fates


@dataclass(frozen=True, slots=True)
class AllFates:
    """Runs under one label set, that with the highest accuracy first."""

    label_set: str
    runs: tuple[RunFates, ...]

    @property
    def parts(self) -> list[Part]:
        """The parts that some run has answers in, and always the right and the wrong ones."""
        used = {part for run in self.runs for part in PARTS if run.fates.counts[part]}
        return [part for part in PARTS if part in used or part in ("right", "wrong in list")]


def all_fates(
    results: Sequence[Results],
    fates: Sequence[Mapping[str, Fates]],
    run_names: Sequence[str],
    label_set: str | None = None,
) -> AllFates:
    """Put together what became of the answers of runs, by default under the last label set that is
    not the original. Raises as `label_set_of_all`, and DataError for a run without a scored image.
    """
    chosen = label_set_of_all(results, label_set)
    for result, own in zip(results, fates, strict=True):
        if not own[chosen].n:
            what = "no answer is to an image with a label"
            fix = "name a label set that knows the run's images"
            raise DataError(Problem(f"plot of {named(result)}", what, got=chosen, fix=fix))
    runs = [RunFates(name, own[chosen]) for name, own in zip(run_names, fates, strict=True)]
    return AllFates(chosen, tuple(sorted(runs, key=lambda run: -(run.fates.accuracy or 0))))


def fate_notes(found: AllFates) -> Iterator[str]:
    """Say what the picture alone does not: which rows are in no part of it."""
    for run in found.runs:
        if run.fates.n_error:
            yield f"{run.name}: without {counted(run.fates.n_error, 'row')} of status `error`"


def fate_table(found: AllFates) -> Table:
    """Give the numbers of the picture, a row a part: there is not room for the parts in one row."""
    columns = (*names("run", "protocol", "part"), Column("share", "% (answers/n)", ("count", "n")))
    rows = [
        (run.name, run.fates.protocol, part, share)
        for run in found.runs
        for part, share in _shares(run.fates, found.parts)
    ]
    title = f"What became of the answers under {found.label_set}: % of the scored images"
    caption = "right: the accuracy, of cw without mapping; mapped: out of prompt, by text encoder."
    return Table("fates", title, columns, rows, caption=caption)


def _shares(fates: Fates, parts: Sequence[Part]) -> Iterator[tuple[str, Number]]:
    for part in parts:
        if fates.applies(part):
            yield part, Number(fates.share(part), count=fates.counts[part], n=fates.n)
    if fates.is_mapped:
        count = fates.counts["right"] + fates.counts["mapped right"]
        yield "right + mapped right (CW+)", Number(fates.accuracy_mapped, count=count, n=fates.n)


def draw_fates(found: AllFates, path: Path) -> None:
    """Write the picture, whole or not at all. Raises as `harness.report.change_plot.draw`."""

    def bars_and_key(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for place, run in enumerate(found.runs):
            drawing.bar(
                axes, place, [(run.fates.share(part) or 0.0, _LOOKS[part]) for part in PARTS]
            )
        _texts(axes, found)
        drawing.parts_key(figure, {part: _LOOKS[part] for part in found.parts}, _KEY_COLUMNS)

    lines = -(-len(found.parts) // _KEY_COLUMNS)
    drawing.save([path], _REST + _KEY * lines + _ROW * len(found.runs), bars_and_key)


def _texts(axes: "Axes", found: AllFates) -> None:
    """Write the names to the left of the bars, the accuracies to the right, and what is drawn."""
    with_mapping = any(run.fates.is_mapped for run in found.runs)
    is_closed = all(run.fates.protocol == "cw" for run in found.runs)
    heading = ("CW" if is_closed else "right") + (" / CW+" if with_mapping else "")
    run_names = [drawing.short(run.name) for run in found.runs]
    drawing.beside(axes, run_names, [_accuracy(run) for run in found.runs], heading, -0.85)
    n = drawing.images([run.fates.n for run in found.runs], "scored images")
    errors = max(run.fates.n_error for run in found.runs)
    without = f", without up to {errors} errors" if errors else ""
    label = f"answers (%), {n}\nlabels: {drawing.short(found.label_set)}{without}"
    axes.set_xlabel(label, parse_math=False)
    axes.set_xlim(0, 100)
    axes.tick_params(axis="x", length=2, width=0.5)


def _accuracy(run: RunFates) -> str:
    found = [run.fates.accuracy, run.fates.accuracy_mapped]
    return " / ".join(f"{each:.1f}" for each in found if each is not None)
