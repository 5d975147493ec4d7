"""One factor: its levels beside each other on the images that all of them have."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from harness.scores.answers import Ints
from harness.scores.effects import Floats, cochran, interval, range_interval, redrawn
from harness.scores.metrics import percent, share
from harness.scores.statistics import Draws, Interval, mcnemar, student_t
from harness.studies.observe import Observed
from harness.studies.results import LevelEffect, SeedSpread


def aligned(levels: Sequence[Observed]) -> tuple[tuple[Observed, ...], int]:
    """Give k levels on the images that all of them score, and how many images are left out."""
    ids = [np.array(each.image_ids, dtype=object)[each.scored] for each in levels]
    common = reduce(lambda a, b: a & b, (set(each) for each in ids))
    every = {image_id for each in levels for image_id in each.image_ids}
    found = tuple(
        each.of(np.array([p for p, i in enumerate(each.image_ids) if i in common], dtype=np.int64))
        for each in levels
    )
    return found, len(every) - len(common)


class Levels:
    """k levels on the same n images, with their accuracies as whole classes are redrawn."""

    def __init__(self, levels: Sequence[Observed], draws: Draws) -> None:
        self._levels, self.n_left_out = aligned(levels)
        self.n_least = min(int(each.scored.sum()) for each in levels)
        self._right = np.stack([each.right & each.counted for each in self._levels])
        self._counted = np.stack([each.counted for each in self._levels])
        home: Ints = self._levels[0].home
        self._table = redrawn(self._right, self._counted, home, draws)

    @property
    def accuracies(self) -> list[float | None]:
        """The accuracies [k] in percent."""
        pairs = zip(self._right, self._counted, strict=True)
        return [percent(int(r.sum()), int(c.sum())) for r, c in pairs]

    @property
    def range(self) -> float | None:
        """The highest accuracy less the lowest; None where one has nothing that counts."""
        known = self._known()
        return None if known is None else float(known.max() - known.min())

    @property
    def range_ci95(self) -> Interval | None:
        """The interval of the range."""
        known = self._known()
        return None if known is None or self._table is None else range_interval(known, self._table)

    @property
    def p_cochran(self) -> float | None:
        """That all levels are right equally often; None where they do not count the same images."""
        if not self._counted.size or (self._counted != self._counted[0]).any():
            return None
        return cochran(self._right[:, self._counted[0]])

    @property
    def seeds(self) -> SeedSpread | None:
        """What levels that are seeds say together."""
        known = self._known()
        if known is None:
            return None
        found = student_t(known.tolist())
        return SeedSpread(n=found.n, mean=found.mean, deviation=found.deviation, ci95=found.ci95)

    def level(self, place: int, baseline: int | None, name: str, run: str | None) -> LevelEffect:
        """Give what one level comes to, beside the baseline level where there is one."""
        own, counted = self._levels[place], self._counted[place]
        versus = None if baseline in (None, place) else baseline
        only = self._discordant(place, versus) if versus is not None else None
        accuracies, base, flips = self.accuracies, None, None
        accuracy = accuracies[place]
        if versus is not None:
            base = accuracies[versus]
            flips = int(np.not_equal(own.answer, self._levels[versus].answer).sum())
        p_value = None if only is None else mcnemar(*only)
        return LevelEffect(
            level=name,
            run=run,
            protocol=own.protocol,
            n=int(counted.sum()),
            n_right=int(self._right[place].sum()),
            accuracy=accuracy,
            ci95=self._ends(place),
            oop=share(own.out, own.scored),
            is_baseline=place == baseline,
            delta=None if accuracy is None or base is None else accuracy - base,
            delta_ci95=None if versus is None else self._ends(place, versus),
            only_baseline=None if only is None else only[0],
            only_level=None if only is None else only[1],
            flips=flips,
            p_mcnemar=p_value,
            p_holm=p_value,
        )

    def _known(self) -> Floats | None:
        found = [each for each in self.accuracies if each is not None]
        return np.array(found) if found and len(found) == len(self._levels) else None

    def _ends(self, place: int, versus: int | None = None) -> Interval | None:
        if self._table is None:
            return None
        base = 0.0 if versus is None else self._table[:, versus]
        return interval(self._table[:, place] - base)

    def _discordant(self, place: int, versus: int) -> tuple[int, int] | None:
        """Give how many images only the baseline, and only the level, has right."""
        if (self._counted[place] != self._counted[versus]).any():
            return None
        own, base = self._right[place], self._right[versus]
        return int((base & ~own).sum()), int((own & ~base).sum())
