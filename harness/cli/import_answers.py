"""`harness import`: make a run of answers that something else produced."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts


def import_answers(
    answers: Annotated[Path, typer.Argument(help="JSON Lines, one row an image.")],
    task: Annotated[str, typer.Option(help="A task's name, or the path of its YAML.")],
    model: Annotated[str, typer.Option(help="The name that the answers go under.")],
    output: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="Accept images without an answer (the results are incomplete) and leave out "
            "answers to other images.",
        ),
    ] = False,
    settings: opts.TaskSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Move an earlier run aside; nothing is deleted.")
    ] = False,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Make a run of answers from a file, and score it like any run.

    A row has `image_id` (an id, or a file name that holds it) and one of `answer` (text), `answers`
    (texts, best first: the first counts, all of them give top-5), `class_id` (-1: none of the
    classes) or `top` (class ids, best first: the first counts). A list under `answer` or `class_id`
    holds several answers that are all meant: right if any is. For multiple choice a row may have
    `options`, the class ids that were asked, in the order of the letters.

    No images are needed: the task's data may be a file of ids (`doc_to_id` names the column), and
    for a data set on the hub the ids come from the task's original label set. Missing, extra and
    duplicate images are listed, and nothing is written. Exit code 0: complete; 1: images without an
    answer; 2: something must be changed.
    """
    from harness.report.show import show_results
    from harness.runs.importing import ImportOptions
    from harness.runs.importing import import_answers as make_run
    from harness.specs.load import load_task

    catalogue = opts.catalogue_of(include_path)
    options = ImportOptions(
        model=model,
        output=output,
        partial=partial,
        fresh=fresh,
        settings=tuple(settings or ()),
        overrides=opts.overrides_of(label_set, equivalences),
    )
    finished = make_run(catalogue, load_task(catalogue, task, settings or ()), answers, options)
    show_results([finished], "json" if as_json else "table", wide=wide)
    raise typer.Exit(0 if finished.results and finished.results.complete else 1)
