"""Put everything that was computed together as the `Site`."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import harness
from harness.data.opened import OpenTask
from harness.leaderboard.entries.ledger import Decision, decisions_on, level_of
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.numbers.boards import PROTOCOLS, Done, board_protocols, make_board, parted
from harness.leaderboard.numbers.gather import Gathered
from harness.leaderboard.numbers.ground import Ground, describe
from harness.leaderboard.numbers.site_model import Board, EntryPage, RunPage, Site


def make_site(
    gathered: Gathered,
    done: Sequence[Done],
    opened_tasks: Mapping[str, OpenTask],
    grounds: Mapping[str, Ground],
    images: Mapping[str, str],
) -> Site:
    """Make the boards and pages; `opened_tasks` and `grounds` are by task, `images` by benchmark.

    Raises DataError as `make_board`.
    """
    boards = _boards(done, opened_tasks, grounds)
    by_name = {grounds[task].name: grounds[task] for task in opened_tasks}
    dates = [entry.manifest.date for entry in gathered.entries]
    dates += [decision.date for decision in gathered.ledger]
    return Site(
        version=harness.__version__,
        date=max(dates),
        benchmarks=tuple(
            describe(ground, images.get(name)) for name, ground in sorted(by_name.items())
        ),
        boards=boards,
        entries=tuple(_page(entry, gathered, boards, done) for entry in gathered.entries),
        decisions=_newest_first(gathered),
        refused=gathered.refused,
    )


def _newest_first(gathered: Gathered) -> tuple[Decision, ...]:
    return tuple(sorted(reversed(gathered.ledger), key=lambda each: each.date, reverse=True))


def _boards(
    done: Sequence[Done], opened_tasks: Mapping[str, OpenTask], grounds: Mapping[str, Ground]
) -> tuple[Board, ...]:
    by_task = sorted(done, key=lambda each: each.job.run.task)
    boards = []
    for name, group in groupby(by_task, key=lambda each: each.job.run.task):
        runs = list(group)
        boards += [
            make_board(opened_tasks[name].task, protocol, grounds[name], some)
            for protocol in runs[0].job.protocols
            for some in parted(runs, protocol)
            if protocol in board_protocols(some)
        ]
    order = {protocol: place for place, protocol in enumerate(PROTOCOLS)}
    boards.sort(key=lambda each: (each.benchmark, order[each.protocol], each.task, each.claimed))
    return tuple(boards)


def _page(
    entry: Entry, gathered: Gathered, boards: Sequence[Board], done: Sequence[Done]
) -> EntryPage:
    runs = {each.job.run.task: each for each in done if each.name == entry.name}
    return EntryPage(
        entry=entry.name,
        manifest=entry.manifest,
        card=entry.card,
        card_text=entry.card_text,
        level=level_of(gathered.ledger, entry.name, entry.sha256),
        decisions=decisions_on(gathered.ledger, entry.name),
        runs=tuple(
            _run_page(board, runs[board.task])
            for board in boards
            if any(row.entry == entry.name for row in board.rows)
        ),
    )


def _run_page(board: Board, done: Done) -> RunPage:
    tally = done.tally.boards[board.protocol]
    return RunPage(
        board=board.slug,
        run=done.job.run.run,
        prompt=done.tally.prompt,
        best=tally.best,
        worst=tally.worst,
        confused=tally.confused,
        out_of_prompt=done.tally.out_of_prompt,
    )
