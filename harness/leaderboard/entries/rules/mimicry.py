"""A suspicion about labels: an entry that knows the original labels where they are wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding
from harness.scores.answers import Answers, Bools
from harness.scores.metrics import right_rows
from harness.scores.truth import Truth, to_truth

THRESHOLD = 0.6
P_VALUE = 0.01


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
        return bool(p_value < P_VALUE)


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
    if case.original is None or case.headline is None:
        return
    same = case.opened.labels.equivalences
    original, headline = (
        to_truth(labels, case.answers.image_ids, same) for labels in (case.original, case.headline)
    )
    found = disputed(case.answers, original, headline, case.counted)
    if found.is_suspicious:
        text = (
            f"on {found.n} images whose original label is wrong it was chosen {found.original} "
            f"times, a right label {found.headline} times: {100 * found.share:.1f} %"
        )
        yield Finding("W606", case.where, text)
