"""What became of the answers of a run under a label set: each scored image is in one part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from harness.answers.outcome import Status
from harness.scores.answers import Answers, Bools, to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.metrics import counted_rows, percent
from harness.scores.results import Protocol
from harness.scores.scoring import ScoreRequest, protocols_of
from harness.store.prediction import Prediction

Part = Literal[
    "right",
    "mapped right",
    "mapped wrong",
    "out of prompt",
    "unparsed",
    "refused",
    "empty",
    "wrong in list",
]
"""`right` and `wrong in list`: a class of the list (in the open world the one that the answer is
mapped to). Out of prompt: `mapped right` and `mapped wrong` where a text encoder found a class,
else `out of prompt`."""
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Fates:
    """The n scored images of a run under a label set, by what became of the answer."""

    protocol: Protocol
    """Of the part `right`; `cw` for a closed world, mapped or not."""
    counts: Mapping[Part, int]
    """By part; they sum to n."""
    is_mapped: bool
    """Whether a closed world is scored with mapping too."""
    n_error: int
    """Images of the label set whose row is an `error`: in no part, as in no accuracy."""

    @property
    def n(self) -> int:
        """Count the scored images."""
        return sum(self.counts.values())

    def applies(self, part: Part) -> bool:
        """Whether answers can be in a part at all."""
        return self.is_mapped or part not in ("mapped right", "mapped wrong")

    def share(self, *parts: Part) -> float | None:
        """Give the percentage that parts are of all n together; None for no image."""
        return percent(sum(self.counts[part] for part in parts), self.n)

    @property
    def accuracy(self) -> float | None:
        """The accuracy in percent as scored, of a closed world without mapping."""
        return self.share("right")

    @property
    def accuracy_mapped(self) -> float | None:
        """The accuracy in percent of a closed world with mapping; None where it has none."""
        return self.share("right", "mapped right") if self.is_mapped else None


def fates_of(rows: Sequence[Prediction], request: ScoreRequest) -> dict[str, Fates]:
    """Give what became of the answers under each label set, by its name.

    Raises DataError as `to_answers` and `judge`; that the label sets are of the data set is for
    `score` to check.
    """
    answers = to_answers(rows, request.class_list)
    protocols = protocols_of(answers, request)
    judged = judge(answers, request.labels, protocols)
    return {each.truth.name: _fates(answers, each, protocols) for each in judged}


def _fates(answers: Answers, judged: Judgement, protocols: Sequence[Protocol]) -> Fates:
    protocol, is_mapped = protocols[0], "cw_plus" in protocols
    named = counted_rows(answers, protocol)
    by_mapping = counted_rows(answers, protocols[-1]) & ~named
    right, right_mapped = judged.right[protocol], by_mapping & judged.right[protocols[-1]]
    rest = ~named & ~by_mapping
    rows: dict[Part, Bools] = {
        "right": right,
        "mapped right": right_mapped,
        "mapped wrong": by_mapping & ~right_mapped,
        "out of prompt": rest & answers.has(Status.OOP),
        "unparsed": rest & answers.has(Status.UNPARSED),
        "refused": rest & answers.has(Status.REFUSED),
        "empty": rest & answers.has(Status.EMPTY),
        "wrong in list": (named & ~right) | (rest & answers.has(Status.OK)),
    }
    scope = judged.scope
    counts = {part: int(np.count_nonzero(rows[part] & scope.scored)) for part in PARTS}
    return Fates(protocol, counts, is_mapped, int(np.count_nonzero(scope.failed)))
