"""Score all runs of all entries, in several processes when there is much to do."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from harness.data.opened import OpenTask
from harness.leaderboard.entries.finding import Finding, Report
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.files.data_scripts import remove_run
from harness.leaderboard.files.tables import run_key
from harness.leaderboard.numbers.boards import Done
from harness.leaderboard.numbers.ground import Ground
from harness.leaderboard.numbers.scoring import Job, RunTally, save_ground, score_run
from harness.score.provenance import distractors_of

_FEW_ROWS = 20_000
"""So many are scored before other processes would have started."""


def score_all(
    entries: Sequence[Entry],
    opened_tasks: Mapping[str, OpenTask],
    grounds: Mapping[str, Ground],
    data: Path,
) -> tuple[list[Done], list[Report]]:
    """Score every run and write its files below `data`; sorted by benchmark, entry and task.

    `opened_tasks` and `grounds` are by task. An entry with a run that the checker refuses is left
    out as a whole, and reported. Raises DataError for a run of none of the benchmark's images.
    """
    # Beside the data, in the hidden folder of the site: what a kill leaves goes with it.
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        saved = {ground.name: Path(folder) / ground.name for ground in grounds.values()}
        for ground in {each.name: each for each in grounds.values()}.values():
            on_it = {name: each for name, each in opened_tasks.items() if grounds[name] is ground}
            save_ground(ground, on_it, saved[ground.name])
        jobs = [
            Job(
                entry=entry,
                run=run,
                protocols=("cw", "cw_plus") if run.protocol == "cw" else (run.protocol,),
                distractors=distractors_of(opened_tasks[run.task].task, run.run),
                ground=saved[grounds[run.task].name],
                data=data,
                key=run_key(grounds[run.task].name, entry.name, run.task),
            )
            for entry in entries
            for run in entry.manifest.runs
        ]
        jobs.sort(key=lambda job: job.key)
        return _sorted_out(jobs, _tallies(jobs))


def _sorted_out(
    jobs: Sequence[Job], tallies: Iterable[RunTally | tuple[Finding, ...]]
) -> tuple[list[Done], list[Report]]:
    """Part the runs of entries that are refused from the others, and take away their files."""
    done: list[Done] = []
    refused: dict[str, list[Finding]] = {}
    for job, tally in zip(jobs, tallies, strict=True):
        if isinstance(tally, RunTally):
            done.append(Done(job, tally))
        else:
            refused.setdefault(job.entry.name, []).extend(tally)
    for each in done:
        if each.name in refused:
            remove_run(each.job.data, each.job.key)
    reports = [Report(name, name, tuple(found)) for name, found in sorted(refused.items())]
    return [each for each in done if each.name not in refused], reports


def _tallies(jobs: Sequence[Job]) -> Iterator[RunTally | tuple[Finding, ...]]:
    processes = min(_processors(), len(jobs))
    if processes < 2 or sum(job.run.run.n for job in jobs) <= _FEW_ROWS:
        yield from map(score_run, jobs)
        return
    # Spawned, not forked: the parent has threads (BLAS), which a fork would leave in mid-step.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(score_run, jobs)


def _processors() -> int:
    """Count the processors that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
