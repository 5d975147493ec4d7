"""What the modules share: rows scored against lists of valid class ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.answers.outcome import Level
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.errors import DataError, Problem
from harness.scores.answers import Answers, Bools, to_answers
from harness.scores.judgement import judge
from harness.scores.metrics import (
    Scope,
    out_rows,
    percent,
    right_at,
    share,
)
from harness.scores.results import Protocol
from harness.scores.statistics import wilson
from harness.scores.truth import Truth
from harness.store.prediction import Prediction

Empty = Literal["exclude", "correct"]


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows laid beside their references."""

    answers: Answers
    truth: Truth
    protocol: Protocol
    right: Bools
    """[n] which rows are right as read."""
    scope: Scope
    empty: Empty

    def accuracy(self, right: Bools | None = None) -> dict[str, Any]:
        """Give accuracy with Wilson's interval, in percent, and its denominators; of the rows
        `right` [n] instead of those that are right as read.
        """
        hits = self.right if right is None else right
        n_empty = int(np.count_nonzero(self.scope.empty))
        n_right = int(np.count_nonzero(hits & self.scope.scored))
        n = int(np.count_nonzero(self.scope.scored))
        if self.empty == "correct":
            n, n_right = n + n_empty, n_right + n_empty
        ends = wilson(n_right, n)
        return {
            "accuracy": percent(n_right, n),
            "ci95": None if ends is None else list(ends),
            "n": n,
            "n_right": n_right,
            "n_empty": n_empty,
        }

    def matched(self) -> dict[str, float | None]:
        """Give accuracy and the share of out-of-prompt answers, in percent, by how closely answers
        are matched with names: strict, normalized, and as read (`oop`).
        """
        found: dict[str, float | None] = {}
        for name, level in (("strict", Level.STRICT), ("normalized", Level.NORMALIZED)):
            right = right_at(self.answers, self.truth, self.protocol, self.right, level)
            found[f"accuracy_{name}"] = self.accuracy(right)["accuracy"]
            found[f"oop_{name}"] = share(out_rows(self.answers, level), self.answers.answered)
        return found | {"oop": share(out_rows(self.answers), self.answers.answered)}


def scored(
    rows: Sequence[Prediction],
    protocol: Protocol,
    references: Sequence[Iterable[int]],
    empty: Empty = "exclude",
    equivalences: Iterable[Iterable[int]] = (),
) -> Scored:
    """Lay rows beside the valid class ids of each, `references` [n].

    Rows without any are left out, or count as right when `empty` is "correct". Raises DataError for
    another `empty`.
    """
    if empty not in ("exclude", "correct"):
        raise DataError(
            Problem("empty", "is not known", repr(empty), fix="say 'exclude' or 'correct'")
        )
    answers = to_answers(rows)
    labels = LabelSet(
        "references",
        {
            image_id: frozenset(valid)
            for image_id, valid in zip(answers.image_ids, references, strict=True)
        },
    )
    merged = Equivalences.from_groups("equivalences", equivalences)
    (judged,) = judge(answers, Labels((labels,), merged), [protocol])
    return Scored(answers, judged.truth, protocol, judged.right[protocol], judged.scope, empty)
