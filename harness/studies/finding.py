"""What a study found in plain sentences, made of its numbers alone."""

import math
from collections.abc import Iterator

from harness.report.drawing import clipped
from harness.report.forms import plain
from harness.report.table import Number
from harness.scores.statistics import ALPHA
from harness.studies.effects import FOR_SCALE, LABELS, effects_of, gaps_of
from harness.studies.results import FactorEffect, ModelGap, StudyResults

_LONGEST = 60
"""Characters of a name in a sentence."""


def findings(found: StudyResults) -> Iterator[str]:
    """Say which factor moves the accuracy most, and how other labels and models compare."""
    effects = effects_of(found)
    own = [each for each in effects if each.factor not in FOR_SCALE]
    if not own:
        return
    told = [each for each in own if each.is_told]
    if not told:
        widest = own[0]
        yield (
            f"No factor moves the accuracy by more than chance would have it: the widest range is "
            f"{_range(widest)} points, of {_title(widest)} ({_name(widest.model)})."
        )
        return
    first = told[0]
    ends = first.extremes
    between = f", from “{_name(ends[0].level)}” to “{_name(ends[1].level)}”" if ends else ""
    what = f"the accuracy of {_name(first.model)} by {_range(first)} points{between}"
    yield f"The factor {_title(first)} moves {what}."
    labels = (each for each in effects if (each.factor, each.model) == (LABELS, first.model))
    for each in labels:
        yield _beside(first, each)
    yield from _gap(first, gaps_of(found))
    rest = [each for each in own if each not in told]
    if rest:
        names = ", ".join(dict.fromkeys(map(_title, rest)))
        yield f"Not told from chance: {names}."


def _title(effect: FactorEffect) -> str:
    return _name(effect.title)


def _name(text: str) -> str:
    return clipped(text, _LONGEST)


def _range(effect: FactorEffect) -> str:
    return plain(Number(effect.range, effect.range_ci95))


def _beside(first: FactorEffect, labels: FactorEffect) -> str:
    what = "what other labels change"
    if not labels.is_told:
        return f"For scale, {what} is not told from chance: {_range(labels)} points."
    times = _times(first.range or 0, labels.range or 0)
    return f"That is {times} {what}: {_range(labels)} points."


def _gap(first: FactorEffect, gaps: list[ModelGap]) -> Iterator[str]:
    if not gaps:
        return
    gap = gaps[0]
    size = plain(Number(gap.size, gap.size_ci95))
    pair = f"{_name(gap.a)} and {_name(gap.b)}"
    what = f"difference between {pair}"
    if len(gaps) > 1:
        what = f"widest difference between two models ({pair})"
    if gap.p_mcnemar < ALPHA:
        yield f"It is {_times(first.range or 0, gap.size)} the {what}: {size} points."
    else:
        yield f"The {what} is not told from chance: {size} points."


def _times(size: float, other: float) -> str:
    """Say how many times `other` a size is, and never too much."""
    ratio = size / other if other else math.inf
    if ratio >= 100:
        return "more than 100 times"
    if ratio >= 2:
        whole = math.floor(ratio)
        return f"{'more than ' if ratio > whole else ''}{whole} times"
    return f"{math.floor(ratio * 10) / 10:.1f} times"
