"""How many images may fail before a run gives up."""

import math
from dataclasses import dataclass

from harness.errors import Problem, RunError, UserError

_AT_LEAST = 10  # a share of a small run is not let below this


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """A share of the images that a process answers (under 1), or a count of them."""

    value: float
    text: str

    @classmethod
    def parse(cls, text: str) -> "ErrorBudget":
        """Read `0.1` (a share) or `20` (a count). Raises UserError for anything else."""
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not (0 <= value < 1 or (value >= 1 and value.is_integer())):
            fix = "give a share below 1, such as 0.1, or a count, such as 20"
            raise UserError(Problem("--max_errors", "is not a budget", text, fix=fix))
        return cls(value, text)

    def allowed(self, images: int) -> int:
        """Give how many of so many images may fail; a share allows ten at least, 0 none."""
        if self.value == 0 or self.value >= 1:
            return int(self.value)
        return max(_AT_LEAST, math.floor(self.value * images))


TENTH = ErrorBudget(0.1, "0.1")


class ErrorCount:
    """Counts the images of this launch that failed, and gives up when they are too many."""

    def __init__(self, budget: ErrorBudget, images: int) -> None:
        self._budget = budget
        self._allowed = budget.allowed(images)
        self.failed = 0

    def add(self, errors: list[str]) -> None:
        """Count errors. Raises RunError when the budget is spent; rows must be on disk by then."""
        self.failed += len(errors)
        if self.failed > self._allowed:
            what = f"{self.failed} images failed, more than --max_errors {self._budget.text} allows"
            fix = "mend the cause and give the same command: what was answered is kept, what failed"
            fix += " is asked again"
            raise RunError(str(Problem("run", f"{what} ({self._allowed})", errors[-1], fix=fix)))
