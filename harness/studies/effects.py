"""What is said of a factor beside others: its name, its ends, whether it is more than chance."""

from collections.abc import Iterator, Sequence

from harness.scores.results import Interval
from harness.scores.statistics import ALPHA
from harness.studies.results import FactorEffect, LevelEffect, ModelGap, StudyResults

LABELS = "labels"
"""The factor whose levels are label sets: other labels, the same answers."""
BLANK = "blank_images"
"""The control: what is answered without looking is no choice that somebody makes."""
FOR_SCALE = (LABELS, BLANK)
"""Factors with which the others are compared."""


def title_of(effect: FactorEffect) -> str:
    """Name a factor with what else is not as in the task: `image_order (images_per_prompt=4)`."""
    return f"{effect.factor} ({effect.held})" if effect.held else effect.factor


def apart_notes(effects: Sequence[FactorEffect], label_set: str) -> Iterator[str]:
    """Say under a label set which factors have levels with few images in common."""
    for each in effects:
        n = max((level.n for level in each.levels), default=0)
        if each.label_set == label_set and 2 * n < each.n_least:
            yield (
                f"{title_of(each)}, {each.model}: of {each.n_least} images or more of each level "
                f"{n or 'none'} {'are' if n > 1 else 'is'} in all levels, and no others are "
                "compared. `--limit` takes the first ones of each order, `--sample` the same ones."
            )


def effects_of(
    found: StudyResults, label_set: str | None = None, model: str | None = None
) -> list[FactorEffect]:
    """Give the factors with a range under a label set, else the headline, of one model or all;
    those of the widest range first.
    """
    chosen = label_set or found.headline
    effects = [
        each
        for each in found.factors
        if each.label_set == chosen and model in (None, each.model) and each.range is not None
    ]
    return sorted(effects, key=lambda each: -(each.range or 0))


def ends_of(effect: FactorEffect) -> tuple[LevelEffect, LevelEffect] | None:
    """Give the levels of the lowest and of the highest accuracy; None where no level has one."""
    levels = [each for each in effect.levels if each.accuracy is not None]
    if not levels:
        return None
    low, high = (choose(levels, key=lambda each: each.accuracy or 0) for choose in (min, max))
    return low, high


def is_told(effect: FactorEffect) -> bool:
    """Whether the levels differ by more than chance would have it: by `p_of`, and where there is
    none by the interval of a difference from the baseline that leaves 0 out.
    """
    p_value = p_of(effect)
    if p_value is not None:
        return p_value <= ALPHA
    intervals = [each.delta_ci95 for each in effect.levels if each.delta_ci95 is not None]
    return any(low > 0 or high < 0 for low, high in intervals)


def p_of(effect: FactorEffect) -> float | None:
    """Give the p-value that nothing moves: of seeds Cochran's Q; else the smallest of the levels
    against the baseline, after Holm's correction for all levels of the study. None without any.
    """
    if effect.p_cochran is not None:
        return effect.p_cochran
    return min((each.p_holm for each in effect.levels if each.p_holm is not None), default=None)


def size_of(gap: ModelGap) -> float:
    """Give the difference between two models without its sign."""
    return abs(gap.delta or 0)


def ends_without_sign(gap: ModelGap) -> Interval | None:
    """Give the interval of the difference, turned so that the difference is positive."""
    if gap.ci95 is None or (gap.delta or 0) >= 0:
        return gap.ci95
    return -gap.ci95[1], -gap.ci95[0]


def gaps_of(found: StudyResults, label_set: str | None = None) -> list[ModelGap]:
    """Give the differences between models under a label set, else the headline; widest first."""
    chosen = label_set or found.headline
    gaps = [each for each in found.gaps if each.label_set == chosen and each.delta is not None]
    return sorted(gaps, key=size_of, reverse=True)


def label_sets_of(found: StudyResults) -> Iterator[str]:
    """Give the label sets, that of the figures first."""
    yield found.headline
    yield from (each for each in found.label_sets if each != found.headline)
