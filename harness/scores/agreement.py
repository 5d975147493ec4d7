"""How far people who answered the same images agree, beyond chance where the measure says so.

Answers are codes: int64 [images, people], a category from 0, -1 where a person gave no answer. All
intervals are 95 % percentile intervals of a bootstrap in which whole images are redrawn with all
their answers, and what is expected by chance is computed again in each draw; the people and the
categories stay the same. So they are about other images of the kind and these people.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from harness.scores.statistics import Draws, Interval, class_weights, quantiles

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
MISSING: Final = -1
_AT_ONCE: Final = 256
"""Classes whose draws are held in memory at once."""
_MOST_UNDEFINED: Final = 0.05
"""Share of the draws in which a measure may have no value; with more there is no interval."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One measure of agreement."""

    value: float | None
    """None where it is not defined, never a number in its place; `reason` says why."""
    ci95: Interval | None
    n: int
    """Images that it is computed on."""
    reason: str | None = None
    """Why there is no value, or no interval."""


def coded(answers: Sequence[Sequence[Hashable | None]]) -> tuple[Codes, tuple[Hashable, ...]]:
    """Give codes [images, people] of answers, of which None is none, and what each stands for."""
    places: dict[Hashable, int] = {}
    people = len(answers[0]) if answers else 0
    codes = np.full((len(answers), people), MISSING, dtype=np.int64)
    for image, row in enumerate(answers):
        for person, answer in enumerate(row):
            if answer is not None:
                codes[image, person] = places.setdefault(answer, len(places))
    return codes, tuple(places)


def raw_agreement(codes: Codes, draws: Draws | None = None) -> Agreement:
    """Give the share (0 to 1) of pairs of answers to an image that are the same, as a mean over the
    images with at least two answers; not corrected for chance.

    The observed agreement of Fleiss, "Measuring nominal scale agreement among many raters", Psych.
    Bulletin 76, 1971, where numbers of answers may differ between images.
    """
    counts, m = _counted(codes)
    pairable = m >= 2
    if not pairable.any():
        return Agreement(None, None, 0, _why_none(codes))
    counts, m = counts[pairable], m[pairable]
    same = (counts * (counts - 1)).sum(1) / (m * (m - 1))
    return _measured(lambda weights: weights @ same / weights.sum(1), len(m), draws)


def cohen_kappa(codes: Codes, draws: Draws | None = None) -> Agreement:
    """Give Cohen's kappa of two people, `codes` [images, 2], on the images that both answered.

    (observed - expected) / (1 - expected), where expected by chance is the sum over categories of
    the product of the two people's shares. Cohen, "A coefficient of agreement for nominal scales",
    Educ. Psych. Meas. 20, 1960. None where no image has both answers, and where both give one and
    the same category throughout, so that chance alone expects full agreement.
    """
    codes = codes[(codes >= 0).all(1)]
    n = len(codes)
    if not n:
        return Agreement(None, None, 0, "no image that both answered")
    common = np.intersect1d(codes[:, 0], codes[:, 1])  # others are expected together with chance 0
    one, two = ((codes[:, place, None] == common).astype(np.float64) for place in (0, 1))
    same = (codes[:, 0] == codes[:, 1]).astype(np.float64)

    def kappa(weights: Floats) -> Floats:
        total = weights.sum(1)
        expected = ((weights @ one) * (weights @ two)).sum(1) / total**2
        return _beyond(weights @ same / total, expected)

    return _measured(kappa, n, draws, "one and the same category from both")


def fleiss_kappa(codes: Codes, draws: Draws | None = None) -> Agreement:
    """Give Fleiss' kappa of the images that have as many answers as most images have (at least
    two; of two numbers that are as common the larger). Who answered may differ between images.

    (observed - expected) / (1 - expected), where observed is `raw_agreement` and expected the sum
    of the squared shares of the categories in all answers. Fleiss, 1971. None where one category
    stands throughout.
    """
    counts, m = _counted(codes)
    numbers, often = np.unique(m[m >= 2], return_counts=True)
    if not len(numbers):
        return Agreement(None, None, 0, _why_none(codes))
    each = int(numbers[np.flatnonzero(often == often.max())[-1]])
    counts = counts[m == each]
    same = (counts * (counts - 1)).sum(1) / (each * (each - 1))

    def kappa(weights: Floats) -> Floats:
        total = weights.sum(1)
        shares = (weights @ counts) / (each * total[:, None])
        return _beyond(weights @ same / total, (shares**2).sum(1))

    return _measured(kappa, len(counts), draws, "one category")


