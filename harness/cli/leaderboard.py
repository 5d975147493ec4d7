"""`harness leaderboard`: the site of a folder of entries."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import fitted, paragraph, say
from harness.words import counted

app = typer.Typer(help="Make the leaderboard's site.", no_args_is_help=True, rich_markup_mode=None)


@app.command("build", short_help="Score all entries again, and write the site.")
def build(
    entries: Annotated[Path, typer.Argument(help="A folder of entries, with decisions.jsonl.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the site.")],
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Read, map and score every answer again with today's label sets and write the site.

    An entry that `harness submit check` refuses is on no board; the page of changes says why. What
    cannot be found again from an entry's texts is marked as claimed and ranked apart. The files
    open from a disk and from any web server, without a network. An older site in the folder is
    replaced as a whole; a folder that holds something else is left alone.

    Exit code 0: all entries are on a board; 1: the site is written without some that are refused.
    """
    from harness.leaderboard.build import build as build_site
    from harness.leaderboard.entries.finding import as_text

    catalogue = opts.catalogue_of(include_path)
    site = build_site(catalogue, entries, output, opts.overrides_of(label_set, equivalences))
    for board in site.boards:
        places = [board.place(row.name) for row in board.rows]
        tiers = max((place.tier for place in places if place), default=0)
        models, groups = counted(len(board.rows), "model"), counted(tiers, "tier")
        text = f"{models} in {groups}, by {board.headline}, "
        text += counted(board.n_images, "image") + (", claimed" if board.claimed else "")
        say(paragraph("", f"{board.slug}: {text}"))
    if site.refused:
        say(fitted(as_text(site.refused), err=True), err=True)
        names = ", ".join(report.name for report in site.refused)
        text = f"{counted(len(site.refused), 'entry', 'entries')} refused, and on no board: {names}"
        say(paragraph("", text), err=True)
    say(output / "index.html")
    if site.refused:
        raise typer.Exit(1)
