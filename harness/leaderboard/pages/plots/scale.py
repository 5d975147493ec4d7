"""Where numbers lie on an axis, and where labels lie that must not cover each other."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis from `low` at position `start` to `high` at `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float
    """Between ticks."""

    def __call__(self, value: float) -> float:
        """Give the position of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Values to mark, ascending."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return tuple(number * self.step for number in range(first, last + 1))

    def tick_text(self, value: float) -> str:
        """Write a tick with as many decimals as its step needs."""
        return f"{value:.0f}" if self.step >= 1 else f"{value:.1f}"


def percent_scale(values: Iterable[float], start: float, end: float, ticks: int = 6) -> Scale:
    """Give an axis that holds all values and ends on ticks, within 0 to 100."""
    found = list(values) or [0.0, 100.0]
    low, high = max(0.0, min(found)), min(100.0, max(found))
    span = max(high - low, 1.0)
    step = next((step for step in _STEPS if span / step <= ticks), _STEPS[-1])
    low = max(0.0, math.floor((low - 0.02 * span) / step) * step)
    high = min(100.0, math.ceil((high + 0.02 * span) / step) * step)
    return Scale(low, max(high, low + step), start, end, step)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions as little as possible (in squares) so that neighbours are `gap` apart.

    Positions keep their order and stay within `low` and `high` when there is room. By pooling
    adjacent violators: Barlow et al., "Statistical Inference under Order Restrictions", 1972.
    """
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    pools: list[tuple[float, int]] = []
    for number, place in enumerate(order):
        mean, size = wanted[place] - number * gap, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        pools.append((mean, size))
    highest = high - (len(wanted) - 1) * gap
    flat = [max(low, min(mean, highest)) for mean, size in pools for _ in range(size)]
    placed = [0.0] * len(wanted)
    for number, place in enumerate(order):
        placed[place] = flat[number] + number * gap
    return placed
