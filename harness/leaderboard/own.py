"""Build the site of one's own runs: the pages of the leaderboard, of runs where they lie."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import harness
from harness.answers.outcome import Status
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.errors import DataError, HarnessError, Problem
from harness.leaderboard.build import check_names, described, refuse_other, write_site
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.in_place import OwnRun, open_in_place
from harness.leaderboard.files.data_scripts import write_run
from harness.leaderboard.files.pictures import Pictures
from harness.leaderboard.files.scored_table import write_scored
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels, labels_by_task, lay
from harness.leaderboard.numbers.boards import make_boards
from harness.leaderboard.numbers.scoring import score_laid
from harness.leaderboard.numbers.site_model import Board, OwnRuns, ScoredEntry, Site
from harness.scores.metrics import percent
from harness.specs.catalogue import Catalogue
from harness.specs.task import TaskSpec
from harness.store.directory import RunDirectory, find_runs
from harness.store.new_folder import replaced_folder

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class OwnOptions:
    """What the command line says beside the runs."""

    output: Path
    images: Path | None = None
    """A folder that has the pictures; None for where each task has its images."""
    copy_images: bool = False
    overrides: Overrides = NO_OVERRIDES
    refresh: int | None = None
    """Seconds after which the pages load themselves again."""


def build_own(catalogue: Catalogue, folders: Sequence[Path], options: OwnOptions) -> Site:
    """Build the site of the runs in some folders, complete or not, and give what it shows.

    Every answer is scored by the labels that are here today; nothing in the runs is changed. The
    site appears, or takes the place of an older one, when it is whole. Raises UserError where the
    folder is there and is no site, DataError where no run has an answer, and as `open_in_place`.
    """
    refuse_other(options.output)
    paths = find_runs(*folders)
    runs = open_in_place(catalogue, paths, options.overrides)
    if not runs:
        fix = "harness run, or harness import, gives answers"
        raise DataError(Problem(", ".join(map(str, folders)), "has no answer yet", fix=fix))
    opened_tasks = {run.case.run.task: run.case.opened for run in runs}
    labels = labels_by_task(opened_tasks, numbered=True)
    check_names([*opened_tasks, *(each.name for each in labels.values())])
    with replaced_folder(options.output) as hidden:
        (hidden / "data").mkdir()
        scored = [each for run in runs for each in _scored(run, labels, hidden)]
        boards = tuple(_told(board, runs) for board in make_boards(scored, opened_tasks, labels))
        by_name = {each.name: each for each in labels.values()}
        tasks: dict[str, list[TaskSpec]] = {}
        for run in runs:
            tasks.setdefault(labels[run.case.run.task].name, []).append(run.case.opened.task)
        pictures = Pictures(options.output, options.images, options.copy_images)
        benchmarks = tuple(
            described(each, boards, pictures=pictures.of(each, tasks[name], hidden))
            for name, each in sorted(by_name.items())
        )
        places = {
            OwnRuns.key(run.entry.name, run.case.run.task): str(run.entry.folder) for run in runs
        }
        site = Site(
            version=harness.__version__,
            date=max(run.entry.manifest.date for run in runs),
            benchmarks=benchmarks,
            boards=boards,
            entries=_entries(runs),
            own=OwnRuns(places, options.refresh),
        )
        write_site(hidden, site, by_name)
    return site


def _scored(
    run: OwnRun, labels: Mapping[str, BenchmarkLabels], hidden: Path
) -> Iterator[ScoredEntry]:
    """Score a run under each of its protocols, and write its files."""
    task = run.case.run.task
    laid = lay(run.entry, run.case, labels[task])
    for protocol in run.case.run.protocols:
        yield score_laid(laid, protocol)
    write_run(hidden / "data", laid)
    write_scored(hidden / "runs" / OwnRuns.key(run.entry.name, task) / "scored.parquet", laid)


def _told(board: Board, runs: Sequence[OwnRun]) -> Board:
    """Say what a board's runs are of; a run that is not complete has its board to itself."""
    (run, *_) = [run for run in runs if run.case.run.task == board.task]
    board = replace(board, note=run.note)
    if run.is_whole:
        return board
    (row,) = board.rows
    n = run.case.run.run.n
    answered = row.results.n - row.results.counts[Status.ERROR]  # also to images without a label
    row = replace(row, coverage=percent(answered, n) or 0.0)
    return replace(board, is_part=True, n_images=n, rows=(row,), rankings=())


def _entries(runs: Sequence[OwnRun]) -> tuple[Entry, ...]:
    """Give one entry a name, by which the runs are sorted, with all its runs."""
    found = []
    for _, group in groupby(runs, key=lambda run: run.entry.name):
        mine = list(group)
        entry, packed = mine[0].entry, tuple(run.case.run for run in mine)
        manifest = entry.manifest.model_copy(update={"runs": packed})
        found.append(replace(entry, manifest=manifest))
    return tuple(found)


State = tuple[tuple[str, int, int], ...]


def state_of(folders: Sequence[Path]) -> State:
    """Give what changes when a run has begun, gone on or ended: names, sizes and times of files."""
    paths: list[Path] = []
    for folder in folders:
        with contextlib.suppress(DataError):  # no runs yet
            paths += find_runs(folder)
    found = []
    for path in paths:
        run = RunDirectory(path)
        for file in (path / "manifest.json", run.predictions, run.results, *run.parts()):
            with contextlib.suppress(FileNotFoundError):
                about = file.stat()
                found.append((str(file), about.st_size, about.st_mtime_ns))
    return tuple(found)


def follow(
    catalogue: Catalogue, folders: Sequence[Path], options: OwnOptions, seconds: float
) -> Iterator[Site]:
    """Build the site, and again whenever rows have changed, looking every few seconds; never ends.

    What hinders a build while runs are written is logged, and tried again after the next change.
    """
    before: State = ()
    while True:
        now = state_of(folders)
        if now and now != before:
            before = now
            try:
                yield build_own(catalogue, folders, options)
            except HarnessError as error:
                log.warning("not built this time: %s", error)
        time.sleep(seconds)
