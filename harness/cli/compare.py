"""`harness compare`: two runs on the same images."""

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    EquivalencesFile,
    IncludePath,
    RunSettings,
    catalogue_of,
    overrides_of,
    split_names,
)
from harness.report.terminal import say


def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="A run directory.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="The one compared with it.")],
    label_set: Annotated[
        list[str] | None,
        typer.Option(
            "--label_set",
            help="NAME: only this label set. NAME=PATH: read it from your file. Repeatable.",
        ),
    ] = None,
    equivalences: EquivalencesFile = None,
    settings: RunSettings = None,
    include_path: IncludePath = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON, for machines.")
    ] = False,
) -> None:
    """Compare two runs image by image, under each label set that both tasks have.

    Prints the 2x2 table of right and wrong, the paired difference with its 95 % interval (classes
    redrawn) and the exact McNemar test, corrected for the number of label sets by Holm. The tasks
    may differ, protocols too, when they are over one class list; images that are in one run only
    are left out. What the runs were asked differently is listed: the settings, and on how many
    images two runs of multiple choice had other options.
    """
    from harness.report.results_table import comparison_table
    from harness.report.show import make_console
    from harness.runs.compare import compare_runs
    from harness.runs.reopen import open_run, share_among_runs

    catalogue = catalogue_of(include_path)
    given = [each for each in label_set or () if "=" in each]
    names = [name for each in label_set or () if "=" not in each for name in split_names(each)]
    overrides = overrides_of(given, equivalences, settings)
    overrides = share_among_runs(catalogue, (run_a, run_b), overrides)
    a, b = (open_run(catalogue, path, overrides) for path in (run_a, run_b))
    found = compare_runs(a, b, names)
    if as_json:
        say(json.dumps({"a": str(run_a), "b": str(run_b), **found.to_json()}, indent=2))
        return
    console = make_console()
    for comparison in found.comparisons:
        console.print(comparison_table(comparison))
    counts = f"images: {found.n_a} in A, {found.n_b} in B, {found.n_common} in both"
    say(counts)
    if found.differing:
        differing = ", ".join(found.differing)
        say(f"settings that differ: {differing}")
