"""A share in a population whose parts were sampled each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.scores.statistics import Interval, wilson


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of a population, and what was seen of a random sample of the part."""

    size: int
    """Of the part in the population."""
    successes: int
    n: int


def of_strata(strata: Sequence[Stratum]) -> tuple[float, Interval] | None:
    """Give the share in a population of which every part was sampled by itself, with its 95 %
    interval, in percent; None where nothing was seen of a part.

    The shares of the parts are weighted by their sizes. The ends are as far from the estimate as
    those of the parts' Wilson intervals say together. Zou and Donner, "Construction of confidence
    limits about effect measures: a general approach", Statistics in Medicine 27, 2008.
    """
    size = sum(each.size for each in strata)
    ends = [wilson(each.successes, each.n) for each in strata]
    if not size or None in ends:
        return None
    share = down = up = 0.0
    for each, (low, high) in zip(strata, (end for end in ends if end), strict=True):
        weight, part = each.size / size, 100 * each.successes / each.n
        share += weight * part
        down += (weight * (part - low)) ** 2
        up += (weight * (high - part)) ** 2
    return share, (share - float(np.sqrt(down)), share + float(np.sqrt(up)))
