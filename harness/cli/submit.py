"""`harness submit`: make an entry of the leaderboard, and check it as the leaderboard does."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    EquivalencesFile,
    IncludePath,
    LabelSetPaths,
    catalogue_of,
    overrides_of,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.callback()
def _submit() -> None:
    """Make an entry of the leaderboard, and check it as the leaderboard does."""


@app.command("pack")
def pack(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new folder, named as the entry shall be.")
    ],
    name: Annotated[
        str | None, typer.Option(help="The model's name on the leaderboard; else the runs'.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="A MODEL_CARD.md that is filled in; else a new one.")
    ] = None,
    label_set: LabelSetPaths = None,
    equivalences: EquivalencesFile = None,
    include_path: IncludePath = None,
) -> None:
    """Make an entry of complete, scored runs of one model.

    The folder holds `manifest.json`, `MODEL_CARD.md`, and for each run its rows and prompts. The
    card says what to fill in; after you changed it, pack again with `--card`. Nothing is sent.
    """
    from harness.entries.pack import PackOptions
    from harness.entries.pack import pack as make_entry
    from harness.store.directory import find_runs

    options = PackOptions(output, name, card, overrides_of(label_set, equivalences))
    paths = [path for folder in runs for path in find_runs(folder)]
    manifest = make_entry(catalogue_of(include_path), paths, options)
    tasks = ", ".join(run.task for run in manifest.runs)
    typer.echo(f"{output}: {manifest.model} on {tasks}")
    if card is None:
        typer.echo(f"fill in {output / 'MODEL_CARD.md'}, then pack again with --card FILE")
    typer.echo(f"check it: harness submit check {output}")
