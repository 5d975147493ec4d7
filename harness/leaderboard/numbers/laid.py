"""The rows of a run of an entry laid beside the labels of its benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.labels.label_set import foreign
from harness.errors import DataError
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.scores.answers import Answers, Ints, to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.results import Protocol
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class LaidRun:
    """The rows, sorted by image id, and what the labels say of them."""

    entry: Entry
    case: RunCase
    benchmark: BenchmarkLabels
    rows: Sequence[Prediction]
    answers: Answers
    judged: tuple[Judgement, ...]
    rows_here: Ints
    """The rows whose image the benchmark has, …"""
    places: Ints
    """… and their places among its images."""

    def _under(self, name: str) -> Judgement:
        return next(each for each in self.judged if each.truth.name == name)

    @property
    def headline(self) -> Judgement:
        """The answers under the labels that rank."""
        return self._under(self.benchmark.headline.name)

    @property
    def original(self) -> Judgement | None:
        """The answers under the original labels, unless these are the headline."""
        before = self.benchmark.before
        return self._under(before.name) if before else None

    def spread(self, values: NDArray[Any], fill: Any = False) -> NDArray[Any]:
        """Lay values of the rows out over the benchmark's n images."""
        spread = np.full(len(self.benchmark.image_ids), fill, dtype=values.dtype)
        spread[self.places] = values[self.rows_here]
        return spread


def lay(entry: Entry, case: RunCase, benchmark: BenchmarkLabels) -> LaidRun:
    """Lay the rows of a run out. Raises DataError when none is of the benchmark's images."""
    where = f"entry `{entry.name}`, task `{case.run.task}`"
    rows = sorted(case.rows, key=lambda row: row.image_id)
    answers = to_answers(rows, case.opened.classes, where)
    truths = benchmark.truths if answers.image_ids == benchmark.image_ids else None
    # A task of cw_plus has no board of cw, and yet results under both.
    both: tuple[Protocol, ...] = ("cw", "cw_plus")
    protocols = both if "cw_plus" in case.run.protocols else case.run.protocols
    judged = judge(answers, benchmark.labels, protocols, truths)
    index = {image_id: place for place, image_id in enumerate(benchmark.image_ids)}
    places = np.array([index.get(each, -1) for each in answers.image_ids], dtype=np.int64)
    here = np.flatnonzero(places >= 0)
    if rows and not len(here):
        raise DataError(foreign(benchmark.labels.sets[0], answers.image_ids))
    return LaidRun(entry, case, benchmark, rows, answers, judged, here, places[here])