def krippendorff_alpha(
    codes: Codes, draws: Draws | None = None, distances: Floats | None = None
) -> Agreement:
    """Give Krippendorff's alpha, 1 - observed / expected disagreement, of the images with at least
    two answers; answers may be missing.

    `distances` [categories, categories] are how far two categories are from each other, symmetric
    with 0 on the diagonal; by default nominal, 1 for every two that differ. An image with m answers
    weighs as m, each of its ordered pairs as 1 / (m - 1). Krippendorff, "Computing Krippendorff's
    alpha-reliability", 2011. None where no image has two answers, and where no two answers that
    count differ, so that chance expects no disagreement.
    """
    counts, m = _counted(codes)
    pairable = m >= 2
    if not pairable.any():
        return Agreement(None, None, 0, _why_none(codes))
    counts, m = counts[pairable], m[pairable]
    size = counts.shape[1]
    far = None if distances is None else distances[:size, :size]
    apart = _apart(codes[pairable], counts, far) / (m - 1)

    def alpha(weights: Floats) -> Floats:
        totals, n = weights @ counts, weights @ m
        alike = totals if far is None else n[:, None] - totals @ far
        expected = (n**2 - (alike * totals).sum(1)) / (n * (n - 1))
        return 1 - _divided(weights @ apart / n, expected)

    return _measured(alpha, len(m), draws, "one category")


