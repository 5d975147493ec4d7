"""`harness plot`: what other labels change, in one picture for a paper."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    EquivalencesFile,
    IncludePath,
    LabelSetPaths,
    RunSettings,
    catalogue_of,
    overrides_of,
)
from harness.report.terminal import paragraph, say


def plot(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The picture: FILE.svg, FILE.pdf or FILE.png.")
    ],
    before: Annotated[
        str | None, typer.Option("--from", help="A label set; the original one where not said.")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--to", help="A label set; the last that is not the original by default."),
    ] = None,
    label_set: LabelSetPaths = None,
    equivalences: EquivalencesFile = None,
    settings: RunSettings = None,
    include_path: IncludePath = None,
) -> None:
    """Draw how the accuracy of runs changes from one label set to another, as in the paper.

    One picture for runs of all models and protocols, as wide as a column: hollow the accuracy under
    the first label set, filled that under the second, on the images that have a label in both; at
    the end of the row the change with its 95 % interval (classes redrawn). Prints these numbers.
    Nothing in a run is changed. Needs matplotlib: pip install 'mllm-classification-harness[plots]'.
    """
    from harness.report.change_plot import draw, kind_of, notes_of, shifts_of, shifts_table
    from harness.report.forms import to_rich
    from harness.report.show import make_console
    from harness.runs.reopen import open_run, share_among_runs
    from harness.scores.scoring import score_run
    from harness.store.directory import find_runs

    kind_of(output)
    catalogue = catalogue_of(include_path)
    paths = [path for folder in runs for path in find_runs(folder)]
    overrides = share_among_runs(catalogue, paths, overrides_of(label_set, equivalences, settings))
    opened = (open_run(catalogue, path, overrides) for path in paths)
    results = [score_run(each.opened, each.manifest, each.rows) for each in opened]
    shifts = shifts_of(results, before, after)
    draw(shifts, output)
    make_console().print(to_rich(shifts_table(shifts)))
    for result in results:
        if not result.complete:
            say(f"{result.model} on {result.task}: not complete, answers are missing", err=True)
    for note in notes_of(shifts):
        say(paragraph("", note), err=True)
    say(f"files: {output}")
