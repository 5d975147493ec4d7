"""`harness submit`: make an entry of the leaderboard, and check it as the leaderboard does."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.errors import HarnessError
from harness.report.terminal import fitted, say

app = typer.Typer(
    help="Make an entry of the leaderboard, and check it as the leaderboard does.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


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
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Make an entry of complete, scored runs of one model.

    The folder holds `manifest.json`, `MODEL_CARD.md`, and for each run its rows and prompts. The
    card says what to fill in; after you changed it, pack again with `--card`. Nothing is sent.
    """
    from harness.leaderboard.entries.pack import PackOptions
    from harness.leaderboard.entries.pack import pack as make_entry
    from harness.store.directory import find_runs

    options = PackOptions(output, name, card, opts.overrides_of(label_set, equivalences, settings))
    paths = find_runs(*runs)
    manifest = make_entry(opts.catalogue_of(include_path), paths, options)
    tasks = ", ".join(run.task for run in manifest.runs)
    say(f"{output}: {manifest.model} on {tasks}")
    if card is None:
        say(
            f"fill in {output / 'MODEL_CARD.md'}, then pack again with --card FILE; until then the "
            "check refuses the entry (E209)"
        )
    say(f"check it: harness submit check {output}")


@app.command("check")
def check(
    entries: Annotated[
        list[Path], typer.Argument(help="Entries, or a folder of them with its decisions.jsonl.")
    ],
    form: Annotated[
        Format, typer.Option("--format", help="For people, machines, or GitHub Actions.")
    ] = Format.TEXT,
    against: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the other entries, to find copies; else the entry's own. For a "
            "folder of entries: what it was before; what is unchanged is not checked again."
        ),
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Check entries by every rule of docs/submit.md. Nothing is changed, and nothing is run.

    Exit code 0: clean; 1: errors (also where there are warnings); 2: warnings only.
    """
    from harness.leaderboard.entries.check import CheckOptions, check_path, share_options
    from harness.leaderboard.entries.finding import as_github, as_json, as_text, exit_code

    options = CheckOptions(against, opts.overrides_of(label_set, equivalences))
    try:
        catalogue = opts.catalogue_of(include_path)
        options = share_options(catalogue, entries, options)
        reports = [each for path in entries for each in check_path(catalogue, path, options)]
    except HarnessError as error:  # 2 would say that there are warnings only
        say(fitted(f"error: {error}", err=True), err=True)
        raise typer.Exit(1) from error
    write = {Format.JSON: as_json, Format.GITHUB: as_github}.get(form)
    say(write(reports) if write else fitted(as_text(reports)))
    raise typer.Exit(exit_code(reports))
