"""Hold one run of an entry against its task, score it again for every board it is on, and write
its data scripts.

A run is scored in a process of its own; what comes back is small.
"""

import pickle
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.data.opened import OpenTask
from harness.leaderboard.entries.check_run import examine
from harness.leaderboard.entries.finding import Report, errors_in
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.entries.rules.rows import expected_ids
from harness.leaderboard.entries.rules.scores import compare_claims
from harness.leaderboard.files.data_scripts import write_run
from harness.leaderboard.numbers import gallery
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.laid import LaidRun, lay
from harness.leaderboard.numbers.site_model import OnImages, ScoredEntry
from harness.scores.answers import Bools
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol, Results
from harness.scores.scoring import request_of, results_of


def save_labels(labels: BenchmarkLabels, opened_tasks: Mapping[str, OpenTask], path: Path) -> None:
    """Write what each process reads: labels, and the tasks under them by name."""
    path.write_bytes(pickle.dumps((labels, dict(opened_tasks))))


@lru_cache(maxsize=1)
def _load_labels(path: Path) -> tuple[BenchmarkLabels, Mapping[str, OpenTask]]:
    """Read a file of `save_labels`; runs come sorted by benchmark, so that one is kept."""
    labels, opened_tasks = pickle.loads(path.read_bytes())
    return labels, opened_tasks


def score_entry_run(
    data: Path, entry: Entry, run: EntryRun, labels: Path
) -> tuple[ScoredEntry, ...] | Report:
    """Read the rows of a run, score them for each of its boards, and write its files below `data`;
    `labels` is a file of `save_labels`.

    Gives the errors where the checker refuses the run; nothing is written then. Raises DataError
    when the rows are of none of the benchmark's images.
    """
    benchmark, opened_tasks = _load_labels(labels)
    examined = examine(entry, run, opened_tasks[run.task])
    if examined.case is None:
        return Report(entry.name, entry.name, errors_in(examined.findings))
    laid = lay(entry, examined.case, benchmark)
    scored = tuple(_score(laid, each, examined.why_claimed(each)) for each in run.protocols)
    unproven = errors_in(compare_claims(examined.case, scored[0].results))
    if unproven:
        return Report(entry.name, entry.name, unproven)
    write_run(data, laid)
    return scored


def _score(laid: LaidRun, protocol: Protocol, why_claimed: str | None) -> ScoredEntry:
    """Score under one protocol."""
    results, headline, original = _results(laid, protocol), laid.headline, laid.original
    counted = counted_rows(laid.answers, protocol)
    best, worst = gallery.extremes(results.per_class[headline.truth.name])
    change = f"{original.truth.name}->{headline.truth.name}" if original else ""
    asked = _asked(laid)
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
        n_answered=int((asked & laid.spread(laid.answers.answered)).sum()),
        images=OnImages(
            right=_packed(laid.spread(headline.right[protocol] & headline.scope.scored)),
            scored=_packed(laid.spread(headline.scope.scored)),
            asked=_packed(asked),
            questions=_questions(laid) if protocol == "mc" else b"",
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


def _asked(laid: LaidRun) -> Bools:
    ids = expected_ids(laid.case)
    return np.array([each in ids for each in laid.benchmark.image_ids], dtype=np.bool_)


def _questions(laid: LaidRun) -> bytes:
    """Number the options of each image; hashes of integers are the same in every process."""
    hashes = [hash(row.options) or 1 if row.options else 0 for row in laid.rows]
    return laid.spread(np.array(hashes, dtype=np.int64), fill=0).tobytes()


def _first_prompt(laid: LaidRun) -> str | None:
    prompts = {each.sha256: each.text for each in laid.case.prompts}
    known = (prompts.get(row.prompt_sha256 or "") for row in laid.rows) if prompts else ()
    return next((text for text in known if text is not None), None)


def _packed(mask: Bools) -> bytes:
    return np.packbits(mask).tobytes()
