"""`harness review import`: answers that another tool collected."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.cli.review.export import FormatName, PassName, pass_of
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say
from harness.words import counted


def import_(
    file: Annotated[Path, typer.Argument(help="The file of the other tool.")],
    folder: opts.ReviewFolder,
    format_name: FormatName,
    pass_name: PassName = None,
    annotator: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME: whose the answers are where the file does not say it. OLD=NAME: who is "
            "called OLD in the file. Repeatable."
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="An answer may take the place of another that is there."),
    ] = False,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Add the answers of another tool's file to those of a review.

    Each becomes a row of its annotator's file, which is only added to; what the format cannot say
    is null there. All answers of the file are added or, where any is wrong, none. What is there
    already is not added again. docs/review.md shows each format.
    """
    from harness.data.labels.files import read_text
    from harness.review.formats.base import ClassTexts, Target
    from harness.review.formats.registry import format_named
    from harness.review.importing import Choice, import_file
    from harness.review.opening import open_task_of
    from harness.review.queue import Queue

    queue = Queue.read(folder)
    form = format_named(format_name)
    alone, names = _names(annotator or ())
    overrides = opts.overrides_of(label_set, equivalences)
    opened = open_task_of(opts.catalogue_of(include_path), queue, folder, overrides)
    target = Target(queue, ClassTexts(opened.classes), names)
    choice = Choice(pass_of(queue, pass_name), alone, replace)
    found = import_file(folder, read_text(file), form, target, choice)
    for note in found.notes:
        say(paragraph("note:", note), err=True)
    say(paragraph("note:", f"{form.name} does not keep {form.loses}"), err=True)
    for name, count in sorted(found.added.items()):
        say(f"{name}: {counted(count, 'answer')} added")
    if found.n_there or not found.added:
        say(f"{found.n_there} there already")


def _names(texts: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Read `--annotator`. Raises UserError where two names have no `=`, or a name stands twice."""
    alone = [text for text in texts if "=" not in text]
    pairs = [text.rpartition("=")[::2] for text in texts if "=" in text]
    names = dict(pairs)
    if len(alone) > 1 or len(names) < len(pairs):
        fix = "give one NAME, and OLD=NAME once for each OLD"
        raise UserError(Problem("--annotator", "names too many", ", ".join(texts), fix=fix))
    return (alone[0] if alone else None), names
