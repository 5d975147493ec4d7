"""`harness view`: the site of one's own runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import say
from harness.words import counted

if TYPE_CHECKING:
    from harness.leaderboard.numbers.site_model import Site


_SECONDS = 10


def view(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the site.")],
    images: Annotated[
        Path | None,
        typer.Option(help="A folder that has the images, where they are not at `dataset_path`."),
    ] = None,
    copy_images: Annotated[
        bool, typer.Option("--copy_images", help="Put small copies of the images into the site.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Build again while runs go on; ends with Ctrl-C.")
    ] = False,
    every: Annotated[
        int | None,
        typer.Option(
            min=1, help="For --live: look for new answers every so many seconds, 10 where not said."
        ),
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Look at runs: build a site of them, whole or not, from where they lie.

    Every image with its labels, the answer, the class it counts as and whether that is right under
    each label set; any two runs against each other; classes; tables and figures. Nothing in the
    runs is changed. Images are linked, not copied. The site opens from the disk, without a network.
    A run that is not complete is shown with how much of it is answered, and ranked with no other.
    An older site in the folder is replaced.
    """
    from harness.leaderboard.own import OwnOptions, build_own, follow
    from harness.runs.reopen import share_among_runs
    from harness.store.directory import find_runs

    if images is not None and copy_images:
        what = "say two things about where the images are"
        raise UserError(Problem("--images and --copy_images", what, fix="give one of them"))
    if images is not None and not images.is_dir():
        fix = "--images FOLDER that holds the task's images"
        raise UserError(Problem(f"--images {images}", "there is no such folder", fix=fix))
    if every is not None and not live:
        fix = "leave it out, or give --live"
        raise UserError(Problem("--every", "acts only with --live", fix=fix))
    seconds = every or _SECONDS
    catalogue = opts.catalogue_of(include_path)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    if overrides.label_sets or overrides.equivalences:
        paths = find_runs(*runs)
        overrides = share_among_runs(catalogue, paths, overrides)
    options = OwnOptions(output, images, copy_images, overrides, seconds if live else None)
    if not live:
        _tell(build_own(catalogue, runs, options), output)
        return
    say("building again whenever there are new answers; Ctrl-C ends it", err=True)
    try:
        for site in follow(catalogue, runs, options, seconds):
            _tell(site, output)
    except KeyboardInterrupt:
        say("ended; the site stays as it is", err=True)


def _tell(site: "Site", output: Path) -> None:
    for board in site.boards:
        count = counted(len(board.rows), "run")
        say(f"{board.slug}: {count}, labels {board.headline}. {board.note}".rstrip())
    say((output / "index.html").resolve().as_uri())
