"""Make a run of answers that something else produced: checked whole, then written and scored."""

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.answers.names import NONE_LISTED
from harness.answers.outcome import Level, Outcome, Status, level_of
from harness.answers.parts import MOST_WRITTEN, part_reasoning
from harness.data.classes import ClassList
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.data.opened import OpenTask, open_task, task_classes
from harness.errors import Problem, UserError
from harness.runs.answers_file import AnswersFile, Given, read_answers
from harness.runs.answers_matched import Matched, match_answers
from harness.runs.finish import Finished, finish
from harness.runs.preflight import log_findings, preflight, stop_on_errors
from harness.runs.rows import read_answer
from harness.runs.several import class_ids_of, joined
from harness.scores.answers import STRICT
from harness.scores.provenance import GIVEN, OPTIONS
from harness.specs.base import name_fault
from harness.specs.catalogue import Catalogue
from harness.specs.task import Protocol, TaskSpec, digest_of
from harness.store.directory import RunDirectory, run_path
from harness.store.identity import Identity
from harness.store.lines import writing
from harness.store.lock import locked
from harness.store.manifest import Manifest, manifest_of, now
from harness.store.prediction import Prediction

log = logging.getLogger("harness")
ADAPTER = "predictions"
"""The adapter that stands in the manifest of an imported run."""
SEVERAL = "several_answers"
"""Key of an imported run's facts: images with several answers that are all meant."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line says of an import beside its file and task."""

    model: str
    output: Path
    partial: bool = False
    """Whether images may lack an answer and answers may be of other images."""
    fresh: bool = False
    settings: tuple[str, ...] = ()
    overrides: Overrides = NO_OVERRIDES


def import_answers(
    catalogue: Catalogue, task: TaskSpec, path: Path, options: ImportOptions
) -> Finished:
    """Make and score the run directory `<output>/<model>/<task>` of a file of answers.

    Raises DataError for a file that is broken or does not fit the task, UserError when the
    directory holds something else; nothing is written then. The same file may be imported again.
    """
    fault = name_fault(options.model)
    if fault is not None:
        fix = "give a name that a folder can have, such as ORGANISATION--NAME"
        what, got = f"the name {fault}", ascii(options.model)[:200]
        raise UserError(Problem("--model", what, got=got, fix=fix))
    with_options = task.protocol == "mc"
    file = read_answers(path, task_classes(catalogue, task), with_options=with_options)
    opened = open_task(catalogue, task, options.overrides, images="ids")
    found = preflight(opened, opened.image_ids)
    log_findings(found, task.task)
    # Whether an encoder must tell the names apart, the answers say: `finish` looks at it.
    stop_on_errors([each for each in found if each.check != "encoder" or with_options])
    matched = match_answers(opened, file, partial=options.partial)
    rows = [
        _row(task.protocol, opened.classes, each, given, matched.options.get(each, ()))
        for each in matched.expected
        if (given := matched.given.get(each))
    ]
    manifest = _manifest(opened, matched, file, options)
    directory = RunDirectory(run_path(options.output, options.model, task.task))
    with _place(directory, manifest, fresh=options.fresh) as place:
        manifest.write(place.path)
        place.replace(replace(row, mark=manifest.mark) for row in rows)
        results = finish(place, opened)
    return Finished(directory.path, results, task.columns)


def _row(
    protocol: Protocol, classes: ClassList, image_id: str, given: Given, asked: tuple[int, ...]
) -> Prediction:
    texts = [part_reasoning(text) for text in given.texts]
    written, place = tuple(text for text, _ in texts), 0
    if given.form in ("answer", "answers"):
        outcomes = [read_answer(protocol, text, asked, classes) for text in given.texts]
        outcomes = outcomes or [read_answer(protocol, None, asked, classes)]
        first = outcomes[0]
        if not given.is_ranked:
            joint = joined(protocol, outcomes)
            place, first = joint.place, joint.outcome
        top = listed_classes(protocol, outcomes) if given.is_ranked else ()
        text, reasoning = texts[place] if texts else ("", None)
    else:
        meant = given.class_ids[:1] if given.is_ranked else given.class_ids
        first, text, reasoning = _outcome_of(meant, asked), None, None
        outcomes = [_outcome_of((each,), asked) for each in meant]
        top = given.class_ids if given.is_ranked else ()
    return Prediction(
        image_id=image_id,
        status=first.status,
        answer=text,
        class_id=first.class_id,
        also=first.also,
        rule=first.rule,
        answers=written if given.form == "answers" else (),
        meant=written if given.is_several else (),
        meant_classes=tuple(map(class_ids_of, outcomes)) if given.is_several else (),
        confidence=given.confidence if first.class_id is not None else None,
        top=tuple(each for each in top if not asked or each in asked),
        options=asked,
        reasoning=reasoning,
        removed=first.removed,
        truncated=True if any(len(text) > MOST_WRITTEN for text in given.texts) else None,
    )


