"""`harness study`: how much each choice moves the score; make its runs, and report them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import paragraph, say
from harness.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.studies.design import Study

app = typer.Typer(
    help="How much each choice moves the score: make the runs of a study, report them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
StudyName = Annotated[str, typer.Argument(metavar="NAME", help="A study's name, or its YAML.")]


@app.command("run")
def run(
    name: StudyName,
    limit: opts.Limit = None,
    sample: opts.SampleSize = None,
    sample_seed: opts.SampleSeed = None,
    stratify: opts.Stratify = False,
    ids: opts.IdsFile = None,
    batch_size: opts.BatchSizeText = None,
    output: opts.Output = Path("runs"),
    settings: opts.TaskSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
    fresh: opts.Fresh = False,
    shard: opts.Slice = None,
    max_errors: opts.MaxErrors = "0.1",
    device: opts.Device = None,
) -> None:
    """Make all runs of a study that are missing, one load of each model.

    The same command goes on where a stopped one left off, and makes the runs of levels that were
    added since; with --fresh all runs are made anew. `harness plan NAME` says before how many
    requests there are and what they cost.
    Exit code 0: complete; 1: some images have no answer; 2: something must be changed.
    """
    from harness.data.labels.of_task import share_overrides
    from harness.runner.budget import ErrorBudget
    from harness.runner.processes import current_rank
    from harness.runner.session import RunOptions
    from harness.runner.study import run_study
    from harness.studies.opening import open_study

    catalogue = opts.catalogue_of(include_path)
    part = opts.part_settings(limit, sample, sample_seed, stratify, ids)
    part += [f"limit={limit}"] if limit else []
    study = open_study(catalogue, name)
    overrides = opts.overrides_of(label_set, equivalences)
    options = RunOptions(
        output=output,
        batch_size="auto",
        settings=(*(settings or ()), *part),
        overrides=share_overrides(catalogue, list(study.tasks.values()), overrides),
        fresh=fresh,
        shard=opts.shard_of(shard, fresh),
        max_errors=ErrorBudget.parse(max_errors),
    )
    rank = current_rank(device)
    for note in (*study.notes, *_of_limit(study, limit)) if rank.is_first else ():
        say(paragraph("note:", note), err=True)
    finished = run_study(catalogue, study, rank, options, opts.batch_size_of(batch_size))
    rank.leave()
    failed = sum(each.failed for each in finished)
    whole = all(each.results is not None and each.results.complete for each in finished)
    if rank.is_first:
        text = f"{study.spec.study}: {counted(len(finished), 'run')}"
        say(text + (f", {counted(failed, 'image')} failed" if failed else ""))
        if options.shard.is_whole:
            say(f"harness study report {name}{catalogue.as_options()} --output {output}")
        else:
            say("when all slices are there, the same command without --shard joins them")
    done = whole if rank.is_first and options.shard.is_whole else not failed
    raise typer.Exit(0 if done else 1)


def _of_limit(study: "Study", limit: float | None) -> "Iterator[str]":
    """Say, before it is paid for, that other orders have other first images."""
    orders = [each.name for each in study.factors if each.name in ("image_order", "order_seed")]
    if limit and orders:
        yield (
            f"--limit takes the first images of each order: levels of {' and '.join(orders)} have "
            f"few images in common, or none. --sample {limit if limit >= 1 else 'N'} asks all "
            "about the same ones."
        )


@app.command("report", short_help="Report what the runs of a study say.")
def report(
    name: StudyName,
    output: opts.Output = Path("runs"),
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    wide: opts.Wide = False,
) -> None:
    """Report what the runs of a study say: study.json, tables, figures and a page.

    They are written into OUTPUT/studies/NAME. Levels whose run is missing are left out and named.
    Asks no model; the levels of mapping, matching and labels are computed from the answers there
    are.

    Figures need matplotlib: pip install 'mllm-classification-harness[plots]'.
    """
    from harness.data.labels.of_task import share_overrides
    from harness.report.show import print_tables
    from harness.studies.analysis import Analysis
    from harness.studies.finding import findings
    from harness.studies.observe import Observer
    from harness.studies.opening import open_study
    from harness.studies.report import write_report
    from harness.studies.tables import study_tables

    catalogue = opts.catalogue_of(include_path)
    study = open_study(catalogue, name)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    overrides = share_overrides(catalogue, list(study.tasks.values()), overrides)
    found = Analysis(study, Observer(catalogue, output, overrides)).results()
    folder = output / "studies" / study.spec.study
    written = write_report(found, folder)
    for sentence in findings(found):
        say(paragraph("", sentence))
    shown = (each for each in study_tables(found) if each.name == "factors")
    print_tables((each for each in shown if each.about["label_set"] == found.headline), wide)
    for each in found.notes:
        say(paragraph("note:", each), err=True)
    for each in found.missing:
        say(paragraph("missing: ", each), err=True)
    say(f"{counted(len(written), 'file')}: {folder}")
