"""A suspicion about order: accuracy that rises or falls along the file."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding
from harness.scores.answers import Bools, Ints
from harness.scores.judgement import judge

P_VALUE = 0.001


def check_drift(case: RunCase) -> Iterator[Finding]:
    """Right answers are as frequent at the end of the file as at its beginning (W604).

    By `trend` over the scored images of the headline labels, in the order of the file, within
    classes, since an order by class is no fault of the model. On ImageNet val under ReaL the
    answers of ResNet-50, ResNet-152, VGG-16 and SqueezeNet 1.1 give |z| < 0.8; z = 3.29 is
    p = 0.001.
    """
    labels = case.headline or case.original
    if labels is None:
        return
    place = case.opened.labels.sets.index(labels)
    judged = judge(case.answers, case.opened.labels, [case.widest])[place]
    scope, right = judged.scope, judged.right[case.widest][judged.scope.scored]
    z = trend(right, scope.home[scope.scored])
    p_value = math.erfc(abs(z) / math.sqrt(2))
    if p_value < P_VALUE:
        first, last = _tenths(right)
        text = f"first tenth {first:.2f} %, last tenth {last:.2f} % right; p = {p_value:.1g}"
        yield Finding("W604", case.where, text)


def trend(right: Bools, strata: Ints) -> float:
    """Give the standard normal deviate of a trend of `right` [n] along its places, within strata.

    Mantel's test with one degree of freedom ("Chi-square tests with one degree of freedom;
    extensions of the Mantel-Haenszel procedure", JASA 58, 1963): in each stratum (`strata` [n]) the
    covariance of place and answer, its variance under all orders of the stratum's answers, both
    summed. 0 where nothing decides.
    """
    covariance = variance = 0.0
    order = np.argsort(strata, kind="stable")
    starts = np.flatnonzero(np.diff(strata[order])) + 1
    for places in np.split(order, starts):
        if len(places) > 1:
            x, y = _centred(places), _centred(right[places])
            covariance += float(x @ y)
            variance += float(x @ x) * float(y @ y) / (len(places) - 1)
    return covariance / math.sqrt(variance) if variance > 0 else 0.0


def _centred(values: Ints | Bools) -> NDArray[np.float64]:
    floats = values.astype(np.float64)
    centred: NDArray[np.float64] = floats - floats.mean()
    return centred


def _tenths(right: Bools) -> tuple[float, float]:
    size = max(len(right) // 10, 1)
    return 100 * float(right[:size].mean()), 100 * float(right[-size:].mean())
