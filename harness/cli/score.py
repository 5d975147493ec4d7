"""`harness score`, by another name `harness merge`: join what was answered, map and score it."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import say


def score(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="Only this table: accuracy, answers, matching; of run directories also groups, "
            "changes, letters. CSV is one table, without this option accuracy."
        ),
    ] = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Score runs from their files, without the model.

    What processes and slices have answered is merged, what is not mapped is mapped, and today's
    label sets score it. Run directories are shown in detail, those of a folder in one table. In
    Markdown and LaTeX the best of runs on the same task, protocol, label set and images is bold.
    Exit code 0: complete; 1: answers are missing, and a line says how many.
    """
    from harness.report.forms import form_of
    from harness.report.show import show_results
    from harness.runs.finish import Finished, asked_of
    from harness.runs.reopen import rescore, share_among_runs
    from harness.specs.load import load_run_task
    from harness.specs.task import Metric
    from harness.store.directory import find_runs
    from harness.store.manifest import Manifest

    form = form_of(format_name, as_json, table)
    catalogue = opts.catalogue_of(include_path)
    paths = find_runs(*runs)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    overrides = share_among_runs(catalogue, paths, overrides)
    details = paths == runs
    finished = []
    for path in paths:
        results = rescore(catalogue, path, overrides)
        run, columns = Manifest.read(path), tuple[Metric, ...]()
        if not details:
            columns = load_run_task(catalogue, run.task, run.settings, overrides.settings).columns
        finished.append(
            Finished(path, results, columns, asked=asked_of(run), settings=run.replaced)
        )
    show_results(finished, form, details=details, table=table, wide=wide, catalogue=catalogue)
    missing = [each for each in finished if not (each.results and each.results.complete)]
    for each in missing:
        manifest = Manifest.read(each.path)
        answered = sum(n for status, n in manifest.counts.items() if status != "error")
        say(f"{each.path}: {answered} of {manifest.n} images answered", err=True)
    raise typer.Exit(1 if missing else 0)