def masi_distances(sets: Sequence[frozenset[int]]) -> Floats:
    """Give the MASI distance of every two label sets, none of them empty: [sets, sets], 0 to 1.

    1 - J M, where J is the share of common labels in all labels of the two (Jaccard) and M is 1 for
    equal sets, 2/3 where one holds the other, 1/3 where they overlap otherwise, 0 where they have
    nothing in common. Passonneau, "Measuring agreement on set-valued items (MASI) for semantic and
    pragmatic annotation", LREC 2006. ValueError for an empty set, which has no Jaccard index.
    """
    if not all(sets):
        raise ValueError("MASI is not defined for an empty set")
    labels = {label: place for place, label in enumerate(sorted(frozenset().union(*sets)))}
    has = np.zeros((len(sets), len(labels)))
    for place, each in enumerate(sets):
        has[place, [labels[label] for label in each]] = 1
    sizes, both = has.sum(1), has @ has.T
    small = np.minimum(sizes[:, None], sizes)
    large = np.maximum(sizes[:, None], sizes)
    alike = np.select([both == large, both == small, both > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    distances: Floats = 1 - alike * both / (small + large - both)
    return distances


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """How far people agree that one class is in an image."""

    n: int
    """Images with at least two answers in which anyone names it."""
    positive: float | None
    """Of the answers that name it, the share (0 to 1) of other answers to the same image that do
    too: specific agreement on "it is there"."""
    alpha: Agreement
    """Krippendorff's alpha of named or not named, over all images with at least two answers."""


def class_agreement(
    named: Floats, answers: Floats, draws: Draws | None = None
) -> tuple[ClassAgreement, ...]:
    """Give the binary view of each class: `named` [classes, images] is how many of the `answers`
    [images] to an image name it.

    `positive` is 2a / (2a + b + c) for two people (Cicchetti and Feinstein, "High agreement but low
    kappa: II", J. Clin. Epidemiol. 43, 1990), for more the same over all ordered pairs of answers,
    each of an image with m answers weighing 1 / (m - 1).
    """
    pairable = answers >= 2
    ones, m = named[:, pairable], answers[pairable]
    if not len(m):
        none = Agreement(None, None, 0, "no image has two answers")
        return tuple(ClassAgreement(0, None, none) for _ in named)
    found: list[ClassAgreement] = []
    for start in range(0, len(ones), _AT_ONCE):
        found += _class_agreement(ones[start : start + _AT_ONCE], m, draws)
    return tuple(found)


def _class_agreement(ones: Floats, m: Floats, draws: Draws | None) -> list[ClassAgreement]:
    apart = 2 * ones * (m - ones) / (m - 1)

    def alphas(weights: Floats) -> Floats:
        totals, n = weights @ ones.T, (weights @ m)[:, None]
        expected = 2 * totals * (n - totals) / (n * (n - 1))
        return 1 - _divided(weights @ apart.T / n, expected)

    values = alphas(np.ones((1, len(m))))[0].tolist()
    drawn: Iterable[Floats | None] = repeat(None, len(ones))
    if draws and len(m) > 1:
        drawn = alphas(class_weights(len(m), draws)).T
    both = (ones * (ones - 1) / (m - 1)).sum(1)
    return [
        ClassAgreement(
            int((each > 0).sum()),
            float(common / each.sum()) if each.any() else None,
            _agreement(value, of_draws, len(m), "one answer"),
        )
        for each, common, value, of_draws in zip(ones, both, values, drawn, strict=True)
    ]


def _counted(codes: Codes) -> tuple[Floats, Floats]:
    """Give how often each category stands, [images, categories], and all answers [images]."""
    size = int(codes.max(initial=MISSING)) + 1
    counts = np.zeros((len(codes), size))
    for person in range(codes.shape[1]):
        given = np.flatnonzero(codes[:, person] >= 0)
        counts[given, codes[given, person]] += 1
    return counts, counts.sum(1)


def _apart(codes: Codes, counts: Floats, far: Floats | None) -> Floats:
    """Give the sum of the distances of all ordered pairs of answers to an image: [images]."""
    m = counts.sum(1)
    if far is None:
        apart: Floats = m**2 - (counts**2).sum(1)
        return apart
    packed = -np.sort(-codes, axis=1)[:, : int(m.max())]  # who answered what makes no difference
    apart = np.zeros(len(codes))
    for one in range(packed.shape[1]):
        for two in range(one + 1, packed.shape[1]):
            both = packed[:, two] >= 0
            apart[both] += 2 * far[packed[both, one], packed[both, two]]
    return apart


def _why_none(codes: Codes) -> str:
    answered = int((codes >= 0).any(0).sum())
    return "no image has two answers" if answered > 1 else "fewer than two people answered"


def _beyond(observed: Floats, expected: Floats) -> Floats:
    return 1 - _divided(1 - observed, 1 - expected)


def _divided(above: Floats, below: Floats) -> Floats:
    """Divide; NaN, which `_measured` takes out, where nothing is expected by chance."""
    some = below > 1e-12
    return np.where(some, above / np.where(some, below, 1), np.nan)


def _measured(
    measure: Callable[[Floats], Floats], n: int, draws: Draws | None, undefined: str = ""
) -> Agreement:
    """Take a measure of all n images, each once, and of the draws."""
    value = float(measure(np.ones((1, n)))[0])
    drawn = measure(class_weights(n, draws)) if draws and n > 1 and not np.isnan(value) else None
    return _agreement(value, drawn, n, undefined)


def _agreement(value: float, drawn: Floats | None, n: int, undefined: str) -> Agreement:
    """Give a measure and its interval; NaN is where it is `undefined`."""
    if np.isnan(value):
        return Agreement(None, None, n, f"{undefined} throughout")
    if drawn is None:
        return Agreement(value, None, n, "one image alone gives no interval" if n == 1 else None)
    is_number = ~np.isnan(drawn)
    if 1 - is_number.mean() > _MOST_UNDEFINED:
        return Agreement(value, None, n, f"no interval: many draws have {undefined} throughout")
    return Agreement(value, quantiles(drawn[is_number]), n)
