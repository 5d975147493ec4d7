"""`harness score`: score runs again, with today's label sets, without the model."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    AsJson,
    EquivalencesFile,
    IncludePath,
    LabelSetPaths,
    RunSettings,
    catalogue_of,
    overrides_of,
)


def score(
    runs: Annotated[list[Path], typer.Argument(help="Run directories.")],
    label_set: LabelSetPaths = None,
    equivalences: EquivalencesFile = None,
    settings: RunSettings = None,
    include_path: IncludePath = None,
    as_json: AsJson = False,
) -> None:
    """Score runs from their files: merge what is not merged, map what is not mapped, score."""
    from harness.report.show import show_results
    from harness.runs.finished import Finished
    from harness.runs.reopen import rescore, share_among_runs

    catalogue = catalogue_of(include_path)
    overrides = share_among_runs(catalogue, runs, overrides_of(label_set, equivalences, settings))
    finished = [Finished(path, rescore(catalogue, path, overrides)) for path in runs]
    show_results(finished, as_json=as_json, details=True)
    complete = all(each.results and each.results.complete for each in finished)
    raise typer.Exit(0 if complete else 1)
