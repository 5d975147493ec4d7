"""The part of `results.json` that says how far confidences are those of right answers."""

from harness.scores.result_parts import Interval, Part, Percent
from harness.scores.statistics import wilson


class ReliabilityBin(Part):
    """One point of the reliability curve."""

    n: int
    confidence: Percent
    """Mean probability of its answers."""
    accuracy: Percent

    @property
    def ci95(self) -> Interval:
        """Wilson's 95 % interval of the accuracy; a bin is never empty."""
        return wilson(round(self.accuracy * self.n / 100), self.n) or (0.0, 100.0)


class CalibrationError(Part):
    """How far probabilities are from the accuracy."""

    ece: Percent
    """Expected calibration error in bins of equal mass, percentage points."""
    ci95: Interval | None
    """When whole classes are redrawn, in fixed bins; null for one class."""
    expected: Percent
    """What a perfectly calibrated model with these probabilities has on average, by chance."""
    bins: tuple[ReliabilityBin, ...]
    """Ascending; those that have answers."""


class Calibration(Part):
    """How one signal of confidence goes with what is right, under one label set and protocol."""

    n: int
    """Scored images whose answer counts under the protocol and has the signal."""
    accuracy: Percent
    """Of these n."""
    auroc: Percent | None
    """Probability that a right answer is surer than a wrong one; null without both."""
    auroc_ci95: Interval | None
    """DeLong's."""
    aurc: Percent
    """Area under the risk-coverage curve; 100 less accuracy for a signal that says nothing."""
    accuracy_at_80: Percent
    """Of the surest 80 % of the n."""
    ece: CalibrationError | None
    """Null for a signal that is no probability."""
