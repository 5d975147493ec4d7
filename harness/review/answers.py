"""What annotators answered: one append-only JSONL file for each, `answers/NAME.jsonl`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from harness.data.labels.rows import first_problems
from harness.errors import DataError, Problem, suggestion
from harness.limits import MOST_TEXT, OF_RECORDS, each_key_once, parse_json_text, read_bounded_bytes
from harness.review.answer_faults import faults
from harness.review.queue import ANSWERS, Pass, Queue
from harness.scores.results import Part
from harness.words import listed

Status = Literal["labelled", "none", "unsure"]
"""Labels were given; none of all classes is right; the person cannot say."""
Flag = Literal["crowd", "reflection", "rendition", "text", "truncated"]
SUFFIX: Final = ".jsonl"
_SHOWN = 8
_LINES = json.JSONDecoder(object_pairs_hook=each_key_once, **OF_RECORDS)
Key = tuple[str, str, Pass]
"""Annotator, image id and pass."""


class AnswerRow(Part):
    """One answer of one annotator. A later row for the same image and pass takes the place of an
    earlier one (undo, or a changed mind); all stay in the file.

    What the file of another tool did not say (`harness review import`) is null or empty, and only
    there: of such a row `seconds` is null.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, defer_build=True, strict=False
    )

    queue_sha256: str
    image_id: str
    image_sha256: str | None
    annotator: str
    pass_: Pass = Field(alias="pass")
    labels: tuple[int, ...]
    """Class ids, ascending; empty unless `labelled`."""
    status: Status
    candidates: tuple[int, ...]
    """What was offered, ascending."""
    order: tuple[int, ...]
    """The same, in the order in which they stood; of an imported row empty."""
    flags: tuple[Flag, ...]
    comment: str
    """At most 2,000 characters; required in an adjudication."""
    seconds: float | None
    """From the image's appearance to the answer, without the time in which the page was hidden;
    null of an imported row, and of no other."""
    at: str | None
    """Time of the answer, ISO 8601 in UTC; null where an imported row does not say it."""
    tool_version: str

    @property
    def key(self) -> Key:
        """What it answers; of several rows with one key, the last counts."""
        return (self.annotator, self.image_id, self.pass_)

    @property
    def is_imported(self) -> bool:
        """Whether it comes from another tool's file."""
        return self.seconds is None

    @property
    def time(self) -> datetime | None:
        """When it was given. Raises ValueError where `at` is no time."""
        return None if self.at is None else datetime.fromisoformat(self.at)

    def line(self) -> str:
        """Give it as a line of its file, with the line's end."""
        values = self.model_dump(mode="json", by_alias=True)
        return json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of all annotators of a queue."""

    queue: Queue
    rows: tuple[AnswerRow, ...]
    """All of them: file by file in the order of the names, each in the order of its lines."""
    latest: Mapping[Key, AnswerRow]
    """What counts: the last answer to each image in each pass, in the order of `rows`."""
    notes: tuple[str, ...]
    """What a person should know of the files, a sentence each."""


def wrong_with(queue: Queue, row: AnswerRow) -> Problem | None:
    """Say what is wrong with an answer to a queue; None where nothing is.

    It is of this queue, an image that the annotator gets and a pass of the queue's mode; its labels
    are ascending classes of the list and fit its status; candidates and order are the item's; and
    its comment, seconds and time are such.
    """
    where = f"answer of `{row.annotator}` to `{row.image_id}`, pass {row.pass_}"
    found = next(faults(queue, row), None)
    return None if found is None else replace(found, where=where)


def read_answers(queue: Queue, folder: Path, *, may_be_none: bool = False) -> Answers:
    """Read the answers of all annotators from `answers/` of a review's folder.

    A last line that was cut off is left out with a note; so is, of the answers that count, a blind
    answer after the same image's sources were shown. Raises DataError with every problem of all
    files, ten in full: no answer at all (unless there `may_be_none`), a file that is no
    annotator's of the queue, a line that is no answer or of which `wrong_with` says something, an
    annotator's row in another's file.
    """
    place = folder / ANSWERS
    files = sorted(each for each in place.glob("*") if not each.name.startswith("."))
    found = [each for path in files for each in rows_of(queue, path)]
    rows = [each for each in found if isinstance(each, AnswerRow)]
    notes = [each for each in found if isinstance(each, str)]
    problems = [each for each in found if isinstance(each, Problem)]
    if not rows and not problems and not may_be_none:
        fix = f"harness review serve {folder}, or put the annotators' files into it"
        problems.append(Problem(str(place), "there are no answers in it", fix=fix))
    if problems:
        raise DataError(first_problems(problems, str(place)))
    answered = {each.annotator for each in rows}
    missing = [each for each in queue.annotators if each not in answered]
    if missing and not may_be_none:
        notes.append(f"no answers of {', '.join(missing)}")
    latest, odd = latest_of(rows)
    return Answers(queue, tuple(rows), latest, (*notes, *odd))


def latest_of(rows: Sequence[AnswerRow]) -> tuple[dict[Key, AnswerRow], list[str]]:
    """Give the answers that count, and notes on what is odd in the order of the rows."""
    found: dict[Key, AnswerRow] = {}
    newest: dict[Key, datetime] = {}
    locked: list[AnswerRow] = []
    for row in rows:
        if row.pass_ == "blind" and (row.annotator, row.image_id, "shown") in found:
            locked.append(row)
            continue
        found.pop(row.key, None)
        found[row.key] = row
        if row.time is not None:
            newest[row.key] = max(row.time, newest.get(row.key, row.time))
    backwards = [row for key, row in found.items() if row.time and row.time < newest[key]]
    notes = []
    if locked:
        what = "blind answers given after the sources were shown, which do not count"
        notes.append(f"{what}: {_named(locked)}")
    if backwards:
        what = "answers that replace one with a later time, as where files were joined in the wrong"
        notes.append(f"{what} order: {_named(backwards)}")
    return found, notes


def _named(rows: Sequence[AnswerRow]) -> str:
    names = dict.fromkeys(f"{each.image_id} ({each.annotator})" for each in rows)
    return f"{len(rows)}, of {listed(names, _SHOWN)}"


def rows_of(queue: Queue, path: Path) -> Iterator[AnswerRow | Problem | str]:
    """Give the rows of an annotator's file, what is wrong with it, and notes."""
    name = path.name.removesuffix(SUFFIX)
    if path.suffix != SUFFIX:
        yield f"{path} is no {SUFFIX} file and was not read"
        return
    if name not in queue.annotators:
        fix = "if it is a second download, add its lines to the annotator's own file"
        expected = listed([f"{each}{SUFFIX}" for each in queue.annotators], _SHOWN)
        yield Problem(str(path), "is no annotator's file", path.name, expected, fix)
        return
    try:
        data = read_bounded_bytes(path, MOST_TEXT)
    except DataError as error:
        yield from error.problems
        return
    if not data.strip():
        yield f"{path} is empty"
    yield from _of_lines(queue, data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), path)


