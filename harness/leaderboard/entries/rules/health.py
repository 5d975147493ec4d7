"""Suspicions about a run as a whole: answers that are no class, classes too often or never."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from harness.answers.outcome import Status
from harness.data.labels.label_set import LabelSet
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding, listed

NO_CLASS_SHARE = 0.05
CLASS_SHARE = 0.05
UNIFORM = 5
"""So many times 1/classes is too much for a small list, where 5 % is little: 7.8 % of 64 classes.
"""
OF_LABELS = 2
"""A class that has more of the labels may have more of the answers."""
ENOUGH_IMAGES = 10
"""A class with so many images is left out by chance with probability e^-10, were every answer
drawn by the frequency of the labels. ResNet-50, ResNet-152, VGG-16 and SqueezeNet 1.1 on ImageNet
val answer every class, the rarest 11 times."""


def check_no_class(case: RunCase) -> Iterator[Finding]:
    """Few answers are out of prompt, unparsed or refused (W601)."""
    share = case.share_of(Status.OOP, Status.UNPARSED, Status.REFUSED)
    if share > NO_CLASS_SHARE:
        yield Finding("W601", case.where, f"{100 * share:.2f} % of {len(case.rows)} answers")


def check_frequent(case: RunCase) -> Iterator[Finding]:
    """No class is answered much more often than it can be right (W602).

    Above 5 % of the answers, above five times the uniform share, and above twice the class's share
    of the headline labels, or of the original ones where there are no others.
    """
    labels = case.headline or case.original
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
    named = set(np.unique(case.answers.named_class[case.counted[case.answers.named_row]]).tolist())
    present = {row.image_id for row in case.rows}
    truths = _label_counts(case.original or case.headline, present)
    never = [
        f"`{case.opened.classes.by_id[each].name}` ({truths[each]} images)"
        for each in sorted(truths)
        if truths[each] >= ENOUGH_IMAGES and each not in named
    ]
    if never:
        yield Finding("W603", case.where, listed(never))


def _label_counts(labels: LabelSet | None, among: set[str] | None = None) -> Counter[int]:
    """Count the images of each class."""
    found: Counter[int] = Counter()
    for image_id, ids in labels.labels.items() if labels else ():
        if among is None or image_id in among:
            found.update(ids)
    return found
