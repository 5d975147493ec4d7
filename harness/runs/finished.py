"""What a command shows of a run when it is done with it."""

from dataclasses import dataclass
from pathlib import Path

from harness.scores.results import Results
from harness.specs.task import Metric


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the files of a run are, and its scores (on the first process of a whole run only)."""

    path: Path
    results: Results | None
    metrics: tuple[Metric, ...] = ()
    """Columns that the task's `metric_list` asks for."""
    failed: int = 0
    """Images of this process that have an error and no answer."""
