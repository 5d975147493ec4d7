"""How sure a run's answers are, row by row: which of their numbers can be compared with which."""

import math
from collections.abc import Mapping, Sequence
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
    """Of the answer's class: of ranked choices their share of the likelihood of all choices, where
    all are in `top_scores`; of a classifier its score, where the scores of a row sum to one."""
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
    scored = {place: row for place, row in enumerate(rows) if row.top_scores}
    shares = {place: _probability(row) for place, row in scored.items()}
    found: dict[Signal, Mapping[int, float | None]] = {
        Signal.SIMILARITY: {place: row.similarity for place, row in enumerate(rows)},
        Signal.MARGIN: {place: row.margin for place, row in enumerate(rows)},
    }
    if None in shares.values():
        found[Signal.SCORE] = {place: row.top_scores[0] for place, row in scored.items()}
    else:
        found[Signal.PROBABILITY] = shares
    laid = {signal: _laid(found[signal], len(rows)) for signal in Signal if signal in found}
    return {signal: values for signal, values in laid.items() if not np.isnan(values).all()}


def _laid(values: Mapping[int, float | None], n: int) -> Floats:
    places = [place for place, value in values.items() if value is not None]
    laid = np.full(n, np.nan)
    laid[places] = [values[place] for place in places]
    return laid


def _probability(row: Prediction) -> float | None:
    """Give the probability of the class of a row with scores; None where they are no such thing."""
    scores = row.top_scores
    if row.options and row.top_per_token:  # sums of log-probabilities, of all choices or the best
        if {*row.options} != {*row.top} or not math.isfinite(scores[0]):
            return None
        return 1 / math.fsum(math.exp(score - scores[0]) for score in scores)
    is_share = all(0 <= score <= 1 for score in scores) and abs(math.fsum(scores) - 1) <= _SUM
    return scores[0] if is_share else None
