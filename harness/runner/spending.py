"""What a run may cost, and where it ends so as not to cost more."""

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from harness.adapters.registry import takes_prices
from harness.answers.outcome import Status
from harness.errors import Problem, RunError, SpecError, UserError
from harness.specs.model import ModelSpec
from harness.store.prediction import Prediction

log = logging.getLogger("harness")
_ROUNDING = 1e-9
"""Share of a limit that sums of rounded prices may seem to be beside it."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What rows have cost, in US dollars."""

    total: float = 0.0
    dearest: float | None = None
    """Of one request; None where no row says."""
    unknown: int = 0
    """Answers that do not say what they cost."""

    @property
    def at_most(self) -> float:
        """The total, with what is not known as if it had cost as much as the dearest."""
        return self.total + self.unknown * (self.dearest or 0.0)

    @classmethod
    def of(cls, rows: Iterable[Prediction]) -> Self:
        """Sum up rows; of several images in a prompt each bears the cost of the whole request."""
        priced, unknown = [], 0
        for row in rows:
            if row.cost is not None:
                priced.append((row.cost, row.images_in_prompt or 1))
            else:
                unknown += row.status is not Status.ERROR
        total = math.fsum(cost / images for cost, images in priced)
        return cls(total, max((cost for cost, _ in priced), default=None), unknown)


class Spending:
    """Counts what the answers of this process cost, and ends the run before they cost more than
    its share of `--max_cost`. A request may cost as much as the dearest one of its task so far;
    before there is one, a single request is asked.
    """

    def __init__(self, limit: float, share: float, before: Sequence[Paid]) -> None:
        """`limit` is that of the command line, `share` what of it this process may spend now, and
        `before` what the answers on disk have cost; all in US dollars.
        """
        self._limit, self._left = limit, share * (1 + _ROUNDING)
        self._before, self._now = math.fsum(each.total for each in before), 0.0
        self._dearest: float | None = None

    def begin(self, paid: Paid) -> None:
        """Begin with a task, of which some is on disk."""
        self._dearest = paid.dearest

    def most(self) -> int:
        """Give how many requests may be asked now, 1 at least. Raises RunError where none may."""
        if self._dearest is None:
            affordable = 1.0 if self._left > 0 else 0.0
        elif self._dearest > 0:
            affordable = self._left / self._dearest
        else:
            affordable = math.inf if self._left >= 0 else 0.0
        if affordable < 1:
            raise RunError(str(self._end()))
        return int(min(affordable, 1e9))

    def add(self, rows: Sequence[Prediction]) -> None:
        """Count answers, which are on disk. Raises RunError where none says what it cost."""
        paid = Paid.of(rows)
        self._now += paid.total
        if paid.dearest is not None:
            self._dearest = max(self._dearest or 0.0, paid.dearest)
        self._left -= replace(paid, dearest=self._dearest).at_most
        if paid.unknown and self._dearest is None:
            what = "answers do not say how many tokens they took, so that their cost is not known"
            fix = "give the same command without --max_cost: what was answered is kept"
            raise RunError(str(Problem(f"--max_cost {self._limit:g}", what, fix=fix)))

    def _end(self) -> Problem:
        now, all_ = self._now, self._before + self._now
        return Problem(
            f"--max_cost {self._limit:g}",
            "another request could cost more than is left",
            got=f"US$ {all_:.6g} spent on the answers on disk, {now:.6g} of it by this process now",
            fix="give the same command with a higher --max_cost: what was answered is kept",
        )


def refuse_without_prices(model: ModelSpec, limit: float) -> None:
    """Raise UserError for a limit that is none, and for a model whose YAML names no prices."""
    if not 0 < limit < math.inf:
        fix = "give US dollars above 0"
        raise UserError(Problem("--max_cost", "is no limit", f"{limit:g}", fix=fix))
    if model.options.get("prices") is None:
        if not takes_prices(model):
            what = f"has no effect: adapter `{model.adapter}` has no prices"
            raise UserError(Problem("--max_cost", what, fix="leave it out"))
        what = "--max_cost needs the prices of the model, which its YAML does not name"
        fix = "--set_model options.prices='{input: 2.5, output: 10}', dollars for a million tokens"
        raise SpecError(model.problem("options.prices", what, fix=fix))


def warn_of_unknown(before: Sequence[Paid]) -> None:
    """Say that answers on disk do not say what they cost."""
    unknown = sum(each.unknown for each in before)
    if unknown:
        log.warning(
            "%d answers on disk do not say what they cost; each counts as the dearest that does, "
            "and as nothing where none does", unknown,
        )  # fmt: skip
