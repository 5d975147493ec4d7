"""The answers of a run scored by the rules of other papers, beside our own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from harness.answers.mapping.nearest import map_answers
from harness.answers.mapping.vectors import refuse_same_rows
from harness.answers.other_papers import RULES, About, ClassIds, concepts_of, similarities
from harness.answers.outcome import MAPPED_STATUS, Status
from harness.data.classes import ClassList
from harness.data.labels.label_set import Labels, LabelSet
from harness.encoders.base import TextEncoder
from harness.errors import DataError, Problem
from harness.runs.reopen import OpenRun
from harness.runs.rows import NO_ENTRY
from harness.scores import metrics
from harness.scores.answers import Answers, Bools, mask_of, pairs_of, to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.results import MATCHINGS, SIDE_BY_SIDE, Protocol
from harness.scores.scoring import protocols_of, request_of
from harness.store.prediction import Prediction

_PAPER, _HERE = "Kisel et al. 2026", "this harness"
_OWN = {
    "strict": About("strict", "strict", _PAPER, "wrong"),
    "normalized": About("normalized", "normalized", _HERE, "wrong"),
    "read": About("read", "as read", _HERE, "wrong"),
    "left_out": About("left_out", "as read, others left out", _HERE, "left out: not in n"),
    "cw_plus": About("cw_plus", "as read and mapped (CW+)", _PAPER, "mapped"),
    "ow": About("ow", "as read and mapped", _PAPER, "mapped"),
}


@dataclass(frozen=True, slots=True)
class RuleScore:
    """What one rule makes of a run under one label set."""

    rule: About
    n: int
    """Images that count."""
    n_right: int | None = None
    n_without: int | None = None
    """Of the images that have a label, those whose answer has no class by this rule."""
    similarity: float | None = None
    """Mean of 100 times a cosine, of a rule that knows no right and wrong."""


def score_rules(
    run: OpenRun, encoder: TextEncoder | None = None
) -> dict[str, tuple[RuleScore, ...]]:
    """Score a run by every rule under each of its label sets; with an `encoder` also by those that
    need one.

    Raises DataError for a protocol whose answers are no texts that name a class, and for answers
    without their text; SpecError for class names that are one to the encoder.
    """
    refuse_other_runs(run)
    opened, where = run.opened, str(run.path)
    if encoder is not None:
        allowed = opened.task.mapping.allow_shared_vectors
        refuse_same_rows(encoder, opened.classes, "raw", allowed)
    answers = to_answers(run.rows, opened.classes, where)
    protocols = protocols_of(answers, request_of(opened, run.manifest))
    return score_rows(run.rows, answers, opened.classes, opened.labels, protocols, encoder)


def score_rows(
    rows: Sequence[Prediction],
    answers: Answers,
    classes: ClassList,
    labels: Labels,
    protocols: Sequence[Protocol],
    encoder: TextEncoder | None = None,
) -> dict[str, tuple[RuleScore, ...]]:
    """Do as `score_rules` for rows; `protocols` are those under which they are scored here."""
    texts = [texts_of(row) for row in rows]
    unique = dict.fromkeys(chain.from_iterable(texts))
    found: list[tuple[About, list[ClassIds]]] = []
    for about, read in RULES:
        known = {each: read(each, classes) for each in unique}
        found.append((about, [_together(known[each] for each in of_row) for of_row in texts]))
    if encoder is not None:
        about = About(
            "nearest_name", f"nearest name ({encoder.name})", "Gavrikov et al. 2024",
            "mapped, as every answer is",
        )  # fmt: skip
        found.append((about, _nearest(texts, classes, encoder)))
    scores = {}
    for label_set, judged in zip(labels.sets, judge(answers, labels, protocols), strict=True):
        own = [each for protocol in protocols for each in _own(answers, judged, protocol)]
        others = [_of_classes(about, ids, judged) for about, ids in found]
        near = _near(texts, label_set, answers, judged, classes, encoder) if encoder else []
        scores[label_set.name] = (*own, *others, *near)
    return scores


def refuse_other_runs(run: OpenRun) -> None:
    """Raise DataError for a run whose answers are no texts that name a class."""
    rows, protocol, where = run.rows, run.opened.task.protocol, str(run.path)
    if protocol not in MAPPED_STATUS:
        what = f"answers under protocol `{protocol}` are no texts that name a class"
        expected = f"one of {', '.join(MAPPED_STATUS)}"
        fix = "name a run of an open or a closed world"
        raise DataError(Problem(where, what, expected=expected, fix=fix))
    chosen = [
        row.image_id for row in rows if row.answer is None and row.status in (Status.OK, Status.OOP)
    ]
    if chosen:
        what = f"{len(chosen)} of {len(rows)} answers are classes without a text to read"
        fix = "name a run, or import a file, whose answers are texts"
        raise DataError(Problem(where, what, got=f"image `{chosen[0]}`", fix=fix))


def texts_of(row: Prediction) -> list[tuple[str, ...]]:
    """Give the answers to an image, best first; several times where several are all meant, none
    where the text is that of other images.
    """
    if row.answers:
        return [row.answers]
    if row.rule == NO_ENTRY and (row.images_in_prompt or 1) > 1:
        return []
    return [(text,) for text in row.meant or ((row.answer,) if row.answer else ())]


def _together(ids: Iterator[ClassIds]) -> ClassIds:
    return tuple(dict.fromkeys(class_id for each in ids for class_id in each))


def _nearest(
    texts: Sequence[Sequence[tuple[str, ...]]], classes: ClassList, encoder: TextEncoder
) -> list[ClassIds]:
    """Map the first answer as it was written.

    Gavrikov et al., "Are Vision Language Models Texture or Shape Biased and Can We Steer Them?",
    2024, `code/clf_caption.py` of paulgavrikov/vlm_shapebias: the class of the highest cosine,
    there by ember-v1. Answers of which the encoder can read nothing have no class here.
    """
    firsts = [[each[0] for each in of_row] for of_row in texts]
    found = iter(map_answers(encoder, [text for each in firsts for text in each], classes))
    mapped = [[next(found) for _ in each] for each in firsts]
    return [_together(each.class_ids for each in of_row if each) for of_row in mapped]


def _own(answers: Answers, judged: Judgement, protocol: Protocol) -> Iterator[RuleScore]:
    """Give our own scores: by each way to match names, and with the answers mapped."""
    right, counted = judged.right[protocol], metrics.counted_rows(answers, protocol)
    if protocol != "cw":
        yield _of_masks(_OWN[protocol], right, counted, judged.scope.scored)
        return
    for matching in SIDE_BY_SIDE:
        kept = ~metrics.looser_rows(answers, MATCHINGS[matching])
        yield _of_masks(_OWN[matching], right & kept, counted & kept, judged.scope.scored)
    yield _of_masks(_OWN["left_out"], right, counted, judged.scope.scored & counted)


def _of_classes(about: About, ids: Sequence[ClassIds], judged: Judgement) -> RuleScore:
    pairs = pairs_of(ids)
    right, named = judged.truth.any_held(pairs), mask_of(len(ids), pairs[:, 0])
    return _of_masks(about, right, named, judged.scope.scored)


def _of_masks(about: About, right: Bools, named: Bools, scored: Bools) -> RuleScore:
    n, n_right, n_without = (
        int(np.count_nonzero(mask & scored)) for mask in (scored, right, ~named)
    )
    return RuleScore(about, n, n_right, n_without)


def _near(
    texts: Sequence[Sequence[tuple[str, ...]]],
    label_set: LabelSet,
    answers: Answers,
    judged: Judgement,
    classes: ClassList,
    encoder: TextEncoder,
) -> Iterator[RuleScore]:
    """Give the mean similarities of Conti et al. 2025 over the scored images."""
    places = np.flatnonzero(judged.scope.scored).tolist()
    labels = [label_set.labels[answers.image_ids[place]] for place in places]
    whole = [[each[0] for each in texts[place]] for place in places]
    parts = [[part for text in each for part in concepts_of(text)] for each in whole]
    for key, given in (("semantic", whole), ("concept", parts)):
        about = About(
            f"{key}_similarity", f"{key} similarity ({encoder.name})", "Conti et al. 2025",
            "as similar as it is",
        )  # fmt: skip
        found = similarities(encoder, given, labels, classes)
        mean = 100 * float(np.mean(found)) if found else None
        yield RuleScore(about, len(found), similarity=mean)
