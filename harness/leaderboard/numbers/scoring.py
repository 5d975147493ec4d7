"""Hold the runs of all entries against their tasks and score them again for every board they are
on, in several processes when there is much to do.

A run is scored in a process of its own; what comes back is small.
"""

import os
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from harness.data.opened import OpenTask
from harness.leaderboard.entries.check import examine
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.finding import Finding, Report, errors_in
from harness.leaderboard.entries.format import EntryRun
from harness.leaderboard.entries.rules.replay import check_claims
from harness.leaderboard.entries.rules.rows import expected_ids
from harness.leaderboard.files.data_scripts import remove_run, run_key, write_run
from harness.leaderboard.numbers import gallery
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels, LaidRun, lay
from harness.leaderboard.numbers.site_model import OnImages, ScoredEntry
from harness.leaderboard.numbers.suspects import votes_of
from harness.scores.answers import NO_CLASS, Bools
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol, Results
from harness.scores.scoring import request_of, results_of


@lru_cache(maxsize=1)
def _load_labels(path: Path) -> tuple[BenchmarkLabels, Mapping[str, OpenTask]]:
    """Read the labels of a benchmark and its tasks; runs come sorted by it, so that one is kept."""
    labels, opened_tasks = pickle.loads(path.read_bytes())
    return labels, opened_tasks


def score_entry_run(
    data: Path, entry: Entry, run: EntryRun, labels: Path
) -> tuple[ScoredEntry, ...] | Report:
    """Read the rows of a run, score them for each of its boards, and write its files below `data`;
    `labels` is a file that `score_all` saves.

    Gives the errors where the checker refuses the run; nothing is written then. Raises DataError
    when the rows are of none of the benchmark's images.
    """
    benchmark, opened_tasks = _load_labels(labels)
    examined = examine(entry, run, opened_tasks[run.task])
    if examined.case is None:
        return Report(entry.name, entry.name, errors_in(examined.findings))
    laid = lay(entry, examined.case, benchmark)
    scored = tuple(score_laid(laid, each, examined.why_claimed(each)) for each in run.protocols)
    unproven = errors_in(check_claims(examined.case, scored[0].results))
    if unproven:
        return Report(entry.name, entry.name, unproven)
    write_run(data, laid)
    return scored


def score_laid(laid: LaidRun, protocol: Protocol, why_claimed: str | None = None) -> ScoredEntry:
    """Score under one protocol; `why_claimed` says why the accuracy is a claim, if it is one."""
    results, headline, original = _results(laid, protocol), laid.headline, laid.original
    counted = counted_rows(laid.answers, protocol)
    best, worst = gallery.extremes(results.per_class[headline.truth.name])
    change = f"{original.truth.name}->{headline.truth.name}" if original else ""
    ids, answered = expected_ids(laid.case), laid.spread(laid.answers.answered)
    asked = np.array([each in ids for each in laid.benchmark.image_ids], dtype=np.bool_)
    return ScoredEntry(
        entry=laid.entry,
        run=laid.case.run,
        protocol=protocol,
        claimed=why_claimed,
        results=results.model_copy(update={"per_class": {}}),
        headline=results.scores[protocol][headline.truth.name],
        change=results.changes.get(change),
        decomposition=gallery.decompose(original, headline, protocol, counted),
        best=best,
        worst=worst,
        confused=gallery.most_confused(laid.answers, headline, protocol, counted),
        out_of_prompt=gallery.out_of_prompt(
            laid.rows, laid.answers, headline, laid.case.opened.classes
        ),
        prompt=_first_prompt(laid),
        is_mapped=bool(laid.answers.mapped.any()),
        n_answered=int((asked & answered).sum()),
        images=OnImages(
            right={
                each.truth.name: _packed(laid.spread(each.right[protocol] & each.scope.scored))
                for each in laid.judged
            },
            answered=_packed(answered),
            asked=_packed(asked),
            questions=_questions(laid) if protocol == "mc" else b"",
            votes=_votes(laid, counted) if protocol != "mc" else b"",
        ),
    )


def _results(laid: LaidRun, protocol: Protocol) -> Results:
    request = replace(
        request_of(laid.case.opened, laid.case.run.run),
        model=laid.entry.manifest.model,
        protocol=protocol,
        labels=laid.benchmark.labels,
        n_images=None,
        sample=None,
    )
    return results_of(laid.answers, laid.judged, request)


def _questions(laid: LaidRun) -> bytes:
    """Number the options of each image; hashes of integers are the same in every process."""
    hashes = [hash(row.options) or 1 if row.options else 0 for row in laid.rows]
    return laid.spread(np.array(hashes, dtype=np.int64), fill=0).tobytes()


def _votes(laid: LaidRun, counted: Bools) -> bytes:
    votes = votes_of(laid.answers, counted, laid.benchmark.labels.equivalences)
    return laid.spread(votes, fill=NO_CLASS).astype("<i2").tobytes()


def _first_prompt(laid: LaidRun) -> str | None:
    prompts = {each.sha256: each.text for each in laid.case.prompts}
    known = (prompts.get(row.prompt_sha256 or "") for row in laid.rows) if prompts else ()
    return next((text for text in known if text is not None), None)


def _packed(mask: Bools) -> bytes:
    return np.packbits(mask).tobytes()


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
            (Path(folder) / each.name).write_bytes(pickle.dumps((each, under)))
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
