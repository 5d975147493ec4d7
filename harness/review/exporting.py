"""What of a review is exported, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.data.labels.files import read_text
from harness.data.labels.readers import read_jsonl
from harness.data.labels.rows import collect
from harness.data.opened import OpenTask
from harness.errors import Problem, UserError, unknown_name
from harness.review.answers import read_answers
from harness.review.formats.base import NOT_SURE, ClassTexts, Format, Source
from harness.review.queue import Pass, Queue


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is asked for."""

    form: Format
    pass_: Pass | None = None
    """Only the answers of this pass; None: of all."""
    labels: Path | None = None
    """A label set as JSON Lines."""
    annotator: str | None = None
    """Whose answers are the label set."""
    image: str = "{image_id}"


def export_text(
    folder: Path, queue: Queue, opened: OpenTask, request: ExportRequest
) -> tuple[str, tuple[str, ...]]:
    """Give the text of an export, and notes on the answers that were read. Raises UserError where a
    pass, a label set or a person must be said, or may not; DataError as `read_answers`, and for a
    label set that cannot be read.
    """
    _check(queue, request)
    form = request.form
    no_rows = form.is_label_set and request.labels is not None
    answers = None if no_rows else read_answers(queue, folder, may_be_none=form.has_queue)
    latest = answers.latest.values() if answers else ()
    rows = tuple(row for row in latest if request.pass_ in (None, row.pass_))
    labels: Mapping[str, frozenset[int]] = {}
    if request.labels is not None:
        file = read_text(request.labels)
        labels = collect(read_jsonl(file), opened.classes, str(request.labels)).labels
    elif request.annotator is not None:
        labels = {
            row.image_id: frozenset((NOT_SURE,) if row.status == "unsure" else row.labels)
            for row in rows
            if row.annotator == request.annotator
        }
    original = opened.labels.original.labels if opened.labels.original else {}
    texts = ClassTexts(opened.classes)
    source = Source(queue, rows, texts, labels, original, request.image)
    notes = list(answers.notes if answers else ())
    if form.has_queue and "blind" in queue.passes:
        notes.append("the file says what models predict: for blind answers, hide it in the tool")
    return form.write(source), tuple(notes)


def _check(queue: Queue, request: ExportRequest) -> None:
    form, name = request.form, f"--format {request.form.name}"
    has_labels = request.labels is not None
    leave_out = "leave it out, or choose another --format"
    if form.is_label_set and has_labels == (request.annotator is not None):
        fix = "give either --labels FILE or --annotator NAME"
        raise UserError(Problem(name, "holds one label set", fix=fix))
    if request.annotator is not None and not form.is_label_set:
        raise UserError(Problem("--annotator", f"does nothing with {name}", fix=leave_out))
    if has_labels and not (form.is_label_set or form.takes_labels):
        raise UserError(Problem("--labels", f"does nothing with {name}", fix=leave_out))
    if request.annotator is not None and request.annotator not in queue.annotators:
        name = request.annotator
        raise UserError(unknown_name("--annotator", "annotator", name, queue.annotators))
    if not (form.has_pass or has_labels or request.pass_ or len(queue.passes) == 1):
        fix = f"--pass {' or '.join(queue.passes)}"
        raise UserError(Problem(name, "holds one pass", fix=fix))
    if "{image_id}" not in request.image:
        what, fix = "is the same for every image", "write {image_id} into it"
        raise UserError(Problem("--image", what, request.image, fix=fix))
