"""A review's folder opened: queue, answers, and the task whose labels are corrected."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data.labels.label_set import LabelSet
from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask, open_task
from harness.errors import DataError, Problem, UserError, unknown_name
from harness.review.answers import Answers, read_answers
from harness.review.deciding import Which
from harness.review.queue import Queue
from harness.runs.reopen import OpenRun, check_classes, open_run, share_among_runs
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.directory import find_runs
from harness.words import listed

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Review:
    """A review's folder."""

    folder: Path
    answers: Answers

    @property
    def queue(self) -> Queue:
        """Its queue."""
        return self.answers.queue


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A review with its task and the label set that is corrected."""

    review: Review
    opened: OpenTask
    base: LabelSet


def read_review(folder: Path) -> Review:
    """Read queue and answers of a review that is no adjudication. Raises DataError as
    `Queue.read` and `read_answers`, UserError for an adjudication.
    """
    queue = Queue.read(folder)
    if queue.mode == "adjudicate":
        what = "is the adjudication of a review"
        fix = f"give the review's folder, and `--adjudication {folder}`"
        raise UserError(Problem(str(folder), what, expected="a review", fix=fix))
    return Review(folder, read_answers(queue, folder))


def read_adjudication(folder: Path, review: Review) -> Review:
    """Read the adjudication of a review. Raises DataError as `read_review`, and where it is no
    adjudication or another review's.
    """
    queue = Queue.read(folder)
    if queue.adjudicates != review.queue.sha256:
        what = "is no adjudication of this review"
        got = f"an adjudication of {queue.adjudicates}" if queue.adjudicates else "a review"
        fix = f"harness review adjudicate {review.folder} -o FOLDER"
        expected = f"an adjudication of {review.queue.sha256}"
        raise DataError(Problem(str(folder), what, got, expected, fix))
    return Review(folder, read_answers(queue, folder))


def check_pass(review: Review, which: Which) -> None:
    """Raise UserError for a pass that the review does not have."""
    passes: Sequence[str] = review.queue.passes
    if which != "last" and which not in passes:
        where = f"--pass {which}"
        what = f"a review of mode {review.queue.mode} has no such answers"
        raise UserError(Problem(where, what, fix=f"--pass {' or '.join((*passes, 'last'))}"))


def open_task_of(
    catalogue: Catalogue, queue: Queue, folder: Path, overrides: Overrides
) -> OpenTask:
    """Open the task of a queue. Raises SpecError or DataError where a file that it needs is wrong,
    and where the classes are not those of the queue.
    """
    opened = open_task(catalogue, load_task(catalogue, queue.task), overrides, images="none")
    if opened.classes.digest != queue.classes_sha256:
        what = f"class list `{opened.classes.name}` is not that of the queue"
        got, expected = (f"sha256 {each}" for each in (opened.classes.digest, queue.classes_sha256))
        fix = "put the class list back as it was, or make a new review: harness review make"
        raise DataError(Problem(str(folder), what, got, expected, fix))
    return opened


def open_review(
    catalogue: Catalogue, review: Review, overrides: Overrides, base: str | None = None
) -> OpenReview:
    """Open the task of a review and the label set that is corrected, by default the queue's, which
    may be one of the catalogue that the task does not name. Raises SpecError or DataError as
    `open_task_of`, UserError for a label set that there is not.
    """
    name = base or review.queue.base
    task = load_task(catalogue, review.queue.task)
    if name not in (*task.label_sets, *overrides.label_sets):
        overrides = replace(overrides, label_sets={**overrides.label_sets, name: None})
    opened = open_task_of(catalogue, review.queue, review.folder, overrides)
    found = next((each for each in opened.labels.sets if each.name == name), None)
    if found is None:
        known = [each.name for each in opened.labels.sets]
        raise UserError(unknown_name("--base", "label set", name, known))
    _warn_of_other_labels(review, found)
    return OpenReview(review, opened, found)


def _warn_of_other_labels(review: Review, base: LabelSet) -> None:
    """Log a warning where the base's labels are not those that the queue was made with."""
    items = [item for item in review.queue.items if base.name in item.labels]
    others = [
        item.image_id
        for item in items
        if base.labels.get(item.image_id) != frozenset(item.labels[base.name])
    ]
    if others:
        log.warning(
            "%s: label set `%s` has other labels for %d of %d images than when the queue was made: "
            "%s", review.folder, base.name, len(others), len(items), listed(others),
        )  # fmt: skip


def open_runs(
    catalogue: Catalogue, paths: Sequence[Path], found: OpenReview, overrides: Overrides
) -> tuple[OpenRun, ...]:
    """Open runs, and folders of them. Raises DataError as `open_run`, and for other classes."""
    places = find_runs(*paths)
    overrides = share_among_runs(catalogue, places, overrides)
    runs = [open_run(catalogue, path, overrides) for path in places]
    for run in runs:
        check_classes(found.opened.classes, run.manifest, str(run.path))
    return tuple(runs)
