"""Rules on the rows of a run: which images they are of, and whether their parts fit each other."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from harness.answers.names import NONE_LISTED
from harness.answers.outcome import EXACT, MAPPED, MAPPED_STATUS, UNREADABLE, Level, Status
from harness.answers.text import is_blank
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding, grouped, listed
from harness.prompts.distractors import interchangeable
from harness.prompts.options import true_option_of
from harness.runs.rows import NO_ENTRY, RANKED, REFUSED_BY_SERVICE, SCORES
from harness.scores.answers import level_in
from harness.store.prediction import Prediction

_CHOSEN = (SCORES, RANKED)
"""Rules of rows whose class was chosen by scores; they have no text."""


def expected_ids(case: RunCase) -> frozenset[str]:
    """Give the images that a run has to answer.

    They are those of the benchmark's original label set, or else of all its label sets together;
    for multiple choice without those that have no question, since no class is valid for them.
    """
    original = case.original
    ids = frozenset(original.labels if original else chain(*(x.labels for x in case.labels.sets)))
    if case.protocol != "mc":
        return ids
    same = interchangeable(case.opened.classes, case.labels.equivalences)
    return frozenset(each for each in ids if true_option_of(each, case.labels, same) is not None)


def check_ids(case: RunCase) -> Iterator[Finding]:
    """Exactly one row an image (E302, E303, E304), and no failed one (E311).

    A row may be of any image that a label set knows. Only of those without a question there are no
    rows, unless the labels, by which they have one, have changed since the run.
    """
    counts = Counter(row.image_id for row in case.rows)
    expected = expected_ids(case)
    missing, extra = sorted(expected - counts.keys()), sorted(counts.keys() - expected)
    if case.protocol != "mc" or case.labels_changed:
        known = frozenset(chain(*(each.labels for each in case.opened.labels.sets)))
        extra = [each for each in extra if each not in known]
    twice = sorted(image_id for image_id, count in counts.items() if count > 1)
    failed = [row.image_id for row in case.rows if row.status is Status.ERROR]
    for code, ids in (("E302", missing), ("E303", extra), ("E304", twice), ("E311", failed)):
        if ids:
            yield Finding(code, case.where, listed(ids))


def check_class_ids(case: RunCase) -> Iterator[Finding]:
    """Every class id is one of the class list (E306)."""
    known = case.opened.classes.by_id.keys()
    wrong = [row.image_id for row in case.rows if not known >= _class_ids(row)]
    if wrong:
        yield Finding("E306", case.where, listed(wrong))


def _class_ids(row: Prediction) -> set[int]:
    own = () if row.class_id is None else (row.class_id,)
    lists = (row.also, row.nearest, row.top, row.top_per_token, row.options)
    return set(chain(own, *lists))


def check_fit(case: RunCase) -> Iterator[Finding]:
    """Status, class, rule and text of each row fit each other (E305)."""
    faults = ((_contradiction(row, case), row.image_id) for row in case.rows)
    yield from grouped("E305", case.where, faults)


def _contradiction(row: Prediction, case: RunCase) -> str | None:
    has_text = bool((row.answer or "").strip())
    if row.status is Status.ERROR:
        return None  # E311
    if row.meant:
        return "several answers that all count"
    if row.status is Status.EMPTY and has_text:
        return "`empty` with text"
    if not has_text and row.rule != REFUSED_BY_SERVICE and row.status is not Status.EMPTY:
        return _without_text(row, case)
    if row.rule in _CHOSEN:
        return "text beside a class that was chosen by scores"
    return _class_of(row, case) or _namesakes(row, case) or _beside(row, case)


def _without_text(row: Prediction, case: RunCase) -> str | None:
    if not case.is_imported and row.rule != _chosen_by(case):
        return "an answer without its text"
    if row.rule in _CHOSEN and (row.status is not Status.OK or row.class_id not in row.top[:1]):
        return "a class that is not the first of `top`"
    if row.rule == SCORES and row.top_scores != tuple(sorted(row.top_scores, reverse=True)):
        return "`top_scores` that are not in order"
    if row.rule not in _CHOSEN and row.top[:1] not in ((), (row.class_id,)):
        return "a class that is not the first of `top`"
    return _class_of(row, case) or _namesakes(row, case) or _near(row, case)


def _chosen_by(case: RunCase) -> str | None:
    """Give the rule of the rows of a task that asks for scores; None for one that asks for text."""
    if case.protocol == "classify":
        return SCORES
    return RANKED if case.opened.task.output_type == "multiple_choice" else None


def _class_of(row: Prediction, case: RunCase) -> str | None:
    """Whether the row has a class where it must, and none where it must not."""
    mapped = row.rule == MAPPED
    may_map = MAPPED_STATUS.get(case.protocol)
    if mapped and (row.status is not may_map or row.similarity is None or not row.answer):
        return "`mapped`, which this protocol does not do with such an answer"
    if row.class_id is not None:
        read = row.status is Status.OK and (case.protocol != "ow" or row.rule == EXACT)
        fits = mapped or read or (not row.answer and row.status is Status.OK)
        return None if fits else "a class where the protocol finds none"
    names_nothing = case.protocol == "ow" and is_blank(row.answer or "")
    if mapped or row.also or (row.status is Status.OK and not names_nothing):
        return "no class"
    is_open = row.status is Status.OOP and may_map is Status.OOP and row.answer
    if is_open and row.rule not in (UNREADABLE, NONE_LISTED):
        return "an answer out of prompt that is not mapped"
    return None


def _beside(row: Prediction, case: RunCase) -> str | None:
    """Whether what stands beside the answer is of it."""
    if row.answers and not case.is_imported:
        return "several answers where one was asked for"
    if row.answers and row.answers[0] != row.answer:
        return "`answers` whose first is not the answer"
    if row.top_scores or row.top_per_token or row.top_per_token_scores:
        return "scores of classes beside a text"
    if row.outside is not None and case.opened.task.output_type != "constrained":
        return "`outside` of a text that was not constrained"
    if row.rule == NO_ENTRY and case.opened.task.images_per_prompt == 1:
        return "`no_entry` of an answer to one image"
    return _near(row, case)


def _near(row: Prediction, case: RunCase) -> str | None:
    """Whether what the text encoder finds stands only where it is asked."""
    if row.rule != MAPPED and (row.similarity is not None or row.margin is not None):
        return "a similarity of an answer that is not mapped"
    loosely = row.status is Status.OK and row.answer and level_in(row) > Level.STRICT
    if row.nearest and not (loosely and case.protocol in ("cw", "cw_plus")):
        return "`nearest` of an answer that needs no mapping"
    return None


def _namesakes(row: Prediction, case: RunCase) -> str | None:
    """Whether an answer stands for more classes than those of one name."""
    if not row.also:
        return None
    classes = case.opened.classes
    same = {
        each
        for table in (classes.by_strict, classes.by_normalized, classes.by_words)
        for ids in table.values()
        if row.class_id in ids
        for each in ids
    }
    return None if set(row.also) < same else "`also` with classes of another name"
