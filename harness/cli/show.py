"""`harness show`: the tables of runs that are scored, read and nothing else."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import DataError, Problem, UserError
from harness.report.terminal import say

if TYPE_CHECKING:
    from harness.runs.finish import Finished
    from harness.specs.catalogue import Catalogue


def show(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    table: Annotated[
        str | None, typer.Option(help="Only this table, as of `harness score`.")
    ] = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Print the tables of runs as they were scored last; nothing is scored, and nothing written.

    The tables are those of `harness score`, which scores again with today's label sets. A run that
    still goes on, or has answers that are not scored yet, is named with the command for it.

    Exit code 0: all are shown; 1: some are not complete, or not scored; 2: none is scored.
    """
    from harness.report.forms import form_of
    from harness.report.show import show_results
    from harness.store.directory import find_runs

    form = form_of(format_name, as_json, table)
    catalogue = opts.catalogue_of(include_path)
    paths = find_runs(*runs)
    details = paths == runs
    finished: list[Finished] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            finished.append(_scored(catalogue, path, details=details))
        except DataError as error:
            problems += error.problems
    if not finished:
        raise DataError(problems)
    show_results(finished, form, details=details, table=table, wide=wide, catalogue=catalogue)
    for problem in problems:
        say(f"not shown: {problem}", err=True)
    whole = all(each.results and each.results.complete for each in finished)
    raise typer.Exit(0 if whole and not problems else 1)


def _scored(catalogue: "Catalogue", path: Path, *, details: bool) -> "Finished":
    """Read the scores of a run, with the columns that its task asks for where it is here. Raises
    DataError where it has answers that are not scored.
    """
    from harness.runs.finish import Finished, asked_of
    from harness.runs.reopen import scored_directory
    from harness.scores.results import Results
    from harness.specs.load import load_run_task
    from harness.specs.task import Metric
    from harness.store.lines import read_json
    from harness.store.manifest import Manifest

    manifest = Manifest.read(path)
    file = scored_directory(path, manifest).results
    results = Results.from_json(read_json(file), str(file))
    columns = tuple[Metric, ...]()
    if not details:
        with contextlib.suppress(UserError):  # a task that is not here asks for no column
            columns = load_run_task(catalogue, manifest.task, manifest.settings).columns
    return Finished(path, results, columns, asked=asked_of(manifest), settings=manifest.replaced)
