"""`harness map`: which text encoder and templates map the answers of a run best."""

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import say


def map_answers(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    encoders: Annotated[
        str, typer.Option(help="Text encoders, separated by commas; `harness list encoders`.")
    ] = "minilm",
    class_templates: Annotated[
        str,
        typer.Option("--class_templates", help="Templates of class names: raw,photo,avg,avg_raw."),
    ] = "raw",
    answer_templates: Annotated[
        str, typer.Option("--answer_templates", help="Templates of answers: the same.")
    ] = "raw",
    by: Annotated[
        str | None, typer.Option(help="Label set to choose by; the task's last by default.")
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    wide: opts.Wide = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the grid as JSON, for machines.")
    ] = False,
) -> None:
    """Map the answers of a run with every encoder and every pair of templates.

    Open world: every answer is mapped; closed world: those out of prompt. The best combination is
    chosen on one half of the images (by a hash of the id) and reported on the other. The whole grid
    is printed and written to mapping_grid.json in the run directory; nothing else there is changed.
    """
    from harness.report.grid_table import grid_table
    from harness.report.show import print_tables
    from harness.runs.remap import map_run, open_combinations, write_grid
    from harness.runs.reopen import open_locked_run
    from harness.store.lock import locked
    from harness.store.manifest import Manifest

    catalogue = opts.catalogue_of(include_path)
    combinations = open_combinations(
        catalogue,
        opts.split_names(encoders),
        opts.split_names(class_templates),
        opts.split_names(answer_templates),
    )
    Manifest.read(run)
    with locked(run):
        overrides = opts.overrides_of(label_set, equivalences, settings)
        opened = open_locked_run(catalogue, run, overrides)
        found = map_run(opened, combinations, by)
        path = write_grid(run, found)
    if as_json:
        say(json.dumps(found.to_json(), indent=2))
        return
    print_tables((grid_table(found, name) for name in found.rows), wide)
    say(f"files: {path}")
