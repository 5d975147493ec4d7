"""Which factors and differences of a study are said beside each other, and which are for scale."""

from collections.abc import Iterator, Sequence

from harness.studies.results import FactorEffect, ModelGap, StudyResults

LABELS = "labels"
"""The factor whose levels are label sets: other labels, the same answers."""
BLANK = "blank_images"
"""The control: what is answered without looking is no choice that somebody makes."""
FOR_SCALE = (LABELS, BLANK)
"""Factors with which the others are compared."""


def apart_notes(effects: Sequence[FactorEffect], label_set: str) -> Iterator[str]:
    """Say under a label set which factors have levels with few images in common."""
    for each in effects:
        n = max((level.n for level in each.levels), default=0)
        if each.label_set == label_set and 2 * n < each.n_least:
            yield (
                f"{each.title}, {each.model}: of {each.n_least} images or more of each level "
                f"{n or 'none'} {'are' if n > 1 else 'is'} in all levels, and no others are "
                "compared. `--limit` takes the first ones of each order, `--sample` the same ones."
            )


def effects_of(
    found: StudyResults, label_set: str | None = None, model: str | None = None
) -> list[FactorEffect]:
    """Give the factors with a range under a label set, else the headline; the widest first."""
    chosen = label_set or found.headline
    effects = [
        each
        for each in found.factors
        if each.label_set == chosen and model in (None, each.model) and each.range is not None
    ]
    return sorted(effects, key=lambda each: -(each.range or 0))


def gaps_of(found: StudyResults, label_set: str | None = None) -> list[ModelGap]:
    """Give the differences between models under a label set, else the headline; widest first."""
    chosen = label_set or found.headline
    gaps = [each for each in found.gaps if each.label_set == chosen and each.delta is not None]
    return sorted(gaps, key=lambda each: each.size, reverse=True)


def label_sets_of(found: StudyResults) -> Iterator[str]:
    """Give the label sets, that of the figures first."""
    yield found.headline
    yield from (each for each in found.label_sets if each != found.headline)
