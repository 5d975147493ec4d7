"""A site built from the project's own entries, with what Python says of it beside."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import OpenTask
from harness.leaderboard.build import build
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.numbers.benchmark_labels import labels_of
from harness.leaderboard.numbers.gather import gather, open_tasks
from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site
from harness.scores.answers import to_answers
from harness.scores.metrics import counted_rows, right_rows
from harness.scores.results import Share
from harness.scores.scoring import ScoreRequest, score
from harness.scores.truth import to_truth
from harness.specs.catalogue import Catalogue
from harness.store.prediction import Prediction
from leaderboard.browser.hostile_entry import add_hostile_entry


@dataclass(frozen=True)
class BuiltSite:
    """The folder of the pages, and the numbers and entries that they were made of."""

    folder: Path
    site: Site
    entries: Mapping[str, Entry]
    opened_tasks: Mapping[str, OpenTask]

    @property
    def largest_board(self) -> Board:
        """The board with the most models."""
        return max(self.site.boards, key=lambda board: len(board.rows))

    @cached_property
    def _benchmarks(self) -> Mapping[str, Benchmark]:
        return {each.name: each for each in self.site.benchmarks}

    def images(self, board: Board) -> tuple[str, ...]:
        """The ids of all images."""
        return self._benchmarks[board.benchmark].image_ids

    def board(self, task: str, protocol: str) -> Board:
        return next(
            each for each in self.site.boards if (each.task, each.protocol) == (task, protocol)
        )

    def row(self, board: Board, name: str) -> ScoredEntry:
        return next(row for row in board.rows if row.name == name)

    def rows(self, name: str, task: str) -> Sequence[Prediction]:
        """The answers of an entry to a task."""
        entry = self.entries[name]
        return list(entry.rows(next(run for run in entry.manifest.runs if run.task == task)))

    def label_sets(self, task: str) -> Sequence[LabelSet]:
        return self.opened_tasks[task].labels.sets

    def equivalences(self, task: str) -> Equivalences:
        return self.opened_tasks[task].labels.equivalences

    def homes(self, board: Board) -> Mapping[str, int]:
        """The class that each image is filed under."""
        benchmark = labels_of(board.benchmark, self.opened_tasks[board.task])
        return dict(
            zip(benchmark.image_ids, benchmark.home(benchmark.headline).tolist(), strict=True)
        )

    def groups(self, board: Board) -> Mapping[str, str]:
        """The label group of each image."""
        benchmark = labels_of(board.benchmark, self.opened_tasks[board.task])
        names, codes = benchmark.group_codes()
        told = ["" if code >= len(names) else names[code] for code in codes]
        return dict(zip(benchmark.image_ids, told, strict=True))

    def per_class(self, board: Board, name: str) -> Mapping[str, Share]:
        """The accuracy of each class of an entry, by the scorer itself."""
        opened = self.opened_tasks[board.task]
        request = ScoreRequest(
            board.task, name, board.protocol, opened.classes, opened.labels, draws=1
        )
        return score(self.rows(name, board.task), request).per_class[board.headline]

    def right_images(self, board: Board, name: str) -> set[str]:
        """The images that an entry has right under the label set that ranks."""
        answers = to_answers(self.rows(name, board.task))
        labels = next(each for each in self.label_sets(board.task) if each.name == board.headline)
        truth = to_truth(labels, answers.image_ids, self.equivalences(board.task))
        right = right_rows(answers, truth, counted_rows(answers, board.protocol))
        return {image for image, is_right in zip(answers.image_ids, right, strict=True) if is_right}


def build_site(submissions: Path, folder: Path) -> BuiltSite:
    """Build the site of the entries and a hostile one in a folder."""
    entries, output = folder / "entries", folder / "site"
    shutil.copytree(submissions, entries)
    add_hostile_entry(entries, "mini", "mini_knn")
    catalogue = Catalogue()
    site = build(catalogue, entries, output, NO_OVERRIDES)
    found = gather(catalogue, entries).entries
    opened_tasks = open_tasks(catalogue, found, NO_OVERRIDES)
    return BuiltSite(output, site, {entry.name: entry for entry in found}, opened_tasks)
