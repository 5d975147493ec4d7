"""The accuracy of each class in one picture: a dot a class and run, ordered by the first run."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, Problem
from harness.report.drawing import look, run_key, save, short
from harness.report.drawn_runs import label_set_of_all, named
from harness.report.table import NONE, Cell, Column, Number, Table, names
from harness.scores.results import Protocol, Results, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HIGH, _LINE = 2.3, 0.11
"""Inches: the axes with their labels, and a line of type above or below them."""
_DENSE = 300
"""Classes above which dots cover each other."""
_DASHES = (0, (4, 2))
_NAMES_FIT = 28
"""Classes whose names stand on the axis."""
_LONGEST_CLASS = 20
_LINE_LENGTH = 66
"""Characters of a line below the axes."""
_ENDS = 10
"""Classes that are named at each end."""


@dataclass(frozen=True, slots=True)
class RunClasses:
    """A run by class."""

    name: str
    protocol: Protocol
    mean: float | None
    """Mean of the accuracies of its classes, in percent."""
    classes: Mapping[int, Share]
    """By class id; the accuracies in percent."""


@dataclass(frozen=True, slots=True)
class ClassAccuracies:
    """Runs by class under one label set."""

    label_set: str
    runs: tuple[RunClasses, ...]
    order: tuple[int, ...]
    """Class ids: those of the first run from its lowest to its highest accuracy, then those that
    only others have images of."""
    names: Mapping[int, str]


def class_accuracies(
    results: Sequence[Results],
    run_names: Sequence[str],
    class_names: Mapping[int, str],
    label_set: str | None = None,
) -> ClassAccuracies:
    """Put the accuracies by class of runs together, by default under the last label set that is not
    the original. Raises as `label_set_of_all`, and DataError for a run without a scored image.
    """
    chosen = label_set_of_all(results, label_set)
    runs = tuple(
        RunClasses(
            name,
            each.protocol,
            each.scores[each.protocol][chosen].mean_per_class,
            {int(class_id): share for class_id, share in each.per_class[chosen].items()},
        )
        for name, each in zip(run_names, results, strict=True)
    )
    for run, each in zip(runs, results, strict=True):
        if not run.classes:
            what = "no answer is to an image with a label"
            fix = "name a label set that knows the run's images"
            raise DataError(Problem(f"plot of {named(each)}", what, got=chosen, fix=fix))
    first = runs[0].classes
    others = {class_id for run in runs for class_id in run.classes} - first.keys()
    order = sorted(first, key=lambda class_id: (_accuracy(first[class_id]), class_id))
    return ClassAccuracies(chosen, runs, (*order, *sorted(others)), class_names)


def _accuracy(share: Share) -> float:
    return 0.0 if share.accuracy is None else share.accuracy


def class_notes(found: ClassAccuracies) -> Iterator[str]:
    """Say what the picture alone does not: where the runs are not on the same images."""
    first = found.runs[0]
    for run in found.runs[1:]:
        pairs = [(first.classes.get(each), run.classes.get(each)) for each in found.order]
        other = sum((one and one.n) != (two and two.n) for one, two in pairs)
        if other:
            yield f"{run.name}: {other} classes have not as many images as in {first.name}"


def class_table(found: ClassAccuracies) -> Table:
    """Give the worst and the best classes of the first run, all of them where they are few."""
    known = [each for each in found.order if each in found.runs[0].classes]
    shown = known if len(known) <= 2 * _ENDS else [*known[:_ENDS], *known[-_ENDS:]]
    first = found.runs[0].classes
    columns = (
        *names("class"),
        *(Column("class_id", "id"), Column("n", "n")),
        *(Column(run.name, str(place)) for place, run in enumerate(found.runs, 1)),
    )
    rows: list[tuple[Cell, ...]] = [
        (found.names[each], each, first[each].n, *(_cell(run, each) for run in found.runs))
        for each in shown
    ]
    n = sum(share.n for share in first.values())
    rows.append(("mean of classes", NONE, n, *(Number(run.mean) for run in found.runs)))
    title = f"Accuracy by class under {found.label_set}, %"
    if len(shown) < len(known):
        title += f": the {_ENDS} worst and {_ENDS} best of {len(known)}"
    runs = (f"{place}: {run.name} ({run.protocol})" for place, run in enumerate(found.runs, 1))
    caption = f"n: images, of the first run. {'; '.join(runs)}"
    return Table("classes", title, columns, rows, caption=caption)


def _cell(run: RunClasses, class_id: int) -> Number:
    share = run.classes.get(class_id)
    return Number(None if share is None else share.accuracy)


def draw_classes(found: ClassAccuracies, path: Path) -> None:
    """Write the picture, whole or not at all. Raises as `harness.report.change_plot.draw`."""
    few = len(found.order) <= _NAMES_FIT

    def dots_and_key(figure: "Figure") -> None:
        axes = figure.add_subplot()
        _dots(axes, found)
        _frame(axes, found, few)
        run_key(figure, [_named(run) for run in found.runs])
        if worst:
            figure.supxlabel("\n".join(worst), fontsize=6, color="0.25", parse_math=False)

    worst = [] if few else _worst(found)
    below = 8 if few else 1 + len(worst)
    save([path], _HIGH + _LINE * (below + len(found.runs)), dots_and_key)


def _dots(axes: "Axes", found: ClassAccuracies) -> None:
    """Draw the dots, those of the first run on top; the area of a dot goes by its images."""
    places = {class_id: place for place, class_id in enumerate(found.order)}
    most = max(share.n for run in found.runs for share in run.classes.values())
    is_dense = len(places) > _DENSE
    largest = 4 if is_dense else 9 if len(places) > 100 else 18
    for number, run in enumerate(found.runs):
        colour, marker = look(number)
        axes.scatter(
            [places[each] for each in run.classes],
            [_accuracy(share) for share in run.classes.values()],
            [largest * (0.15 + 0.85 * share.n / most) for share in run.classes.values()],
            color=colour, marker=marker, alpha=0.75, lw=0, zorder=4 - number / len(found.runs),
            clip_on=False,
        )  # fmt: skip
        if run.mean is not None:
            if is_dense:  # seen on dots of its own colour; where dots are few it hides none
                axes.axhline(run.mean, color="white", lw=1.8, alpha=0.8, zorder=5)
            axes.axhline(run.mean, color=colour, lw=0.8, ls=_DASHES, zorder=6 if is_dense else 2)


def _frame(axes: "Axes", found: ClassAccuracies, few: bool) -> None:
    axes.set_ylim(-3, 103)
    axes.set_xlim(-1, len(found.order))
    axes.set_ylabel("accuracy (%)")
    axes.grid(axis="y", color="0.88", lw=0.5)
    axes.tick_params(length=2, width=0.5)
    counts = sorted({share.n for run in found.runs for share in run.classes.values()})
    size = f"{counts[0]} to {counts[-1]}, larger dots: more" if len(counts) > 1 else f"{counts[0]}"
    lines = [
        f"{len(found.order)} classes by accuracy of the first run",
        f"images a class: {size}\nlabels: {short(found.label_set)}",
    ]
    if few:
        texts = [short(found.names[each], _LONGEST_CLASS) for each in found.order]
        axes.set_xticks(range(len(texts)), texts, rotation=90, fontsize=6, parse_math=False)
    axes.set_xlabel("\n".join(lines), parse_math=False)


def _worst(found: ClassAccuracies) -> list[str]:
    """Name the worst classes of the first run, in lines."""
    first = found.runs[0].classes
    texts = [
        f"{short(found.names[each], _LONGEST_CLASS)} {_accuracy(first[each]):.1f}"
        for each in found.order[:_ENDS]
        if each in first
    ]
    whole = ", ".join(text.replace(" ", "\u00a0") for text in texts)  # a name is not broken
    return textwrap.wrap(
        f"worst: {whole}", _LINE_LENGTH, break_long_words=False, break_on_hyphens=False
    )


def _named(run: RunClasses) -> str:
    """Give the name of a run and the mean of its classes."""
    mean = "" if run.mean is None else f", mean {run.mean:.1f}"
    return f"{short(run.name, 40)}{mean}"
