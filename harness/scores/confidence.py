"""How sure a run's answers are, row by row: which of their numbers can be compared with which."""

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.store.prediction import Prediction

Floats = NDArray[np.float64]
_SUM = 1e-3
"""How far from 1 the sum of probabilities may be; each is written with six decimals."""


class Signal(StrEnum):
    """A number of a row that is higher where the answer is surer."""

    PROBABILITY = "probability"
    """Of the answer's class among all that there were to choose from: the row's `confidence`, else
    what `top_scores` say where they are of all choices, or sum to one."""
    SCORE = "score"
    """The first of `top_scores` that are no such probabilities: a logit, a cosine, votes, or the
    log-probability of a text among more choices than a row keeps."""
    SIMILARITY = "similarity"
    """Cosine between a mapped answer and its class."""
    MARGIN = "margin"
    """That, less the cosine of the second class."""


def confidences_of(rows: Sequence[Prediction]) -> dict[Signal, Floats]:
    """Give each signal that any of the rows has, [n]; NaN for the rows without it.

    Scores are probabilities where those of all rows are, as one that is not leaves open what the
    others are.
    """
    of_scores = [_probability(row) if row.top_scores else math.nan for row in rows]
    scores: list[float | None] = [None] * len(rows)
    if None in of_scores:
        scores = [row.top_scores[0] if row.top_scores else None for row in rows]
        of_scores = [None] * len(rows)
    known = [row.confidence for row in rows]
    found: dict[Signal, list[float | None]] = {
        Signal.PROBABILITY: [
            other if own is None else own for own, other in zip(known, of_scores, strict=True)
        ],
        Signal.SCORE: scores,
        Signal.SIMILARITY: [row.similarity for row in rows],
        Signal.MARGIN: [row.margin for row in rows],
    }
    # NumPy makes NaN of None.
    laid = {signal: np.array(values, dtype=np.float64) for signal, values in found.items()}
    return {signal: values for signal, values in laid.items() if not np.isnan(values).all()}


def _probability(row: Prediction) -> float | None:
    """Give the probability of the class of a row with scores; None where they are no such thing."""
    scores = row.top_scores
    if row.options and row.top_per_token:  # sums of log-probabilities, of all choices or the best
        if {*row.options} != {*row.top} or not math.isfinite(scores[0]):
            return None
        return 1 / math.fsum(math.exp(score - scores[0]) for score in scores)
    is_share = all(0 <= score <= 1 for score in scores) and abs(math.fsum(scores) - 1) <= _SUM
    return scores[0] if is_share else None
