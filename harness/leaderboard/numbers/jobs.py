"""Score all runs of all entries, in several processes when there is much to do."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from harness.data.opened import OpenTask
from harness.leaderboard.entries.finding import Finding, Report
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.files.data_scripts import remove_run, run_key
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.scoring import save_labels, score_entry_run
from harness.leaderboard.numbers.site_model import ScoredEntry

_FEW_ROWS = 20_000
"""So many are scored before other processes would have started."""


def score_all(
    entries: Sequence[Entry],
    opened_tasks: Mapping[str, OpenTask],
    labels: Mapping[str, BenchmarkLabels],
    data: Path,
) -> tuple[list[ScoredEntry], list[Report]]:
    """Score every run and write its files below `data`; sorted by benchmark, entry and task.

    `opened_tasks` and `labels` are by task. An entry with a run that the checker refuses is left
    out as a whole, and reported. Raises DataError for a run of none of the benchmark's images.
    """

    def key(job: tuple[Entry, EntryRun]) -> str:
        entry, run = job
        return run_key(labels[run.task].name, entry.name, run.task)

    jobs = sorted(((entry, run) for entry in entries for run in entry.manifest.runs), key=key)
    scored: list[ScoredEntry] = []
    refused: dict[str, list[Finding]] = {}
    # Beside the data, in the hidden folder of the site: what a kill leaves goes with it.
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        for each in {found.name: found for found in labels.values()}.values():
            under = {task: found for task, found in opened_tasks.items() if labels[task] is each}
            save_labels(each, under, Path(folder) / each.name)
        saved = [Path(folder) / labels[run.task].name for _, run in jobs]
        for found in _scored(data, jobs, saved):
            if isinstance(found, Report):
                refused.setdefault(found.name, []).extend(found.findings)
            else:
                scored += found
    for name in {key((each.entry, each.run)) for each in scored if each.name in refused}:
        remove_run(data, name)
    reports = [Report(name, name, tuple(found)) for name, found in sorted(refused.items())]
    return [each for each in scored if each.name not in refused], reports


def _scored(
    data: Path, jobs: Sequence[tuple[Entry, EntryRun]], saved: Sequence[Path]
) -> Iterator[tuple[ScoredEntry, ...] | Report]:
    processes = min(_processors(), len(jobs))
    entries, runs = [entry for entry, _ in jobs], [run for _, run in jobs]
    if processes < 2 or sum(run.run.n for run in runs) <= _FEW_ROWS:
        yield from map(partial(score_entry_run, data), entries, runs, saved)
        return
    # Spawned, not forked: the parent has threads (BLAS), which a fork would leave in mid-step.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(score_entry_run, data), entries, runs, saved)


def _processors() -> int:
    """Count the processors that this process may use, where the system says."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
