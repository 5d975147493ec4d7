"""`harness plot`: runs in one picture for a paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.data.labels.of_task import Overrides
    from harness.report.table import Table
    from harness.scores.fates import Fates
    from harness.scores.results import Results
    from harness.specs.catalogue import Catalogue


class FigureName(StrEnum):
    """What can be drawn."""

    LABELS = "labels"
    OOP = "oop"
    CLASSES = "classes"
    RELIABILITY = "reliability"


@dataclass(frozen=True, slots=True)
class _Scored:
    """Runs, scored as their tasks are today."""

    results: "list[Results]"
    names: list[str]
    """What each is called in the picture."""
    fates: "list[dict[str, Fates]]"
    """By label set; none where they are not drawn."""
    class_names: dict[int, str]
    """Of the first run."""


def plot(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The picture: FILE.svg, FILE.pdf or FILE.png.")
    ],
    figure: Annotated[
        FigureName,
        typer.Option(
            help="labels: what other labels change; oop: what became of the answers, those out of "
            "prompt above all; classes: the accuracy of each class; "
            "reliability: how often answers are right by how sure the model is."
        ),
    ] = FigureName.LABELS,
    before: Annotated[
        str | None,
        typer.Option("--from", help="A label set; the original one where not said. For labels."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--to", help="A label set; the last that is not the original by default."),
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    wide: opts.Wide = False,
) -> None:
    """Draw runs of all models and protocols in one picture, as wide as a column of a paper.

    labels: hollow the accuracy under one label set, filled that under another, on the images that
    have a label in both; at the end of the row the change with its 95 % interval (classes redrawn).
    oop: a bar a run, of all scored images: right, mapped from out of prompt right or wrong, out of
    prompt, unparsed, refused, empty, wrong in the list. classes: a dot a class, from the lowest to
    the highest accuracy of the first run. reliability: a curve a run, accuracy by the model's
    probability of its answer in bins of equal mass, with the calibration error. Prints the numbers.
    Nothing in a run is changed.

    Needs matplotlib: pip install 'mllm-classification-harness[plots]'.
    """
    from harness.report.drawing import kind_of
    from harness.report.show import print_tables
    from harness.runs.reopen import share_among_runs
    from harness.store.directory import find_runs

    kind_of(output)
    if before is not None and figure is not FigureName.LABELS:
        what, fix = "is of one label set", "--to says which"
        raise UserError(Problem(f"--figure {figure}", what, f"--from {before}", fix=fix))
    catalogue = opts.catalogue_of(include_path)
    paths = find_runs(*runs)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    overrides = share_among_runs(catalogue, paths, overrides)
    scored = _scored(catalogue, paths, overrides, with_fates=figure is FigureName.OOP)
    if figure is FigureName.LABELS:
        table, notes = _labels(scored, before, after, output)
    elif figure is FigureName.OOP:
        table, notes = _oop(scored, after, output)
    elif figure is FigureName.CLASSES:
        table, notes = _classes(scored, after, output)
    else:
        table, notes = _reliability(scored, after, output)
    print_tables([table], wide)
    for result in scored.results:
        if not result.complete:
            say(f"{result.model} on {result.task}: not complete, answers are missing", err=True)
    for note in notes:
        say(paragraph("", note), err=True)
    say(f"files: {output}")


def _scored(
    catalogue: "Catalogue", paths: Sequence[Path], overrides: "Overrides", *, with_fates: bool
) -> _Scored:
    from harness.report.drawn_runs import run_names
    from harness.runs.reopen import open_run
    from harness.scores.fates import fates_of
    from harness.scores.scoring import request_of, score_run

    results: list[Results] = []
    settings: list[tuple[str, ...]] = []
    fates: list[dict[str, Fates]] = []
    class_names: dict[int, str] = {}
    for path in paths:  # one after the other, so that the rows of one run are held
        each = open_run(catalogue, path, overrides)
        class_names = class_names or {item.id: item.name for item in each.opened.classes.classes}
        results.append(score_run(each.opened, each.manifest, each.rows))
        settings.append(each.manifest.replaced)
        if with_fates:
            fates.append(fates_of(each.rows, request_of(each.opened, each.manifest)))
    return _Scored(results, run_names(results, settings), fates, class_names)


def _labels(
    scored: _Scored, before: str | None, after: str | None, output: Path
) -> "tuple[Table, Iterable[str]]":
    from harness.report.change_plot import draw, notes_of, shifts_of, shifts_table

    shifts = shifts_of(scored.results, before, after)
    draw(shifts, output)
    return shifts_table(shifts), notes_of(shifts)


def _oop(scored: _Scored, label_set: str | None, output: Path) -> "tuple[Table, Iterable[str]]":
    from harness.report.fate_plot import all_fates, draw_fates, fate_notes, fate_table

    found = all_fates(scored.results, scored.fates, scored.names, label_set)
    draw_fates(found, output)
    return fate_table(found), fate_notes(found)


def _classes(scored: _Scored, label_set: str | None, output: Path) -> "tuple[Table, Iterable[str]]":
    from harness.report.class_plot import class_accuracies, class_notes, class_table, draw_classes

    found = class_accuracies(scored.results, scored.names, scored.class_names, label_set)
    draw_classes(found, output)
    return class_table(found), class_notes(found)


def _reliability(
    scored: _Scored, label_set: str | None, output: Path
) -> "tuple[Table, Iterable[str]]":
    from harness.report import reliability_plot as plots

    found = plots.reliability_of(scored.results, scored.names, label_set)
    plots.draw_reliability(found, output)
    return plots.reliability_table(found), plots.reliability_notes(found)
