"""Every two models of a board, held against each other on the images that both answered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from harness.scores.statistics import Interval


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models of a board on the images that both answered, under the headline label set."""

    a: str
    b: str
    n: int
    only_a: int
    only_b: int
    delta: float | None
    """Accuracy of a less that of b, in points."""
    ci95: Interval | None
    """Of `delta`, by the shared draws."""
    p_mcnemar: float
    p_holm: float
    """After Holm's correction over all pairs of the board."""


@dataclass(frozen=True, slots=True)
class Pairs(Sequence[Pair]):
    """Every two of m models, as arrays: a million pairs are 60 MB and not a gigabyte."""

    names: tuple[str, ...]
    """Of the m entries, in the order of the rows; pairs are (0, 1), (0, 2), … (m - 2, m - 1)."""
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    n: NDArray[np.int64]
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]
    ci95: NDArray[np.float64]
    """[pairs, 2]; NaN where there is none."""
    p_mcnemar: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.n)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Pair]: ...
    def __getitem__(self, place: int | slice) -> Pair | Sequence[Pair]:
        """Give one pair, or some."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        n, only_a, only_b = (int(each[place]) for each in (self.n, self.only_a, self.only_b))
        low, high = self.ci95[place].tolist()
        return Pair(
            a=self.names[self.a[place]],
            b=self.names[self.b[place]],
            n=n,
            only_a=only_a,
            only_b=only_b,
            delta=100 * (only_a - only_b) / n if n else None,
            ci95=None if math.isnan(low) else (low, high),
            p_mcnemar=float(self.p_mcnemar[place]),
            p_holm=float(self.p_holm[place]),
        )
