"""From the log-probabilities of names (or letters) to the outcome of an image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.requests import Scores

RANKED = "ranked"
"""The rule of a row whose class is the most likely of the choices."""
_KEPT = 5


@dataclass(frozen=True, slots=True)
class Best:
    """The best places of a list of scores, best first, and their scores."""

    places: tuple[int, ...]
    scores: tuple[float, ...]


def best_of(scores: Sequence[float], kept: int = _KEPT) -> Best:
    """Give the places of the highest scores; of equal ones the first place wins.

    Raises ValueError when a score is not a number.
    """
    if any(math.isnan(score) for score in scores):
        raise ValueError("a score is not a number (NaN)")
    places = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:kept]
    return Best(tuple(places), tuple(round(scores[place], 6) for place in places))


def by_sum(response: Scores) -> Best:
    """Rank the choices by the log-probability of their whole text, as lm-eval's `acc`."""
    return best_of(response.scores)


def per_token(response: Scores) -> Best:
    """Rank the choices by the mean log-probability of their tokens.

    Raises ValueError where their lengths are not known.
    """
    if response.lengths is None:
        raise ValueError("scores without `lengths`, the number of tokens of each choice")
    pairs = zip(response.scores, response.lengths, strict=True)
    return best_of([score / length for score, length in pairs])
