"""Rules on multiple choice: a question has one right option, and the answer is an option."""

from collections.abc import Iterator
from dataclasses import replace

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.errors import UserError
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding, grouped, listed
from harness.prompts.distractors import interchangeable
from harness.prompts.options import options_of
from harness.store.prediction import Prediction


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
        code = "W312" if case.is_imported else "E312"
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
