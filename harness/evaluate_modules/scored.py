"""What the modules share: rows scored against lists of valid class ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import datasets
import evaluate
import numpy as np

from harness.answers.outcome import Level
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.errors import DataError, Problem
from harness.scores.answers import Answers, Bools, to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.metrics import out_rows, percent, right_at, share
from harness.scores.results import Protocol
from harness.scores.statistics import wilson
from harness.store.prediction import Prediction

Empty = Literal["exclude", "correct"]


def metric_info(predictions: str, description: str | None, inputs: str) -> Any:
    """Say what a metric is, and what it takes; `predictions` is the type of each of them."""
    features = {
        "predictions": datasets.Value(predictions),
        "references": datasets.Sequence(datasets.Value("int64")),
    }
    return evaluate.MetricInfo(
        description=description or "",
        citation="",
        inputs_description=inputs,
        features=datasets.Features(features),
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows laid beside their references."""

    answers: Answers
    judged: Judgement
    protocol: Protocol
    empty: Empty

    def accuracy(self, right: Bools | None = None) -> dict[str, Any]:
        """Give accuracy with Wilson's interval, in percent, and its denominators; of the rows
        `right` [n] instead of those that are right as read.
        """
        hits = self.judged.right[self.protocol] if right is None else right
        scope = self.judged.scope
        n, n_empty, n_right = (
            int(np.count_nonzero(rows)) for rows in (scope.scored, scope.empty, hits & scope.scored)
        )
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
        read, truth = self.judged.right[self.protocol], self.judged.truth
        for name, level in (("strict", Level.STRICT), ("normalized", Level.NORMALIZED)):
            right = right_at(self.answers, truth, self.protocol, read, level)
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
        fix = "say 'exclude' or 'correct'"
        raise DataError(Problem("empty", "is not known", repr(empty), fix=fix))
    answers = to_answers(rows)
    labels = LabelSet(
        "references", dict(zip(answers.image_ids, map(frozenset, references), strict=True))
    )
    merged = Equivalences.from_groups("equivalences", equivalences)
    (judged,) = judge(answers, Labels((labels,), merged), [protocol])
    return Scored(answers, judged, protocol, empty)