def _outcome_of(class_ids: Sequence[int], options: Sequence[int]) -> Outcome:
    """Give the outcome of an answer by class ids that are all meant: as exact as the strict name of
    the first. Where there were options, a class that is none of them does not count.
    """
    if not class_ids:
        return Outcome(Status.OOP, rule=NONE_LISTED)
    asked = [each for each in class_ids if not options or each in options]
    if not asked:
        return Outcome(Status.OOP, rule="other_name")
    return Outcome(Status.OK, asked[0], tuple(asked[1:]), STRICT)


def listed_classes(protocol: Protocol, outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """Give the classes that several answers name, each once; of a name that several classes bear,
    all of them.

    In a closed world, answers that are strictly a name of the list go before the others: published
    results take the first of them. None in an open world, where only the first answer is mapped.
    """
    if protocol == "ow":
        return ()
    listed = [each for each in outcomes if each.status is Status.OK and each.class_id is not None]
    if protocol in ("cw", "cw_plus"):
        listed.sort(key=lambda each: level_of(each.rule) is not Level.STRICT)
    named = (class_id for each in listed for class_id in (each.class_id, *each.also))
    return tuple(dict.fromkeys(class_id for class_id in named if class_id is not None))


def _manifest(
    opened: OpenTask, matched: Matched, file: AnswersFile, options: ImportOptions
) -> Manifest:
    task, source = opened.task, opened.source
    given = {"adapter": ADAPTER, "sha256": file.sha256}
    identity = Identity(
        task=task.identity(),
        model={"model": options.model, **given},
        class_list=opened.classes.digest,
        data=source.ids_sha256,  # an import looks at no image
        options=digest_of(sorted(matched.options.items())) if matched.options else None,
    )
    return manifest_of(
        opened,
        identity,
        settings=options.settings,
        n=len(matched.expected),
        skipped=dict(matched.skipped),
        batch_size=1,
        processes=1,
        model_facts={
            **given,
            "file": file.path.name,
            "rows": len(file.rows),
            "ids_from": source.location,
            **_counts(matched),
        },
        ended=now(),
    )


def _counts(matched: Matched) -> dict[str, Any]:
    """Count what is not plain in the answers: options that came with them, several answers."""
    found: dict[str, Any] = {}
    if matched.options:
        own = sum(bool(each.options) for each in matched.given.values())
        found[OPTIONS] = {GIVEN: own, "drawn": len(matched.given) - own}
    several = sum(each.is_several for each in matched.given.values())
    if several:
        found[SEVERAL] = several
        log.warning(
            "%d of %d images have several answers that are all meant; one is right where any of "
            "their classes is", several, len(matched.given),
        )  # fmt: skip
    return found


@contextlib.contextmanager
def _place(directory: RunDirectory, manifest: Manifest, *, fresh: bool) -> Iterator[RunDirectory]:
    """Give where to write: the directory itself when it holds an import of the same, else a hidden
    one that takes its place when all went well.

    Raises UserError when the directory holds something else, RunError when another process writes
    into it.
    """
    path = directory.path
    made = [each for each in (path.parent, path.parent.parent) if not each.exists()]
    hidden = RunDirectory(path.with_name(f".{path.name}.importing-{os.getpid()}"))
    try:
        with locked(path):
            if directory.started and not fresh:
                _check_same(Manifest.read(path), manifest)
                yield directory
                return
            if path.exists() and not directory.started:
                what = "is there already, and is no run"
                raise UserError(Problem(str(path), what, fix="choose another --output"))
            yield hidden
            if directory.started:
                log.info("the earlier run is now in %s", directory.set_aside())
            with writing(path):
                hidden.path.rename(path)
    finally:
        shutil.rmtree(hidden.path, ignore_errors=True)
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: all went well
                folder.rmdir()


def _check_same(old: Manifest, new: Manifest) -> None:
    differences = old.identity.differences(new.identity)
    if differences:
        what, got = "the output directory holds a run of something else", "; ".join(differences)
        expected = "an import of the same file under the same task"
        fix = "choose another --output, or move the old run aside with --fresh"
        raise UserError(Problem(f"{new.model} on {new.task}", what, got, expected, fix))
