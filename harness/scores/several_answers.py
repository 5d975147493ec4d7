"""Several answers to one image, all meant: right where all are, and how many labels they name."""

from collections.abc import Sequence

import numpy as np

from harness.scores.answers import Answers, Bools, Ints, mask_of, pairs_of
from harness.scores.judgement import Judgement
from harness.scores.metrics import counted_rows, percent
from harness.scores.result_parts import Protocol, SeveralAnswers
from harness.scores.statistics import Draws, class_bootstrap, wilson
from harness.scores.truth import Truth, merge_ids


def several_answers_of(
    answers: Answers, judged: Sequence[Judgement], protocols: Sequence[Protocol], draws: Draws
) -> dict[Protocol, dict[str, SeveralAnswers]]:
    """Give key `several_answers`, by protocol and label set; empty where no image has several."""
    if not (answers.meant or answers.unclear.any()):
        return {}
    return {
        protocol: {each.truth.name: _scored(answers, each, protocol, draws) for each in judged}
        for protocol in protocols
    }


def _scored(
    answers: Answers, judged: Judgement, protocol: Protocol, draws: Draws
) -> SeveralAnswers:
    scored, truth = judged.scope.scored, judged.truth
    any_right = judged.right[protocol] & scored
    all_right = any_right & ~_with_other(answers, truth)
    several = mask_of(len(answers), list(answers.meant))
    n, n_unclear = int(scored.sum()), int((answers.unclear & scored).sum())
    n_right, home = int(all_right.sum()), judged.scope.home[scored]
    named = labels_named(answers, truth, counted_rows(answers, protocol))[scored]
    recall = 100.0 * named / truth.n_labels[scored]
    is_clear = not n_unclear
    return SeveralAnswers(
        n=n,
        n_several=int((several & scored).sum()),
        n_unclear=n_unclear,
        accuracy_any=percent(int(any_right.sum()), n),
        accuracy_all=percent(n_right, n) if is_clear else None,
        accuracy_all_ci95=wilson(n_right, n) if is_clear else None,
        accuracy_all_ci95_classes=(
            class_bootstrap(100.0 * all_right[scored], home, draws) if is_clear else None
        ),
        label_recall=float(recall.mean()) if n else None,
        label_recall_ci95_classes=class_bootstrap(recall, home, draws),
    )


def _with_other(answers: Answers, truth: Truth) -> Bools:
    """Give which rows [n] have an answer that names a class, and none that is a label."""
    of_each = [
        (row, classes) for row, groups in answers.meant.items() for classes in groups if classes
    ]
    rows = np.array([row for row, _ in of_each], dtype=np.int64)
    places, classes = pairs_of(classes for _, classes in of_each).T
    hits = np.bincount(places, weights=truth.holds(rows[places], classes), minlength=len(rows))
    return mask_of(len(answers), rows[hits == 0])


def labels_named(answers: Answers, truth: Truth, counted: Bools) -> Ints:
    """Give how many labels of each image [n] its answers that count name; classes that count as one
    are one label, and a name that several classes bear names all of them.
    """
    rows, classes = answers.named.T
    hit = truth.holds(rows, classes) & counted[rows]
    labels = merge_ids(classes[hit], truth.equivalences)
    pairs = np.unique(np.stack([rows[hit], labels]), axis=1)
    return np.bincount(pairs[0], minlength=len(answers))
