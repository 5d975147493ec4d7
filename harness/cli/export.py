"""`harness export`: tasks and results in the form that other tools read."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.export_hf import hf
from harness.cli.options import (
    EquivalencesFile,
    IncludePath,
    LabelSetPaths,
    catalogue_of,
    overrides_of,
    split_names,
)
from harness.report.terminal import say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("hf")(hf)


@app.callback()
def _export() -> None:
    """Write tasks or results in the form that another tool reads."""


@app.command("lmms-eval")
def lmms_eval(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    tasks: Annotated[str, typer.Option(help="Tasks, groups or tags, separated by commas.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE instead of the task's; repeatable.")
    ] = None,
    label_set: LabelSetPaths = None,
    equivalences: EquivalencesFile = None,
    include_path: IncludePath = None,
) -> None:
    """Write tasks as a folder that lmms-eval runs unchanged with `--include_path`.

    Prompts, images, options, classes and labels are in the folder; the images are stored without
    loss. Scoring there is the harness's own, so the package must be in the environment of
    lmms-eval. Tasks of protocol `classify` have no prompt and cannot be exported.
    """
    from harness.export.lmms_eval.folder import export_lmms_eval
    from harness.specs.load import expand_tasks, load_task

    catalogue = catalogue_of(include_path)
    limits = [f"limit={limit}"] if limit else []
    names = expand_tasks(catalogue, split_names(tasks))
    specs = [load_task(catalogue, name, [*(settings or ()), *limits]) for name in names]
    overrides = overrides_of(label_set, equivalences)
    for each in export_lmms_eval(catalogue, specs, folder, overrides):
        left_out = "".join(f"; {n} left out: {why}" for why, n in each.left_out.items())
        say(f"{each.task}: {each.prompts} prompts, {each.images} images{left_out}")
    say(f"python -m lmms_eval --include_path {folder} --tasks {','.join(names)} --model …")
