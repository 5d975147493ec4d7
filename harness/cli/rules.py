"""`harness rules`: the same answers under the rules of other papers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import DataError, Problem
from harness.report.terminal import say

if TYPE_CHECKING:
    from harness.data.labels.of_task import Overrides
    from harness.encoders.base import TextEncoder
    from harness.report.table import Table
    from harness.specs.catalogue import Catalogue


def rules(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Also the rules that need a text encoder, by this one; `harness list encoders`."
        ),
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Score the answers of runs by the rules of other papers, beside our own; nothing is written.

    One table a run and label set: text inclusion, inclusion by words, the first answer in the list,
    a substring over all names and, with --encoder, the nearest name and two similarities. What each
    rule does, and where it comes from, is in docs/other_papers.md.

    Exit code 0: all are scored; 1: some are not, or have images without an answer; 2: none is.
    """
    from harness.encoders.registry import open_encoder
    from harness.report.forms import form_of
    from harness.report.show import show_tables
    from harness.runs.reopen import share_among_runs
    from harness.specs.load import load_encoder_spec
    from harness.store.directory import find_runs

    form = form_of(format_name, as_json)
    catalogue = opts.catalogue_of(include_path)
    by = open_encoder(load_encoder_spec(catalogue, encoder)) if encoder else None
    paths = find_runs(*runs)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    overrides = share_among_runs(catalogue, paths, overrides)
    tables: list[Table] = []
    notes: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found, left = _scored(catalogue, path, overrides, by)
        except DataError as error:
            problems += error.problems
            continue
        tables += found
        notes += [f"{path}: NOT COMPLETE, {left} images are not answered"] if left else []
    if not tables:
        raise DataError(problems)
    show_tables(tables, notes, form, wide)
    for problem in problems:
        say(f"not shown: {problem}", err=True)
    raise typer.Exit(1 if problems or notes else 0)


def _scored(
    catalogue: "Catalogue", path: Path, overrides: "Overrides", encoder: "TextEncoder | None"
) -> "tuple[list[Table], int]":
    """Give the tables of a run, and how many of its images are not answered."""
    from harness.answers.outcome import Status
    from harness.report.other_papers_table import rules_tables
    from harness.runs.other_papers import score_rules
    from harness.runs.reopen import open_run

    run = open_run(catalogue, path, overrides)
    tables = list(rules_tables(run, score_rules(run, encoder)))
    return tables, run.manifest.n - sum(row.status is not Status.ERROR for row in run.rows)
