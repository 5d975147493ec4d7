"""`harness compare`: runs on the same images, two or more."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.runs.compare import RunComparison

WORSE = 3
"""Exit code where the last run is worse than the first by more than `--fail_if_worse` allows."""


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two run directories, or more.")],
    label_set: Annotated[
        list[str] | None,
        typer.Option(
            "--label_set",
            help="NAME: only this label set. NAME=PATH: read it from your file. Repeatable.",
        ),
    ] = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    fail_if_worse: Annotated[
        float | None,
        typer.Option(
            "--fail_if_worse",
            metavar="POINTS",
            help="Exit code 3 if the last run's accuracy is more than POINTS points below that of "
            "the first, under any label set that is compared. The difference itself counts, "
            "whether or not chance explains it.",
        ),
    ] = None,
    format_name: opts.Format = None,
    wide: opts.Wide = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON, for machines.")
    ] = False,
) -> None:
    """Compare runs image by image, under each label set that all their tasks have.

    Prints of two runs the 2x2 table of right and wrong, the difference A less B with its 95 %
    interval (classes redrawn) and the exact McNemar test, corrected for the number of label sets by
    Holm. Of more it prints, for each label set, a matrix of the differences, and for each pair
    interval and test, corrected for the number of pairs. All are compared on the images that every
    run has answered. In words it says which is better. The tasks may differ, protocols too, when
    they are over one class list. What the runs were asked differently is listed: the settings, and
    on how many images two runs of multiple choice had other options.

    Exit code 0: compared; 2: something must be changed; 3: worse, see --fail_if_worse.
    """
    from harness.report.comparison_tables import show_comparison
    from harness.report.forms import form_of
    from harness.runs.compare import compare_runs
    from harness.runs.reopen import open_run, share_among_runs

    form = form_of(format_name, as_json)
    if len(runs) < 2:
        what, fix = "compares two runs or more", "harness compare RUN_A RUN_B"
        raise UserError(Problem("compare", what, got=f"only {runs[0]}", fix=fix))
    if fail_if_worse is not None and not 0 <= fail_if_worse < math.inf:
        what, fix = "is no number of points", "give 0 or more, as 0.5"
        raise UserError(Problem("--fail_if_worse", what, f"{fail_if_worse:g}", fix=fix))
    catalogue = opts.catalogue_of(include_path)
    given = [each for each in label_set or () if "=" in each]
    names = [name for each in label_set or () if "=" not in each for name in opts.split_names(each)]
    overrides = opts.overrides_of(given, equivalences, settings)
    overrides = share_among_runs(catalogue, runs, overrides)
    found = compare_runs([open_run(catalogue, path, overrides) for path in runs], names)
    show_comparison(found, form, wide)
    if fail_if_worse is not None and _is_worse(found, fail_if_worse):
        raise typer.Exit(WORSE)


def _is_worse(found: "RunComparison", points: float) -> bool:
    """Say under each label set how the last run stands to the first; whether it is too bad under
    any. Raises UserError where nothing can be compared, which is no reason to pass.
    """
    worse = False
    for each in found.first_to_last:
        where = f"--fail_if_worse {points:g}: {each.label_set}"
        if each.delta is None:
            fix = "compare runs that answered the same images, by a label set that has them"
            raise UserError(Problem(where, "no image can be compared", fix=fix))
        beyond = each.delta > points + 1e-9
        worse = worse or beyond
        word = "below" if each.delta > 0 else "above"
        text = f"{each.b} is {abs(each.delta):.2f} points {word} {each.a} on {each.n} images"
        if each.n_left_out:
            text += f", {each.n_left_out} left out"
        say(paragraph("", f"{where}: {'FAILED' if beyond else 'passed'}: {text}"), err=True)
    return worse
