"""Show how a run goes: rate, time left, running accuracy; on stderr, by one process only."""

from collections.abc import Sequence
from typing import Self

from rich import progress

from harness.answers.outcome import EXACT, Status
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.report import terminal
from harness.store.prediction import Prediction


class RunProgress:
    """A progress bar with the share of right answers so far under one label set."""

    def __init__(
        self, title: str, total: int, labels: LabelSet, equivalences: Equivalences, *, shown: bool
    ) -> None:
        self._labels = labels
        self._equivalences = equivalences
        self._scored = self._right = 0
        self._progress = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]}"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[accuracy]}", markup=False),
            console=terminal.Console(stderr=True),
            disable=not shown,
        )
        self._bar = self._progress.add_task(
            terminal.shown(title), total=total, accuracy="", rate=""
        )

    def add(self, rows: Sequence[Prediction]) -> None:
        """Count the rows of a batch."""
        for row in rows:
            self._count(row)
        speed = self._progress.tasks[0].speed
        rate = f"{speed:.1f} img/s" if speed else ""
        share = 100 * self._right / max(self._scored, 1)
        accuracy = f"{share:.1f} % {terminal.shown(self._labels.name)}" if self._right else ""
        self._progress.update(self._bar, advance=len(rows), accuracy=accuracy, rate=rate)

    def _count(self, row: Prediction) -> None:
        valid = self._labels.labels.get(row.image_id)
        if not valid or row.status is Status.ERROR:
            return
        self._scored += 1
        # Of an open world the exact names are known already, and are no accuracy of the whole.
        if row.status is Status.OK and row.class_id is not None and row.rule != EXACT:
            merged = self._equivalences.merge_all(valid)
            answered = self._equivalences.merge_all((row.class_id, *row.also))
            self._right += bool(merged & answered)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