def _of_lines(
    queue: Queue, lines: Sequence[bytes], path: Path
) -> Iterator[AnswerRow | Problem | str]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        found = parse_row(line, where)
        if isinstance(found, AnswerRow):
            yield _fitting(queue, found, where, path.name.removesuffix(SUFFIX))
        elif number == len(lines) and not is_json(line):
            yield f"{where}: the last line was cut off; it was left out"
        else:
            yield found


def parse_row(line: bytes, where: str) -> AnswerRow | Problem:
    """Read a line of a file, which may still not fit the queue (`wrong_with`)."""
    shown = line.strip().decode("utf-8", "backslashreplace")[:120]
    try:
        parse_json_text(line.decode("utf-8"), _LINES)
    except ValueError as error:
        fix = "write one JSON object a line, each key once"
        return Problem(where, "is no answer", f"{shown} ({error})", fix=fix)
    try:
        return AnswerRow.model_validate_json(line, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = [each.alias or name for name, each in AnswerRow.model_fields.items()]
        near = suggestion(key, known) if first["type"] == "extra_forbidden" else None
        fix = near or "take the line out, or write it as the page does"
        what = f"is no answer: `{key}`: {first['msg']}" if key else f"is no answer: {first['msg']}"
        return Problem(where, what, shown, fix=fix)


def _fitting(queue: Queue, row: AnswerRow, where: str, name: str) -> AnswerRow | Problem:
    found = wrong_with(queue, row)
    if found is not None:
        return replace(found, where=f"{where}: {found.where}")
    if row.annotator != name:
        fix = "move the line to its annotator's file"
        return Problem(where, "is in the file of another annotator", row.annotator, name, fix)
    return row


def is_json(line: bytes) -> bool:
    """Whether a line is whole: what was cut off is no JSON."""
    try:
        parse_json_text(line.decode("utf-8"))
    except ValueError:
        return False
    return True
