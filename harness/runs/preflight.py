"""What a run is going to score, shown before its first request, and by `harness check` alike."""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.answers.mapping.vectors import ClassSide, class_side, refuse_shared, unread_names
from harness.answers.outcome import MAPPED_STATUS
from harness.data.class_lists import collisions
from harness.data.classes import ClassList
from harness.data.labels.label_set import LabelSet, foreign, meet
from harness.data.labels.rows import COMPARED, CONTRADICTED, UNREAD
from harness.data.opened import OpenTask
from harness.data.sample import sample_of
from harness.encoders.base import TextEncoder
from harness.encoders.registry import is_here, open_encoder
from harness.errors import DataError, UserError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec
from harness.words import counted

log = logging.getLogger("harness")
Level = Literal["ok", "note", "error"]
_NAMED = 5  # collisions that are listed one by one
_SHOWN = 60  # characters of an id or a name


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. A note is worth knowing; an error must be mended."""

    level: Level
    check: str
    text: str
    error: UserError | None = None
    """What ends a run, for an error."""


def preflight(opened: OpenTask, image_ids: Sequence[str]) -> list[Finding]:
    """Say what a run that asks about these images is going to score, and by which names."""
    classes = check_classes(opened.catalogue, opened.task, opened.classes)
    return [*check_data(opened, image_ids), *classes]


def check_classes(catalogue: Catalogue, task: TaskSpec, classes: ClassList) -> list[Finding]:
    """Say which class names collide, or are one to a text encoder of the task."""
    return [*check_names(classes), *_check_encoder(catalogue, task, classes)]


def check_names(classes: ClassList) -> Iterator[Finding]:
    """Name the classes that bear one name after normalization: text cannot tell them apart."""
    pairs = collisions(classes)
    for name, ids in pairs[:_NAMED]:
        text = f"`{shown(name)}` names classes {', '.join(map(str, ids))}; an answer stands for all"
        yield Finding("note", "names", text)
    if len(pairs) > _NAMED:
        text = f"{counted(len(pairs) - _NAMED, 'more name')} of several classes"
        yield Finding("note", "names", text)
    if not pairs:
        yield Finding("ok", "names", f"{len(classes)} different names")


def _check_encoder(catalogue: Catalogue, task: TaskSpec, classes: ClassList) -> Iterator[Finding]:
    """The text encoders of the task can read the class names and tell them apart.

    No weights are read. An encoder that is not on this machine is left to the mapping, which may be
    made on another one.
    """
    try:
        for key, name, side in _encoders(task, classes):
            spec, title = load_encoder_spec(catalogue, name), f"`{key}: {name}`"
            if is_here(spec):
                yield _read_by(open_encoder(spec), title, side, task, classes)
            else:
                text = f"{title} is not on this machine: not tried on the names"
                yield Finding("note", "encoder", text)
    except UserError as error:
        yield Finding("error", "encoder", str(error), error)


def _encoders(task: TaskSpec, classes: ClassList) -> Iterator[tuple[str, str, ClassSide]]:
    """Give the encoder that maps answers, where an answer need not be a name of the list, and the
    one that ranks distractors: the task's key, its name, and what of the classes it is shown.
    """
    if task.protocol in MAPPED_STATUS and task.output_type == "generate_until":
        yield "mapping.encoder", task.mapping.encoder, class_side(task, classes)
    if task.distractors and task.distractors.strategy == "embedding":
        yield "distractors.encoder", task.distractors.encoder, "raw"


def _read_by(
    encoder: TextEncoder, title: str, side: ClassSide, task: TaskSpec, classes: ClassList
) -> Finding:
    refuse_shared(encoder, classes, side, task.mapping.allow_shared_vectors)
    unread = unread_names(encoder, classes, side)
    if unread:
        names = f"{len(unread)} of the names, such as `{shown(unread[0])}`"
        what = "no other answer is mapped to them than the name itself"
        return Finding("note", "encoder", f"{title} cannot read {names}: {what}")
    return Finding("ok", "encoder", f"{title} reads the names and tells them apart")


def check_data(opened: OpenTask, image_ids: Sequence[str]) -> Iterator[Finding]:
    """Count images, files that were passed over, and what the label sets have in common with the
    images, and show one image with its class.

    A label set that knows no image of the whole data set is an error, however few are asked about.
    """
    yield _images(opened, len(image_ids))
    expected = opened.task.metadata.images
    n = len(opened.rows) if opened.task.ids else len(opened.source)
    if expected not in (None, n):
        text = f"{n} images, and the split that `{opened.task.task}` is named after has {expected}"
        yield Finding("note", "data", f"{text}: results are not those of the literature")
    if opened.task.blank_images:
        yield Finding("note", "data", "a grey picture is shown in place of each (blank_images)")
    source = opened.source
    if source.passed_over:
        kinds = ", ".join(f"{count} ({kind})" for kind, count in source.passed_over.items())
        yield Finding("note", "data", f"files passed over: {kinds}")
    ids, asked = frozenset(source.ids), frozenset(image_ids)
    for name in opened.labels.missing:
        yield Finding("note", "labels", f"label set `{name}` is not on this machine")
    for labels in opened.labels.sets:
        yield _met(labels, source.ids, ids, asked)
        yield from _against_original(labels)
    yield _example(opened, image_ids)


def log_findings(findings: Sequence[Finding], task: str) -> None:
    """Write findings to the log, but errors, which `stop_on_errors` raises."""
    for each in findings:
        if each.level != "error":
            level = logging.WARNING if each.level == "note" else logging.INFO
            log.log(level, "%s: %s: %s", task, each.check, each.text)


def stop_on_errors(findings: Sequence[Finding]) -> None:
    """Raise the error that a finding is, or one UserError with the problems of all."""
    errors = [each.error for each in findings if each.error is not None]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise UserError(problem for error in errors for problem in error.problems)


def shown(text: str) -> str:
    """Give a text fit for one line: what cannot be printed escaped, and not too long."""
    printable = text if text.isprintable() else ascii(text)[1:-1]
    return printable if len(printable) <= _SHOWN else printable[: _SHOWN - 1] + "…"


def _images(opened: OpenTask, asked: int) -> Finding:
    n = len(opened.source)
    if asked == n:
        return Finding("ok", "data", f"{counted(n, 'image')}, all asked about")
    chosen, limit = len(opened.rows), opened.limit
    by_limit = "" if limit is None or limit >= n else f" (limit: {limit})"
    text = f"{asked} of {n} images are asked about{by_limit}"
    part = sample_of(opened.task, chosen, n)
    if part is not None:
        text = f"sample of {chosen} of {n}, {part.how}"
    without = chosen - asked
    if not without:
        return Finding("ok", "data", text)
    return Finding("note", "data", f"{text}; {without} have no valid label, so no question")


def _met(
    labels: LabelSet, order: Sequence[str], ids: Collection[str], asked: Collection[str]
) -> Finding:
    found = meet(labels, ids)
    if not found.n_met:
        error = DataError(foreign(labels, order))
        return Finding("error", "labels", str(error), error)
    text = f"`{labels.name}` knows {found.n_met} of {len(ids)} images"
    if len(asked) < len(ids):
        text += f", {meet(labels, asked).n_met} of the {len(asked)} asked about"
    if found.n_unlabelled:
        without = next(each for each in order if each not in labels.labels)
        text += f"; {found.n_unlabelled} without a row, such as `{shown(without)}`, are not scored"
    if found.n_left_over:
        other = next(each for each in labels.labels if each not in ids)
        text += f"; {found.n_left_over} of its rows are of no image, such as `{shown(other)}`"
    if labels.source.startswith("column "):
        text += f"; {labels.source}"
    for note, count in labels.notes.items():
        if note not in (COMPARED, CONTRADICTED, UNREAD):
            text += f"; {note}: {count}"
    is_plain = not found.n_unlabelled and not found.n_left_over
    return Finding("ok" if is_plain else "note", "labels", text)


def _against_original(labels: LabelSet) -> Iterator[Finding]:
    """Say how often a label set that names original classes contradicts the original labels."""
    n, wrong = (labels.notes.get(each, 0) for each in (COMPARED, CONTRADICTED))
    text = f"`{labels.name}` names the original class of {n} images"
    if wrong:
        yield Finding("note", "labels", f"{text}, of {wrong} another than the original labels")
    elif n:
        yield Finding("ok", "labels", f"{text}, as the original labels")
    if unread := labels.notes.get(UNREAD):
        text = f"`{labels.name}`: {unread} original classes cannot be read, nor compared"
        yield Finding("note", "labels", text)


def _example(opened: OpenTask, image_ids: Sequence[str]) -> Finding:
    label_sets, original = opened.labels.sets, opened.labels.original
    for labels in [original, *label_sets] if original else label_sets:
        for image_id in image_ids:
            valid = sorted(labels.labels.get(image_id, ()))
            if valid:
                names = " or ".join(f"`{shown(opened.classes.by_id[i].name)}`" for i in valid)
                text = f"`{shown(image_id)}` is {names} by `{labels.name}`"
                return Finding("ok", "example", text)
    return Finding("note", "example", "no image that is asked about has a valid label")
