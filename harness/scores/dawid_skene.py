"""How often each of several people is right, learnt from how they agree; what they say together.

A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28, 1979, for items of which each holds or does not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_VOTE: Final = -1
"""Stands in a table of votes where a person said nothing of an item."""
_MOST_ROUNDS: Final = 10_000
_STILL: Final = 1e-10
"""The largest change of a probability at which the rounds end."""
_LEAST: Final = 1e-12
"""A rate is taken to be no nearer to 0 or 1, so that its logarithm is a number."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """n items, k people."""

    holds: Floats
    """[n] probability that the item holds."""
    sensitivity: Floats
    """[k] how often the person says yes of an item that holds."""
    specificity: Floats
    """[k] how often the person says no of an item that does not."""
    prevalence: float
    """Share of the items that hold."""
    rounds: int
    converged: bool
    """Whether no probability moved any more before the rounds were over."""


def dawid_skene(votes: NDArray[np.int8], smoothing: float = 1.0) -> DawidSkene:
    """Estimate by expectation and maximisation which items hold, and how good each person is.

    `votes` [n, k] are 1 (it holds), 0 (it does not) and `NO_VOTE`. It begins at the share of yes
    among an item's votes, so that the answer is the same each time, and yes keeps its meaning as
    long as most people are right. `smoothing` is how many items each person is held to have had
    right and as many wrong, besides, of those that hold and of those that do not; the prevalence is
    smoothed alike. 0 gives the estimates of the paper, with which few votes make people infallible.

    ValueError for items without a vote: nothing is known of them.
    """
    yes, said = votes == 1, votes != NO_VOTE
    if not said.any(axis=1).all():
        raise ValueError("an item has no vote")
    holds = yes.sum(axis=1) / said.sum(axis=1)
    found = _rates(yes, said, holds, smoothing)
    for number in range(1, _MOST_ROUNDS + 1):
        before, holds = holds, _holds(yes, said, *found)
        found = _rates(yes, said, holds, smoothing)
        if not len(holds) or float(np.abs(holds - before).max()) < _STILL:
            return DawidSkene(holds, *found, number, converged=True)
    return DawidSkene(holds, *found, _MOST_ROUNDS, converged=False)


def _rates(
    yes: NDArray[np.bool_], said: NDArray[np.bool_], holds: Floats, smoothing: float
) -> tuple[Floats, Floats, float]:
    """The maximisation: rates of each person, and the prevalence, given what holds."""
    no = said & ~yes
    return (
        _share(holds @ yes, holds @ said, smoothing),
        _share((1 - holds) @ no, (1 - holds) @ said, smoothing),
        float(_share(holds.sum(), np.float64(len(holds)), smoothing)),
    )


def _share(part: Floats | np.float64, whole: Floats | np.float64, smoothing: float) -> Floats:
    """Give part / whole, smoothed; one half where there is nothing to learn from."""
    part, whole = np.asarray(part + smoothing), np.asarray(whole + 2 * smoothing)
    found: Floats = np.divide(part, whole, out=np.full(whole.shape, 0.5), where=whole > 0)
    return found


def _holds(
    yes: NDArray[np.bool_],
    said: NDArray[np.bool_],
    sensitivity: Floats,
    specificity: Floats,
    prevalence: float,
) -> Floats:
    """The expectation: probability that each item holds, given the rates."""
    up, down, share = (
        np.clip(each, _LEAST, 1 - _LEAST) for each in (sensitivity, specificity, prevalence)
    )
    no = said & ~yes
    odds = yes @ np.log(up / (1 - down)) + no @ np.log((1 - up) / down)
    odds = odds + np.log(share / (1 - share))
    found: Floats = np.exp(-np.logaddexp(0.0, -odds))
    return found
