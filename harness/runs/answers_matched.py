"""Answers of something else laid beside the images of a task."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.data.image_ids import image_meant
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem
from harness.prompts.options import options_of
from harness.runs.answers_file import AnswersFile, Given
from harness.words import listed

log = logging.getLogger("harness")

_NAMED = 5  # ids listed of a kind; the rest is only counted


@dataclass(frozen=True, slots=True)
class Matched:
    """Answers laid beside the images of the task."""

    given: Mapping[str, Given]
    """By image id; only images that the task asks about."""
    expected: tuple[str, ...]
    """The images that the task asks about."""
    options: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For multiple choice: the options of each image, the importer's own or the task's."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Images left out, by reason."""


def match_answers(opened: OpenTask, file: AnswersFile, *, partial: bool) -> Matched:
    """Lay the answers beside the images of the task.

    Raises DataError for two answers to one image and, unless `partial`, for images without an
    answer and answers to other images; and when every answer is to another image.
    """
    known, by_file = frozenset(opened.image_ids), opened.source.ids_from_files
    by_image: dict[str, list[Given]] = {}
    for given in file.rows:
        by_image.setdefault(image_meant(given.name, known, by_file=by_file), []).append(given)
    own = {each: rows[0].options for each, rows in by_image.items() if rows[0].options}
    expected, options, skipped = opened.image_ids, own, dict[str, int]()
    without: set[str] = set()
    rest = [each for each in opened.image_ids if each not in own]
    if opened.task.protocol == "mc" and rest:
        chosen = options_of(opened, rest)
        options = {**own, **chosen.by_image}
        expected = tuple(each for each in opened.image_ids if each in options)
        without = set(chosen.without_label)
    if without:
        skipped["no valid label"] = len(without)
        log.info("%d images have no valid label, so no question; they are left out", len(without))
    asked = set(expected)
    extra = [each for each in by_image if each not in asked and each not in without]
    problems = list(_misfits(file, by_image, expected, extra, partial=partial))
    if problems:
        raise DataError(problems)
    if extra:
        skipped["answered, but not in the task"] = len(extra)
        log.warning("%d answers are of images that the task does not ask about", len(extra))
    first = {each: rows[0] for each, rows in by_image.items() if each in asked}
    return Matched(
        first, expected, {each: options[each] for each in asked & options.keys()}, skipped
    )


def _misfits(
    file: AnswersFile,
    by_image: Mapping[str, Sequence[Given]],
    expected: Sequence[str],
    extra: Sequence[str],
    *,
    partial: bool,
) -> Iterator[Problem]:
    where = str(file.path)
    twice = [
        f"`{each}` ({', '.join(row.where.rpartition(':')[2] for row in rows[:3])})"
        for each, rows in by_image.items()
        if len(rows) > 1
    ]
    if twice:
        what = "more than one row for an image (in brackets: the lines)"
        yield Problem(where, what, _listed(twice), fix="keep one row for each image")
    if by_image.keys().isdisjoint(expected):
        what = "none of the answers is of an image that the task asks about"
        got, wanted = (_listed([f"`{each}`" for each in ids]) for ids in (extra, expected))
        yield Problem(where, what, got, wanted, "write the ids of the task's images")
    elif not partial:
        missing = [f"`{each}`" for each in expected if each not in by_image]
        if missing:
            what = f"no answer for images of the task, which has {len(expected)}"
            fix = "add them, or let the results be incomplete with --partial"
            yield Problem(where, what, _listed(missing), fix=fix)
        if extra:
            what = "answers to images that the task does not ask about"
            fix = "remove them, or leave them out with --partial"
            yield Problem(where, what, _listed([f"`{each}`" for each in extra]), fix=fix)


def _listed(items: Sequence[str]) -> str:
    return f"{len(items)}: {listed(items, _NAMED)}"
