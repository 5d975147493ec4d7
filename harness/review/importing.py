"""Answers that another tool collected, put into a review's folder: all of a file, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import harness
from harness.data.labels.files import LabelFile
from harness.data.labels.rows import first_problems
from harness.errors import DataError, Problem
from harness.review.answer_log import AnswerLog
from harness.review.answers import AnswerRow, Answers, Key, read_answers, wrong_with
from harness.review.formats.base import Format, Given, Target
from harness.review.queue import ANSWERS, Pass
from harness.store.lock import locked
from harness.words import listed

_SHOWN = 5
_TWO: tuple[Pass, Pass] = ("blind", "shown")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user says of a file that it does not say itself."""

    pass_: Pass | None = None
    annotator: str | None = None
    """Of answers without a name."""
    replace: bool = False
    """Whether an answer may take the place of another one that is there."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    added: Mapping[str, int]
    """Annotator to how many answers were added."""
    n_there: int
    """Answers that say what is there already; they are not added again."""
    notes: tuple[str, ...]


def read_rows(
    file: LabelFile, form: Format, target: Target, choice: Choice
) -> tuple[list[AnswerRow], tuple[str, ...]]:
    """Read a file as answers to the queue, and notes on what of it is not taken, as other images.
    Raises DataError with every problem of the file, ten in full: what the format's reader finds, an
    answer of nobody, or of no pass, or of which `wrong_with` says something, two of one person to
    one image.
    """
    found = form.read(file, target)
    rows: dict[Key, tuple[str, AnswerRow]] = {}
    problems: list[Problem] = []
    others: Counter[str] = Counter()
    for each in found.given:
        row = _row(each, form, target, choice)
        if row is None:
            others[each.image] += 1
        elif isinstance(row, Problem):
            problems.append(row)
        elif row.key in rows:
            what = "is a second answer of one person to one image in one pass"
            fix = f"take it out, or the first, {rows[row.key][0]}"
            problems.append(Problem(each.where, what, fix=fix))
        else:
            rows[row.key] = (each.where, row)
    if not rows and not problems:
        named = ", ".join(list(others)[:_SHOWN])
        what = "holds no answer to an image of the queue"
        fix = "give a file of answers to this queue"
        got = f"images {named}" if named else None
        problems.append(Problem(str(file.path), what, got, fix=fix))
    if problems:
        raise DataError(first_problems(problems, str(file.path)))
    notes = list(found.notes)
    if others:
        what = "answers to images that are not in the queue, or not this person's, were left out"
        notes.append(f"{others.total()} {what}: {listed(others, _SHOWN)}")
    return [row for _, row in rows.values()], tuple(notes)


def _row(given: Given, form: Format, target: Target, choice: Choice) -> AnswerRow | Problem | None:
    """Give an answer as a row, or what is wrong with it. None for an image that is not in the queue
    or that, in a label set, which is of a whole data set, is not one of the person's.
    """
    queue, image_id = target.queue, target.image(given.image)
    if image_id is None:
        return None
    name = given.annotator or choice.annotator
    if name is None:
        what, fix = "does not say whose it is", "--annotator NAME"
        return Problem(given.where, what, fix=fix)
    person = target.person(name)
    if person is None:
        fix = f"--annotator {name}=NAME"
        expected = listed(queue.annotators, _SHOWN)
        return Problem(given.where, "is of nobody who gets the queue", name, expected, fix)
    if form.is_label_set and person not in queue.item_of[image_id].annotators:
        return None
    pass_ = given.pass_ or choice.pass_ or (queue.passes[0] if len(queue.passes) == 1 else None)
    if pass_ is None:
        fix = f"--pass {' or '.join(queue.passes)}"
        return Problem(given.where, "does not say which pass it is of", fix=fix)
    values = {
        "queue_sha256": queue.sha256,
        "image_id": image_id,
        "image_sha256": None,
        "annotator": person,
        "pass": pass_,
        "labels": given.labels,
        "status": given.status,
        "candidates": queue.item_of[image_id].candidates,
        "order": (),
        "flags": given.flags,
        "comment": given.comment,
        "seconds": None,
        "at": given.at,
        "tool_version": f"{harness.__version__}, imported from {form.name}",
    }
    row = AnswerRow.model_validate(values)
    wrong = wrong_with(queue, row)
    return row if wrong is None else replace(wrong, where=f"{given.where}: {wrong.where}")


def import_file(
    folder: Path, file: LabelFile, form: Format, target: Target, choice: Choice
) -> Imported:
    """Add a file's answers to those of a review's folder, each person's blind ones before those
    with the sources shown.

    Raises DataError, with nothing written, as `read_rows` and `read_answers`; where another answer
    is there and may not be replaced, or a later one; where the first of two answers is missing, or
    there already. Raises RunError where a server or another import has the folder.
    """
    rows, notes = read_rows(file, form, target, choice)
    with locked(folder / ANSWERS):
        answers = read_answers(target.queue, folder, may_be_none=True)
        new = _new(answers, rows, choice)
        logs = {name: AnswerLog(target.queue, folder, name) for name in {x.annotator for x in new}}
        for row in new:
            refused = logs[row.annotator].add(row)
            assert refused is None, refused
    added = Counter(row.annotator for row in new)
    return Imported(added, len(rows) - len(new), (*answers.notes, *notes))


def _new(answers: Answers, rows: Sequence[AnswerRow], choice: Choice) -> list[AnswerRow]:
    """Give the rows that say something new, in the order in which they are added."""
    passes = answers.queue.passes
    known = dict(answers.latest)
    new: list[AnswerRow] = []
    problems: list[Problem] = []
    for row in sorted(rows, key=lambda row: passes.index(row.pass_)):
        old = known.get(row.key)
        if old is not None and (old.labels, old.status) == (row.labels, row.status):
            continue
        problem = _refusal(row, known, choice, is_twice=len(passes) > 1)
        problems += [problem] if problem else []
        known[row.key] = row
        new.append(row)
    if problems:
        raise DataError(first_problems(problems, "the answers"))
    return new


def _refusal(
    row: AnswerRow, known: Mapping[Key, AnswerRow], choice: Choice, *, is_twice: bool
) -> Problem | None:
    """Say why a row may not be added to those that are known. `AnswerLog.add` refuses the same of a
    review of two passes, but row by row, when others of the file are on disk already.
    """
    where = f"answer of `{row.annotator}` to `{row.image_id}`, pass {row.pass_}"
    first, second = ((row.annotator, row.image_id, each) for each in _TWO)
    old = known.get(row.key)
    if is_twice and row.pass_ == "shown" and first not in known:
        fix = "import the answers of the first pass before those of the second"
        return Problem(where, "the answer without the sources must come first", fix=fix)
    if is_twice and row.pass_ == "blind" and (old or second in known):
        fix = "take the answer out of the file"
        return Problem(where, "the first answer is given already, and stays as it was", fix=fix)
    if old is None:
        return None
    got, there = (" ".join(map(str, each.labels)) or each.status for each in (row, old))
    if not choice.replace:
        return Problem(where, "another answer is there", got, f"{there}, as is there", "--replace")
    if old.time and row.time and row.time < old.time:
        fix = "take the older answer out of the file"
        return Problem(where, "a later answer is there", f"of {row.at}", f"of {old.at}", fix)
    return None
