"""`harness review report`: what people made of the models' answers, as a page and as numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.cli.review.merge import AdjudicationOption, BaseOption, PassName, RuleName, how_of
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.review.label_file import Provenance
    from harness.review.merging import Merged
    from harness.review.opening import OpenReview


def report(
    folder: opts.ReviewFolder,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.html", help="Where to.")],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN", help="Runs to hold against the labels before and after."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help="What `harness review merge` made, for its rule and pass."
        ),
    ] = None,
    rule: Annotated[
        RuleName | None,
        typer.Option(help="Without --labels: by what labels are decided; majority."),
    ] = None,
    which: Annotated[
        PassName | None, typer.Option("--pass", help="Without --labels: which answers count; last.")
    ] = None,
    base: BaseOption = None,
    adjudication: AdjudicationOption = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    wide: opts.Wide = False,
    table: Annotated[
        str | None,
        typer.Option(
            help="Print only this table: verdicts, influence, effects, base_rate, groups, ways, "
            "times or agreement. CSV is one table, without this option verdicts."
        ),
    ] = None,
) -> None:
    """Report what people made of the models' answers, and what their labels do to scores.

    For each model and label group: how often people confirmed, integrated, rejected or otherwise
    corrected its answer; how answers differ before and after the sources are shown; the time an
    image; how many labels change in all images; how far people agree; and the accuracy of each RUN
    under the labels before and after. Writes one HTML file that needs nothing else, and FILE.json.
    """
    from harness.report.forms import form_of
    from harness.report.show import chosen, show_tables
    from harness.review.effects import effects_on
    from harness.review.label_file import Provenance
    from harness.review.opening import open_review, open_runs, read_review
    from harness.review.report_numbers import report_numbers
    from harness.review.report_tables import json_of, limits, report_tables, sentences, write_report

    form = form_of(format_name, as_json=False, table=table)
    if output.suffix != ".html":
        raise UserError(Problem("-o", "is no path of a page", str(output), fix="-o FILE.html"))
    catalogue = opts.catalogue_of(include_path)
    said = Provenance.read(labels) if labels else None
    base = base or (said.base.name if said else None)
    found = open_review(
        catalogue, read_review(folder), opts.overrides_of(label_set, equivalences), base
    )
    merged = _merged(found, labels, said, (rule, which, adjudication))
    original = found.opened.labels.original
    overrides = opts.overrides_of(label_set, equivalences, settings)
    opened = open_runs(catalogue, runs, found, overrides) if runs else ()
    effects = effects_on(opened, merged, original)
    numbers = report_numbers(found.review.answers, merged, original, effects)
    tables = chosen(report_tables(numbers), form, table, "this report")
    write_report(numbers, output)
    if form == "json":
        say(json_of(output).read_text(encoding="utf-8"), end="")
        return
    show_tables(tables, limits(numbers), form, wide)
    if form == "table" and table is None:
        for each in sentences(numbers):
            say(paragraph("", each))
        say(f"{output}, {json_of(output)}")


def _merged(
    found: "OpenReview",
    labels: Path | None,
    said: "Provenance | None",
    how: tuple[RuleName | None, PassName | None, Path | None],
) -> "Merged":
    from harness.review.label_file import read_label_set
    from harness.review.merging import merge

    rule, which, adjudication = how
    if labels is not None and said is not None:
        if any(each is not None for each in how):
            what = "has its own rule and pass"
            fix = "leave out --rule, --pass and --adjudication"
            raise UserError(Problem(f"--labels {labels}", what, fix=fix))
        return read_label_set(labels, said, found)
    rule, which = rule or RuleName.MAJORITY, which or PassName.LAST
    asked, _ = how_of(found.review, rule, which, adjudication, "reviewed")
    return merge(found.review.answers, found.opened.labels, found.base, asked)
