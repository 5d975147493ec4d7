"""Build the leaderboard: score every entry again, rank, and write the whole site at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import harness
from harness.data.images.pixels import ImageError
from harness.data.images.source import open_source
from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem, UserError
from harness.leaderboard.entries.branding import read_branding
from harness.leaderboard.entries.finding import errors_in
from harness.leaderboard.files.answers import write_answers
from harness.leaderboard.files.bibtex import write_bibtex
from harness.leaderboard.files.data_scripts import write_images
from harness.leaderboard.files.feed import write_feed
from harness.leaderboard.files.tables import MARKER, write_boards
from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels, describe, labels_by_task
from harness.leaderboard.numbers.boards import crossed, make_boards
from harness.leaderboard.numbers.gather import Gathered, gather, open_tasks
from harness.leaderboard.numbers.releases import RELEASE, read_release, since, state_of
from harness.leaderboard.numbers.scoring import score_all
from harness.leaderboard.numbers.site_model import Board, Site
from harness.leaderboard.numbers.suspects import find_suspects
from harness.leaderboard.pages.views import render
from harness.specs.catalogue import Catalogue
from harness.specs.task import TaskSpec
from harness.store.lines import write_json
from harness.store.new_folder import replaced_folder
from harness.words import listed

_IMAGE_NAME = re.compile(r"\w[\w.+-]{0,199}", re.ASCII)
_FILE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


def build(catalogue: Catalogue, entries: Path, output: Path, overrides: Overrides) -> Site:
    """Build the site of a folder of entries in `output`, and give what it shows.

    Everything is computed from the entries' texts and the labels that are here today. An entry that
    the checker refuses is on no board; the site names it with the reasons (`Site.refused`). The
    folder appears, or takes the place of an older site, when it is complete. Raises UserError when
    `output` is there and is no site, DataError when every entry is refused, one has vanished, or a
    label set cannot be read, and as `read_branding`.
    """
    refuse_other(output)
    branding = read_branding(entries)
    release = read_release(entries / RELEASE)
    gathered = gather(catalogue, entries)
    opened_tasks = open_tasks(catalogue, gathered.entries, overrides)
    labels = labels_by_task(opened_tasks)
    check_names([*opened_tasks, *(each.name for each in labels.values())])
    with replaced_folder(output) as hidden:
        data = hidden / "data"
        data.mkdir()
        scored, refused = score_all(gathered.entries, opened_tasks, labels, data)
        gathered = gathered.without(refused)
        _check_some(entries, gathered)
        opened_tasks = {each.run.task: opened_tasks[each.run.task] for each in scored}
        by_name = {labels[task].name: labels[task] for task in opened_tasks}
        images = _write_pictures(hidden, opened_tasks, labels)
        boards = make_boards(scored, opened_tasks, labels)
        benchmarks = tuple(
            described(by_name[name], boards, images.get(name)) for name in sorted(by_name)
        )
        site = replace(_site(gathered, benchmarks, boards), branding=branding)
        write_json(data / RELEASE, state_of(site).model_dump(mode="json"))
        site = site if release is None else replace(site, since=since(release, site))
        write_feed(hidden / "feed.xml", site)
        write_answers(hidden, site)
        write_bibtex(data, site)
        write_site(hidden, site, by_name)
    return site


def described(
    labels: BenchmarkLabels,
    boards: Sequence[Board],
    images: str | None = None,
    pictures: Mapping[str, str] | None = None,
) -> Benchmark:
    """Do as `describe`, and add what the runs of all of a benchmark's boards say together."""
    mine = [board for board in boards if board.benchmark == labels.name]
    pairs, suspects = crossed(mine, labels), find_suspects(mine, labels)
    return replace(describe(labels, images, pictures), crossed=pairs, suspects=suspects)


