"""Whether a run's answers are right as often as they are sure, and surer where they are right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.scores.answers import Answers, Bools, Ints
from harness.scores.confidence import Floats, Signal
from harness.scores.judgement import Judgement
from harness.scores.metrics import counted_rows
from harness.scores.result_parts import Calibration, CalibrationError, Protocol, ReliabilityBin
from harness.scores.statistics import NORMAL, Draws, Interval, class_weights, quantiles

BINS = 15
COVERAGE = 0.8


def calibration_of(
    answers: Answers, judged: Sequence[Judgement], protocols: Sequence[Protocol], draws: Draws
) -> dict[Protocol, dict[str, dict[Signal, Calibration]]]:
    """Give key `calibration`, by protocol, label set and signal; what has no signal is left out."""
    found = {
        protocol: {each.truth.name: _signals(answers, each, protocol, draws) for each in judged}
        for protocol in protocols
    }
    return {
        protocol: kept
        for protocol, by_labels in found.items()
        if (kept := {name: signals for name, signals in by_labels.items() if signals})
    }


def _signals(
    answers: Answers, judged: Judgement, protocol: Protocol, draws: Draws
) -> dict[Signal, Calibration]:
    """Give the calibration of each signal on the scored images whose answer counts and has it."""
    among = judged.scope.scored & counted_rows(answers, protocol)
    found: dict[Signal, Calibration] = {}
    for signal, values in answers.confidences.items():
        rows = among & ~np.isnan(values)
        if rows.any():
            right, home = judged.right[protocol][rows], judged.scope.home[rows]
            found[signal] = _calibration(signal, values[rows], right, home, draws)
    return found


def _calibration(
    signal: Signal, values: Floats, right: Bools, home: Ints, draws: Draws
) -> Calibration:
    order = ranked(values)
    n, n_right = len(right), int(right.sum())
    area, area_interval = auroc(order, right)
    errors = expected_errors(order, right)
    kept = int(np.ceil(round(COVERAGE * n, 6)))
    return Calibration(
        n=n,
        accuracy=100 * n_right / n,
        auroc=area,
        auroc_ci95=area_interval,
        aurc=100 * float(np.mean(errors / np.arange(1, n + 1))),
        accuracy_at_80=100 * (1 - float(errors[kept - 1]) / kept),
        ece=calibration_error(order, values, right, home, draws)
        if signal is Signal.PROBABILITY
        else None,
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """n values in groups of equal ones, ascending."""

    group: Ints
    """[n] the group of each value."""
    sizes: Ints
    """[g] values of each group."""

    @property
    def mid_ranks(self) -> Floats:
        """[n] the rank of each value, from 1; equal ones share the mean of theirs."""
        mid: Floats = np.cumsum(self.sizes) - (self.sizes - 1) / 2
        return mid[self.group]


def ranked(values: Floats) -> Ranked:
    """Rank n values."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return Ranked(group, sizes)


def auroc(order: Ranked, right: Bools) -> tuple[float | None, Interval | None]:
    """Give in percent the probability that a right answer is surer than a wrong one, equally sure
    ones counted half, and its 95 % interval; None where all answers are right or all are wrong.

    The area under the ROC curve of right against wrong, which is Mann and Whitney's statistic.
    Interval: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, by ranks as Sun and Xu, IEEE
    Signal Processing Letters 21, 2014, clipped to 0 and 100; None with fewer than two of either.
    """
    m = int(right.sum())
    n = len(right) - m
    if not m or not n:
        return None, None
    own = np.empty(len(right))
    for side in (right, ~right):
        own[side] = ranked(order.group[side].astype(np.float64)).mid_ranks
    # How many of the other side are below a right one, above a wrong one, as a share.
    others = order.mid_ranks - own
    below, above = others[right] / n, 1 - others[~right] / m
    area = float(below.mean())
    if min(m, n) < 2:
        return 100 * area, None
    half = NORMAL * float(below.var(ddof=1) / m + above.var(ddof=1) / n) ** 0.5
    return 100 * area, (100 * max(0.0, area - half), 100 * min(1.0, area + half))


def expected_errors(order: Ranked, right: Bools) -> Floats:
    """Give how many of the i surest answers are wrong, for i from 1 to n, [n].

    Of equally sure ones any is as likely to be among the i: the expectation. Divided by i it is the
    risk of the risk-coverage curve, whose mean is its area (Geifman and El-Yaniv, "Selective
    classification for deep neural networks", NeurIPS 2017).
    """
    wrong = np.bincount(order.group, weights=~right, minlength=len(order.sizes))
    share: Floats = np.repeat((wrong / order.sizes)[::-1], order.sizes[::-1])
    errors: Floats = np.cumsum(share)
    return errors


def bins_of(order: Ranked) -> Ints:
    """Give the bin [n] of each value: `BINS` of equal mass, equal values in one bin, by mid-rank.

    Where there are many equal values, or fewer values than bins, some bins have none.
    """
    n = len(order.group)
    return np.floor((order.mid_ranks - 0.5) * BINS / n).astype(np.int64)


def calibration_error(
    order: Ranked, values: Floats, right: Bools, home: Ints, draws: Draws
) -> CalibrationError:
    """Give the expected calibration error of probabilities [n], with the curve's bins."""
    bins, n = bins_of(order), len(values)
    sizes = np.bincount(bins, minlength=BINS)
    sure, hits, spread = (
        np.bincount(bins, weights=each, minlength=BINS)
        for each in (values, right, values * (1 - values))
    )
    return CalibrationError(
        ece=100 * float(np.abs(sure - hits).sum()) / n,
        ci95=_error_interval(bins, values - right, home, draws),
        expected=100 * float(np.sqrt(spread * 2 / np.pi).sum()) / n,
        bins=tuple(
            ReliabilityBin(
                n=int(size),
                confidence=100 * float(sure[place] / size),
                accuracy=100 * float(hits[place] / size),
            )
            for place, size in enumerate(sizes)
            if size
        ),
    )


def _error_interval(bins: Ints, excess: Floats, home: Ints, draws: Draws) -> Interval | None:
    """Give the 95 % interval of the error when whole classes are redrawn, in fixed bins.

    Chance makes the error larger, and that of draws larger again, so that percentiles of draws may
    all be above the truth. The upper end is their 97.5 % quantile, the lower one as far below the
    error, and 0 where the bins stray from calibration no further than draws stray from the data in
    97.5 % of cases. None with fewer than two classes.
    """
    ids, places = np.unique(home, return_inverse=True)
    if len(ids) < 2:
        return None
    cells = places * BINS + bins
    table = np.bincount(cells, weights=excess, minlength=len(ids) * BINS).reshape(-1, BINS)
    weights = class_weights(len(ids), draws)
    drawn = weights @ table / (weights @ np.bincount(places))[:, None]
    own = table.sum(axis=0) / len(excess)
    error = float(np.abs(own).sum())
    high = max(error, quantiles(np.abs(drawn).sum(axis=1))[1])
    by_chance = quantiles(np.abs(drawn - own).sum(axis=1))[1]
    low = 0.0 if error <= by_chance else max(0.0, 2 * error - high)
    return 100 * low, 100 * high
