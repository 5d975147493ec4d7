"""What a model's page shows of classes and answers, and what other labels made of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.answers.outcome import MAPPED, Status
from harness.data.classes import ClassList, normalize_name
from harness.scores.answers import NO_CLASS, Answers, Bools
from harness.scores.judgement import Judgement
from harness.scores.results import Protocol, Share
from harness.scores.truth import merge_ids
from harness.store.prediction import Prediction

CLASSES_SHOWN = 10
PAIRS_SHOWN = 15
ANSWERS_SHOWN = 24
LONGEST_ANSWER = 300
_OUT = (Status.OOP, Status.UNPARSED, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The images that both label sets score, by what became of the answer; the five sum to n."""

    n: int
    right_right: int
    wrong_right: int
    """Wrong under the original labels, right under the headline ones."""
    right_wrong: int
    wrong_wrong: int
    """A class was named, and it is wrong under both."""
    no_class: int
    """No class was named (out of prompt, unparsed, refused, empty)."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Accuracy on the images of one class, under the headline label set."""

    class_id: int
    n: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confused:
    """How often images of one class were taken for another."""

    class_id: int
    answered: int
    n: int


@dataclass(frozen=True, slots=True)
class OutOfPrompt:
    """An answer that is no name of the list, for the gallery."""

    image_id: str
    answer: str
    """Verbatim, at most 300 characters of it."""
    status: Status
    class_id: int | None
    """The class that it was mapped to."""
    similarity: float | None
    right: bool | None
    """Whether that class is right under the headline labels; None when nothing says."""


def extremes(
    per_class: Mapping[str, Share],
) -> tuple[tuple[ClassScore, ...], tuple[ClassScore, ...]]:
    """Give the classes of highest and of lowest accuracy; among equals those of more images, then
    of lower id. A class is in one of the two at most.
    """
    scores = [
        ClassScore(int(class_id), share.n, share.accuracy)
        for class_id, share in per_class.items()
        if share.accuracy is not None
    ]
    shown = min(CLASSES_SHOWN, len(scores) // 2)
    best = sorted(scores, key=lambda each: (-each.accuracy, -each.n, each.class_id))[:shown]
    left = [each for each in scores if each not in best]
    worst = sorted(left, key=lambda each: (each.accuracy, -each.n, each.class_id))[:shown]
    return tuple(best), tuple(worst)


def most_confused(
    answers: Answers, judged: Judgement, protocol: Protocol, counted: Bools
) -> tuple[Confused, ...]:
    """Give the classes that are most often taken for another, by class and answered class.

    Only wrong answers are counted: what another of the image's labels allows is no confusion. The
    class is that under which an image is filed, where it is a label, else the lowest label: an
    original label that was replaced is nothing that is shown, and would be taken for itself.
    `counted` [n] are the rows that name a class under the protocol.
    """
    truth, home = judged.truth, judged.scope.home
    wrong = judged.scope.scored & counted & ~judged.right[protocol]
    shown = np.where(truth.holds(np.arange(len(home)), home), home, truth.lowest)
    answered = merge_ids(answers.first, truth.equivalences)
    pairs = np.stack([shown[wrong], answered[wrong]], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    order = np.lexsort((found[:, 1], found[:, 0], -counts))[:PAIRS_SHOWN]
    return tuple(
        Confused(int(found[place, 0]), int(found[place, 1]), int(counts[place])) for place in order
    )


def out_of_prompt(
    rows: Sequence[Prediction], answers: Answers, judged: Judgement, classes: ClassList
) -> tuple[OutOfPrompt, ...]:
    """Give answers that are no name of the list, spread evenly over the images, as they come.

    In an open world these are the mapped ones that are no class's name. `rows` are those of
    `answers`. Whether the class that an answer was mapped to is right is decided by the headline
    labels, whatever the protocol makes of it.
    """
    places = _places_out(rows, classes)
    steps = np.arange(min(ANSWERS_SHOWN, len(places))) * len(places)
    chosen = [places[step] for step in steps // max(1, min(ANSWERS_SHOWN, len(places)))]
    right = judged.truth.any_held(answers.named)
    return tuple(
        OutOfPrompt(
            image_id=rows[place].image_id,
            answer=(rows[place].answer or "")[:LONGEST_ANSWER],
            status=rows[place].status,
            class_id=rows[place].class_id,
            similarity=rows[place].similarity,
            right=(
                bool(right[place])
                if judged.scope.scored[place] and answers.first[place] != NO_CLASS
                else None
            ),
        )
        for place in chosen
    )


def _places_out(rows: Sequence[Prediction], classes: ClassList) -> list[int]:
    mapped = {row.answer for row in rows if row.rule == MAPPED and row.answer}
    no_name = {text for text in mapped if normalize_name(text) not in classes.by_normalized}
    return [
        place
        for place, row in enumerate(rows)
        if row.answer and (row.status in _OUT or (row.rule == MAPPED and row.answer in no_name))
    ]


def decompose(
    original: Judgement | None, headline: Judgement, protocol: Protocol, counted: Bools
) -> Decomposition | None:
    """Count what became of the answers from the original to the headline labels."""
    if original is None:
        return None
    common = original.scope.scored & headline.scope.scored
    was, now = original.right[protocol], headline.right[protocol]

    def count(mask: Bools) -> int:
        return int(np.count_nonzero(common & mask))

    return Decomposition(
        n=int(common.sum()),
        right_right=count(was & now),
        wrong_right=count(~was & now),
        right_wrong=count(was & ~now),
        wrong_wrong=count(counted & ~was & ~now),
        no_class=count(~counted),
    )