def write_site(folder: Path, site: Site, labels: Mapping[str, BenchmarkLabels]) -> None:
    """Write data scripts but those of runs, tables and pages; `labels` are by benchmark."""
    data = folder / "data"
    for benchmark in site.benchmarks:
        write_images(data, labels[benchmark.name], benchmark.pictures)
    write_boards(data, site)
    render(site, folder)


def _site(gathered: Gathered, benchmarks: tuple[Benchmark, ...], boards: tuple[Board, ...]) -> Site:
    dates = [entry.manifest.date for entry in gathered.entries]
    dates += [decision.date for decision in gathered.ledger]
    newest_first = sorted(reversed(gathered.ledger), key=lambda each: each.date, reverse=True)
    return Site(
        version=harness.__version__,
        date=max(dates),
        benchmarks=benchmarks,
        boards=boards,
        entries=gathered.entries,
        decisions=tuple(newest_first),
        refused=gathered.refused,
    )


def refuse_other(output: Path) -> None:
    """Raise UserError where the folder is there, and is neither empty nor a site."""
    if output.is_dir() and ((output / "data" / MARKER).is_file() or not any(output.iterdir())):
        return
    if output.exists():
        what = "is there already, and is no site that this command built"
        raise UserError(Problem(str(output), what, fix="choose another -o, or remove it"))


def _check_some(entries: Path, gathered: Gathered) -> None:
    """Raise DataError where there are entries, and all of them are refused."""
    if gathered.refused and not (gathered.entries or gathered.ledger):
        raise DataError(
            each.as_problem(str(entries / report.name))
            for report in gathered.refused
            for each in errors_in(report.findings)
        )


def check_names(names: Sequence[str]) -> None:
    """Raise DataError for a task or benchmark whose name would be part of a path and cannot be."""
    for name in names:
        if not _FILE_NAME.fullmatch(name):
            what = "is a name of a task or class list that can be no file name in the site"
            raise DataError(Problem(repr(name), what, fix="use letters, digits, `_`, `-`, `.`"))


def _write_pictures(
    output: Path, opened_tasks: Mapping[str, OpenTask], labels: Mapping[str, BenchmarkLabels]
) -> dict[str, str]:
    """Ship the images of the benchmarks whose tasks all allow it; give where they are, by name."""
    tasks = {labels[name].name: name for name in opened_tasks}
    for name, opened in opened_tasks.items():
        if not opened.task.metadata.redistribute_images:
            tasks.pop(labels[name].name, None)
    return {
        benchmark: _write_images(output, labels[name], opened_tasks[name].task)
        for benchmark, name in tasks.items()
    }


def _write_images(output: Path, labels: BenchmarkLabels, task: TaskSpec) -> str:
    """Write `images/<benchmark>/<image id>.png` and give this template of it.

    Raises DataError when the data set cannot be opened, an id is no plain file name, or one of the
    benchmark's images is missing or broken.
    """
    source = open_source(task)
    places = {image_id: place for place, image_id in enumerate(source.ids)}
    where = f"task `{task.task}`"
    missing = [each for each in labels.image_ids if each not in places]
    if missing or source.read is None:
        got = listed(missing) or "a table without images"
        what = "images of its labels are not in its data set"
        fix = "add the images to the data set, or take the labels out"
        raise DataError(Problem(where, what, got=got, fix=fix))
    strange = [each for each in labels.image_ids if not _IMAGE_NAME.fullmatch(each)]
    if strange:
        what = "ids that are no plain file names cannot be those of shipped images"
        fix = "give images ids of plain characters"
        raise DataError(Problem(where, what, got=listed(list(map(repr, strange)), 5), fix=fix))
    folder = output / "images" / labels.name
    folder.mkdir(parents=True)
    for image_id in labels.image_ids:
        try:
            source.read(places[image_id]).save(folder / f"{image_id}.png", optimize=True)
        except ImageError as error:
            what, fix = "an image cannot be read", "mend the image, or take it away"
            raise DataError(Problem(where, what, got=str(error), fix=fix)) from error
    return f"images/{labels.name}/{{image_id}}.png"
