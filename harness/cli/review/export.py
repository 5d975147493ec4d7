"""`harness review export`: a review's answers, or a label set, in the format of another tool."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.review.queue import Pass, Queue

FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        help="label_studio, fiftyone, long_csv, crowdkit, wide_csv, reimagenet or proposed_labels.",
    ),
]
PassName = Annotated[
    str | None, typer.Option("--pass", help="blind, shown or adjudicate, where it must be said.")
]


def export(
    folder: opts.ReviewFolder,
    format_name: FormatName,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to make; not there yet.")],
    pass_name: PassName = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A label set as JSON Lines, as `harness review merge` writes it."),
    ] = None,
    annotator: Annotated[
        str | None, typer.Option(help="For a format of one label set: this person's answers.")
    ] = None,
    image: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="How the tool finds an image: a path or address with {image_id} in it.",
        ),
    ] = "{image_id}",
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write the answers of a review in the format of another tool.

    Formats of one label set (reimagenet, proposed_labels) take --labels or --annotator; fiftyone
    takes --labels besides the answers. Prints what the format does not keep of an answer.
    docs/review.md shows each format.
    """
    from harness.review.exporting import ExportRequest, export_text
    from harness.review.formats.registry import format_named
    from harness.review.opening import open_task_of
    from harness.review.queue import Queue
    from harness.store.lines import write_text

    if output.exists():
        fix = "choose another file, or remove it"
        raise UserError(Problem(str(output), "is there already", fix=fix))
    queue = Queue.read(folder)
    form = format_named(format_name)
    overrides = opts.overrides_of(label_set, equivalences)
    opened = open_task_of(opts.catalogue_of(include_path), queue, folder, overrides)
    request = ExportRequest(form, pass_of(queue, pass_name), labels, annotator, image)
    text, notes = export_text(folder, queue, opened, request)
    write_text(output, text)
    for note in notes:
        say(paragraph("note:", note), err=True)
    say(paragraph("note:", f"{form.name} does not keep {form.loses}"), err=True)
    say(f"{output}")


def pass_of(queue: "Queue", name: str | None) -> "Pass | None":
    """Read `--pass`. Raises UserError for one that the queue does not have."""
    found = next((each for each in queue.passes if each == name), None)
    if name is not None and found is None:
        what = f"a review of mode {queue.mode} has no such answers"
        raise UserError(Problem("--pass", what, name, fix=f"--pass {' or '.join(queue.passes)}"))
    return found
