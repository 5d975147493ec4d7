"""Rules on the rows of a run: which images, whether their parts fit, options and prompts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import chain

from harness.answers.names import NONE_LISTED
from harness.answers.outcome import EXACT, MAPPED, MAPPED_STATUS, UNREADABLE, Level, Status
from harness.answers.text import is_blank
from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences
from harness.errors import UserError
from harness.leaderboard.entries.entry import RunCase
from harness.leaderboard.entries.finding import Finding, grouped, listed
from harness.prompts.distractors import interchangeable
from harness.prompts.options import options_of, true_option_of
from harness.prompts.plan import PlannedRequest, Planner
from harness.runs.rows import NO_ENTRY, RANKED, REFUSED_BY_SERVICE, SCORES
from harness.scores.answers import level_in
from harness.specs.task import TaskSpec
from harness.store.prediction import Prediction

_CHOSEN = (SCORES, RANKED)
"""Rules of rows whose class was chosen by scores; they have no text."""


def expected_ids(case: RunCase) -> frozenset[str]:
    """Give the images that a run has to answer.

    They are those of the benchmark's original label set, or else of all its label sets together;
    for multiple choice without those that have no question, since no class is valid for them.
    """
    if case.asked is not None:
        return case.asked
    original = case.opened.labels.original
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
    lists = (row.also, row.nearest, row.top, row.top_per_token, row.options, *row.meant_classes)
    return set(chain(own, *lists))


def check_fit(case: RunCase) -> Iterator[Finding]:
    """Status, class, rule and text of each row fit each other (E305)."""
    faults = ((_contradiction(row, case), row.image_id) for row in case.rows)
    yield from grouped("E305", case.where, faults)


def _contradiction(row: Prediction, case: RunCase) -> str | None:
    has_text = bool((row.answer or "").strip())
    if row.status is Status.ERROR:
        return None  # E311
    if row.confidence is not None and (has_text or row.class_id is None):
        return "`confidence` without a class that was chosen by scores"
    if row.meant or row.meant_classes:
        return "several answers that all count"
    if row.status is Status.EMPTY and has_text:
        return "`empty` with text"
    if not has_text and row.rule != REFUSED_BY_SERVICE and row.status is not Status.EMPTY:
        return _without_text(row, case)
    if row.rule in _CHOSEN:
        return "text beside a class that was chosen by scores"
    return _class_of(row, case) or _namesakes(row, case) or _beside(row, case)


def _without_text(row: Prediction, case: RunCase) -> str | None:
    if not case.run.is_imported and row.rule != _chosen_by(case):
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
    if row.answers and not case.run.is_imported:
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
    if row.node is not None and row.rule not in (MAPPED, UNREADABLE):
        return "`node` of an answer that is not mapped"
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


def check_options(case: RunCase) -> Iterator[Finding]:
    """Each question has as many options as its task, no two alike, exactly one of them a valid
    label in any label set, and the answer is one of them; no other protocol has options (E307).

    Where the labels have changed since the run, an option that was wrong may be right now; then
    their validity is not looked at, and W402 names the change.
    """
    same = interchangeable(case.opened.classes, case.labels.equivalences)
    faults = ((_wrong(row, case, same), row.image_id) for row in case.rows)
    yield from grouped("E307", case.where, faults)


def check_drawn(case: RunCase) -> Iterator[Finding]:
    """The options are those that the task draws: easier ones, or the same in another order, make
    other questions of it (E312; W312 for an import, whose answers may have come with their own).

    I313 where they cannot be drawn again: what the task draws them by is not on this
    machine, or the labels, which options keep clear of, have changed since the run.
    """
    if case.protocol != "mc":
        return
    if case.labels_changed:
        text = f"other labels than the run's, {listed(case.labels_changed)}"
        yield Finding("I313", case.where, text)
        return
    opened = replace(case.opened, labels=case.labels)
    ids = [row.image_id for row in case.rows]
    try:
        drawn = options_of(opened, ids).by_image
    except UserError as error:
        yield Finding("I313", case.where, error.problems[0].what)
        return
    others = [row.image_id for row in case.rows if drawn[row.image_id] != row.options]
    if others:
        code = "W312" if case.run.is_imported else "E312"
        yield Finding(code, case.where, listed(others))


def _count_valid(row: Prediction, case: RunCase, same: Equivalences) -> int:
    """Count the options of a row that are right in any label set."""
    labels = (each.labels.get(row.image_id, frozenset()) for each in case.labels.sets)
    merged = same.merge_all(frozenset().union(*labels))
    return sum(same.merge(each) in merged for each in row.options)


def _wrong(row: Prediction, case: RunCase, same: Equivalences) -> str | None:
    how = case.opened.task.distractors
    if how is None:
        return "options where the protocol has none" if row.options else None
    if len(row.options) != how.n_options or len(set(row.options)) != len(row.options):
        return f"not {how.n_options} different options"
    if row.status is Status.OK and row.class_id not in row.options:
        return "an answer that is none of the options"
    if not {*row.also, *row.top, *row.top_per_token} <= {*row.options}:
        return "`also` or `top` with a class that is none of the options"
    if not case.labels_changed and _count_valid(row, case, same) != 1:
        return "not exactly one valid option"
    return None


def render_prompts(
    task: TaskSpec, classes: ClassList, rows: Sequence[Prediction]
) -> Mapping[str, str]:
    """Give every different prompt that the task has for these rows, SHA-256 to text.

    A prompt depends on the options of its row and on how many images shared it, not on the images.
    A task without prompts has none. Raises ValueError when the template does not fit the options.
    """
    if task.doc_to_text is None:
        return {}
    found: dict[tuple[tuple[int, ...], int], PlannedRequest] = {}
    for row in rows:
        count = row.images_in_prompt or 1
        if (row.options, count) not in found:
            planner = Planner(task, classes, {row.image_id: row.options})
            request = planner.request(range(count), [row.image_id] * count)
            found[row.options, count] = request
    return {request.prompt_sha256: request.text for request in found.values()}


def check_prompts(case: RunCase) -> Iterator[Finding]:
    """Every row names a prompt that is there (E308); every prompt is of its hash and of a row
    (E309). Imported runs and the protocol `classify` have no prompts.
    """
    known = Counter(each.sha256 for each in case.prompts)
    asked = {row.prompt_sha256 for row in case.rows}
    needed = case.protocol != "classify" and not case.run.is_imported
    without = [
        row.image_id
        for row in case.rows
        if (needed if row.prompt_sha256 is None else row.prompt_sha256 not in known)
    ]
    if without:
        yield Finding("E308", case.where, listed(without))
    wrong = [x.sha256 for x in case.prompts if sha256(x.text.encode()).hexdigest() != x.sha256]
    for what, hashes in (
        ("not of its hash", wrong),
        ("stands twice", [digest for digest, count in known.items() if count > 1]),
        ("of no row", [digest for digest in known if digest not in asked]),
    ):
        if hashes:
            yield Finding("E309", case.run.prompts, f"{what}, {listed(hashes)}")


def check_rendered(case: RunCase) -> Iterator[Finding]:
    """The prompts are those that the task renders today (W310)."""
    if not case.prompts:
        return
    rendered = render_prompts(case.opened.task, case.opened.classes, case.rows)
    others = [each.sha256 for each in case.prompts if each.sha256 not in rendered]
    if others:
        yield Finding("W310", case.run.prompts, listed(others))


SHAPE = (check_ids, check_class_ids, check_fit, check_options, check_prompts)
"""Rules that the others rely on: scoring rows that break one of these says nothing."""
