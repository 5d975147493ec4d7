"""Suspicions about a run: too few classes, drift, perfection, and what no model should know."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.answers.outcome import Status
from harness.data.labels.label_set import LabelSet
from harness.leaderboard.entries.entry import RunCase
from harness.leaderboard.entries.finding import Finding, listed
from harness.scores.answers import Answers, Bools, Ints
from harness.scores.judgement import Judgement
from harness.scores.metrics import right_rows
from harness.scores.statistics import wilson
from harness.scores.truth import Truth

NO_CLASS_SHARE = 0.05
CLASS_SHARE = 0.05
UNIFORM = 5
"""So many times 1/classes is too much for a small list: 7.8 % of 64 classes."""
OF_LABELS = 2
"""A class that has more of the labels may have more of the answers."""
ENOUGH_IMAGES = 10
"""A class with so many images is left out by chance with probability e^-10, were every answer
drawn by the frequency of the labels. ResNet-50, ResNet-152, VGG-16 and SqueezeNet 1.1 on ImageNet
val answer every class, the rarest 11 times."""


def check_no_class(case: RunCase) -> Iterator[Finding]:
    """Few answers are out of prompt, unparsed or refused (W601)."""
    statuses = (Status.OOP, Status.UNPARSED, Status.REFUSED)
    share = sum(row.status in statuses for row in case.rows) / max(len(case.rows), 1)
    if share > NO_CLASS_SHARE:
        yield Finding("W601", case.where, f"{100 * share:.2f} % of {len(case.rows)} answers")


def check_frequent(case: RunCase) -> Iterator[Finding]:
    """No class is answered much more often than it can be right (W602).

    Above 5 % of the answers, above five times the uniform share, and above twice the class's share
    of the headline labels, or of the original ones where there are no others.
    """
    labels = case.opened.labels.headline or case.opened.labels.original
    counts = Counter(row.class_id for row in case.rows if row.class_id is not None)
    n, truths = len(case.rows), _label_counts(labels)
    floor = max(CLASS_SHARE, UNIFORM / len(case.opened.classes))
    total = max(len(labels.labels) if labels else 0, 1)
    found = [
        f"`{case.opened.classes.by_id[each].name}` {100 * count / n:.2f} %"
        for each, count in counts.most_common()
        if count / n > max(floor, OF_LABELS * truths[each] / total)
    ]
    if found:
        yield Finding("W602", case.where, listed(found))


def check_never(case: RunCase) -> Iterator[Finding]:
    """Every class with enough images is answered at least once (W603)."""
    rows, classes = case.answers.named.T
    named = set(np.unique(classes[case.counted[rows]]).tolist())
    present = {row.image_id for row in case.rows}
    labels = case.opened.labels
    truths = _label_counts(labels.original or labels.headline, present)
    never = [
        f"`{case.opened.classes.by_id[each].name}` ({truths[each]} images)"
        for each in sorted(truths)
        if truths[each] >= ENOUGH_IMAGES and each not in named
    ]
    if never:
        yield Finding("W603", case.where, listed(never))


def _label_counts(labels: LabelSet | None, among: set[str] | None = None) -> Counter[int]:
    found: Counter[int] = Counter()
    for image_id, ids in labels.labels.items() if labels else ():
        if among is None or image_id in among:
            found.update(ids)
    return found


DRIFT_P_VALUE = 0.001


def check_drift(case: RunCase) -> Iterator[Finding]:
    """Right answers are as frequent at the end of the file as at its beginning (W604).

    By `trend` over the scored images of the headline labels, in the order of the file, within
    classes, since an order by class is no fault of the model. On ImageNet val under ReaL the
    answers of ResNet-50, ResNet-152, VGG-16 and SqueezeNet 1.1 give |z| < 0.8; z = 3.29 is
    p = 0.001.
    """
    judged = _judged(case, case.opened.labels.headline or case.opened.labels.original)
    if judged is None:
        return
    scope, right = judged.scope, judged.right[case.widest][judged.scope.scored]
    z = trend(right, scope.home[scope.scored])
    p_value = math.erfc(abs(z) / math.sqrt(2))
    if p_value < DRIFT_P_VALUE:
        first, last = _tenths(right)
        text = f"first tenth {first:.2f} %, last tenth {last:.2f} % right; p = {p_value:.1g}"
        yield Finding("W604", case.where, text)


def _judged(case: RunCase, labels: LabelSet | None) -> Judgement | None:
    return case.judged[case.opened.labels.sets.index(labels)] if labels else None


def trend(right: Bools, strata: Ints) -> float:
    """Give the standard normal deviate of a trend of `right` [n] along its places, within strata.

    Mantel's test with one degree of freedom ("Chi-square tests with one degree of freedom;
    extensions of the Mantel-Haenszel procedure", JASA 58, 1963): in each stratum (`strata` [n]) the
    covariance of place and answer, its variance under all orders of the stratum's answers, both
    summed. 0 where nothing decides.
    """
    covariance = variance = 0.0
    order = np.argsort(strata, kind="stable")
    starts = np.flatnonzero(np.diff(strata[order])) + 1
    for places in np.split(order, starts):
        if len(places) > 1:
            x, y = _centred(places), _centred(right[places])
            covariance += float(x @ y)
            variance += float(x @ x) * float(y @ y) / (len(places) - 1)
    return covariance / math.sqrt(variance) if variance > 0 else 0.0


def _centred(values: Ints | Bools) -> NDArray[np.float64]:
    floats = values.astype(np.float64)
    centred: NDArray[np.float64] = floats - floats.mean()
    return centred


def _tenths(right: Bools) -> tuple[float, float]:
    size = max(len(right) // 10, 1)
    return 100 * float(right[:size].mean()), 100 * float(right[-size:].mean())


THRESHOLD = 0.6
MIMICRY_P_VALUE = 0.01


@dataclass(frozen=True, slots=True)
class Disputed:
    """Answers to images whose original label is none of the headline labels."""

    n: int
    original: int
    """Answers that are the original label."""
    headline: int
    """Answers that are a headline label."""

    @property
    def share(self) -> float:
        """Of the answers that are either, the share that is the original label; 0 for none."""
        return self.original / max(self.original + self.headline, 1)

    @property
    def is_suspicious(self) -> bool:
        """Whether the share is above the threshold, and above one half by more than chance."""
        if self.share <= THRESHOLD:
            return False
        n = self.original + self.headline
        from scipy import special

        p_value = special.bdtrc(self.original - 1, n, 0.5)
        return bool(p_value < MIMICRY_P_VALUE)


def disputed(answers: Answers, original: Truth, headline: Truth, counted: Bools) -> Disputed:
    """Count the answers to the disputed images; all arguments are of the same n rows."""
    among = (original.n_labels > 0) & (headline.n_labels > 0) & ~headline.shares_label(original)
    return Disputed(
        n=int(among.sum()),
        original=int(np.count_nonzero(among & right_rows(answers, original, counted))),
        headline=int(np.count_nonzero(among & right_rows(answers, headline, counted))),
    )


def check_mimicry(case: RunCase) -> Iterator[Finding]:
    """Where the original label is wrong, it is not chosen more often than accuracy explains (W606).

    Looked at are the images whose original label (ImGT) is none of the headline labels. A model
    that sees what is there answers a headline label; one that has learned how such images are
    labelled answers the original one; so accuracy raises both, and their ratio says which it is.
    `original / (original + headline)`, measured on honest models:

    - ReaL, 4,673 images: ResNet-152 46.2 %, ResNet-50 45.8 %, VGG-16 41.0 %, SqueezeNet 1.1 35.8 %;
    - the 1,918 hardest images of ReGT: GPT-4o 46.3 %, SigLIP 2 53.9 %, ResNet-152 58.3 %, ResNet-50
      56.5 %, VGG-16 55.8 %, SqueezeNet 1.1 51.9 %;
    - mini: 4 % to 13 % (multiple choice cannot choose them).

    Answers copied from ImGT give 100 %; half of them copied, 76 % to 79 % on ReaL for all four
    models; a quarter, 61 % to 63 %. So the threshold is 60 %, which none of the honest crosses, and
    an exact binomial test against one half, p < 0.01, keeps few images from saying anything.
    `tests/leaderboard/entries/test_mimicry.py` measures these figures again.
    """
    labels = case.opened.labels
    original, headline = _judged(case, labels.original), _judged(case, labels.headline)
    if original is None or headline is None:
        return
    found = disputed(case.answers, original.truth, headline.truth, case.counted)
    if found.is_suspicious:
        text = (
            f"on {found.n} images whose original label is wrong it was chosen {found.original} "
            f"times, a right label {found.headline} times: {100 * found.share:.1f} %"
        )
        yield Finding("W606", case.where, text)


MOST_RIGHT = 99.0
FEW_IMAGES = 100
"""With fewer, all of them may be right by luck."""


def check_perfect(case: RunCase) -> Iterator[Finding]:
    """Some answers are wrong, as labels themselves are (W607).

    Fires where the lower end of Wilson's interval of the accuracy is above 99 %, and where no
    answer to at least 100 scored images is wrong. Measured: four real networks on ImageNet val have
    65.5 % to 84.8 % under ReaL and GPT-4V 46.8 % to 93.7 % on nine data sets; a model that was
    tuned on an easy data set, or options that are all far from the answer, may come near.
    """
    judged = _judged(case, case.opened.labels.headline or case.opened.labels.original)
    if judged is None:
        return
    right = judged.right[case.widest][judged.scope.scored]
    n, n_right = len(right), int(right.sum())
    ends = wilson(n_right, n)
    if ends and n >= FEW_IMAGES and (n_right == n or ends[0] > MOST_RIGHT):
        text = f"{n_right} of {n} answers are right: {100 * n_right / n:.2f} %"
        yield Finding("W607", case.where, text)


LITERAL_SHARE = 0.99


def check_literal(case: RunCase) -> Iterator[Finding]:
    """In the open world, where no prompt lists the names, not nearly every answer is one of them
    letter by letter (W608).

    Measured: mini, which was trained on its 64 names, gives 80.9 %; the captions of three MLLMs
    for 16 everyday names none of 1,280; Google Vision's first label of 400 photos, 3.8 % of
    ImageNet's names in whatever case.
    """
    texts = [row.answer for row in case.rows if row.answer is not None]
    if case.protocol != "ow" or len(texts) < FEW_IMAGES:
        return
    names = {each.name for each in case.opened.classes.classes}
    literal = sum(text in names for text in texts)
    if literal > LITERAL_SHARE * len(texts):
        text = f"{literal} of {len(texts)} answers: {100 * literal / len(texts):.2f} %"
        yield Finding("W608", case.where, text)


SUSPICIONS = (
    check_no_class, check_frequent, check_never, check_drift, check_mimicry, check_perfect,
    check_literal,
)  # fmt: skip
