"""Build the leaderboard: score every entry again, rank, and write the whole site at once."""

import re
from collections.abc import Mapping
from pathlib import Path

from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem, UserError
from harness.leaderboard.entries.rules.table import RULES
from harness.leaderboard.files.data_scripts import write_images
from harness.leaderboard.files.feed import write_feed
from harness.leaderboard.files.tables import MARKER, write_boards
from harness.leaderboard.numbers.assemble import make_site
from harness.leaderboard.numbers.gather import Gathered, gather, open_tasks
from harness.leaderboard.numbers.ground import Ground, group_by_ground
from harness.leaderboard.numbers.jobs import score_all
from harness.leaderboard.numbers.site_model import Site
from harness.leaderboard.pages.pictures import write_pictures
from harness.leaderboard.pages.write import render
from harness.specs.catalogue import Catalogue
from harness.store.new_folder import replaced_folder

_FILE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


def build(catalogue: Catalogue, entries: Path, output: Path, overrides: Overrides) -> Site:
    """Build the site of a folder of entries in `output`, and give what it shows.

    Everything is computed from the entries' texts and the labels that are here today. An entry that
    the checker refuses is on no board; the site names it with the reasons (`Site.refused`). The
    folder appears, or takes the place of an older site, when it is complete. Raises UserError when
    `output` is there and is no site, DataError when every entry is refused, one has vanished, or a
    label set cannot be read.
    """
    _refuse_other(output)
    gathered = gather(catalogue, entries)
    opened_tasks = open_tasks(catalogue, gathered.entries, overrides)
    grounds = group_by_ground(opened_tasks)
    by_name = {ground.name: ground for ground in grounds.values()}
    _check_names([*opened_tasks, *by_name])
    with replaced_folder(output) as hidden:
        (hidden / "data").mkdir()
        done, refused = score_all(gathered.entries, opened_tasks, grounds, hidden / "data")
        gathered = gathered.without(refused)
        _check_some(entries, gathered)
        opened_tasks = {run.job.run.task: opened_tasks[run.job.run.task] for run in done}
        by_name = {grounds[task].name: grounds[task] for task in opened_tasks}
        images = _write_pictures(hidden, opened_tasks, grounds)
        site = make_site(gathered, done, opened_tasks, grounds, images)
        for ground in by_name.values():
            write_images(hidden / "data", ground)
        write_boards(hidden / "data", site, by_name)
        write_feed(hidden / "feed.xml", site)
        render(site, hidden)
    return site


def _refuse_other(output: Path) -> None:
    if output.is_dir() and ((output / "data" / MARKER).is_file() or not any(output.iterdir())):
        return
    if output.exists():
        what = "is there already, and is no site that this command built"
        raise UserError(Problem(str(output), what, fix="choose another -o, or remove it"))


def _check_some(entries: Path, gathered: Gathered) -> None:
    """Raise DataError where there are entries, and all of them are refused."""
    if gathered.refused and not (gathered.entries or gathered.ledger):
        raise DataError(
            [
                Problem(f"{entries / report.name}", f"{each.code}: {RULES[each.code]}", each.text)
                for report in gathered.refused
                for each in report.findings
            ]
        )


def _check_names(names: list[str]) -> None:
    """Raise DataError for a task or benchmark whose name would be part of a path and cannot be."""
    for name in names:
        if not _FILE_NAME.fullmatch(name):
            what = "is a name of a task or class list that can be no file name in the site"
            raise DataError(Problem(repr(name), what, expected="letters, digits, `_`, `-`, `.`"))


def _write_pictures(
    output: Path, opened_tasks: Mapping[str, OpenTask], grounds: Mapping[str, Ground]
) -> dict[str, str]:
    """Ship the images of the benchmarks whose tasks all allow it."""
    kept = {
        grounds[name].name
        for name, opened in opened_tasks.items()
        if not opened.task.metadata.redistribute_images
    }
    tasks = {grounds[name].name: name for name in opened_tasks if grounds[name].name not in kept}
    return {
        benchmark: write_pictures(output, grounds[name], opened_tasks[name].task)
        for benchmark, name in tasks.items()
    }
