"""What is known of the images before people look at them: labels of every label set, and what each
run answered, of runs over one data set and one class list.
"""

import hashlib
import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.answers.outcome import Status
from harness.data.classes import ClassList
from harness.data.images.source import Source, dataset_location, open_source
from harness.data.labels.label_set import Labels, LabelSet
from harness.data.labels.of_task import Overrides
from harness.errors import DataError, Problem, UserError
from harness.review.queue import Predicted, SourceRun
from harness.runs.compare import check_same_classes, check_same_equivalences, refuse_twice
from harness.runs.reopen import OpenRun, open_run, share_among_runs
from harness.scores.answers import to_answers
from harness.scores.metrics import counted_rows
from harness.specs.catalogue import Catalogue
from harness.specs.task import TaskSpec
from harness.store.directory import RunDirectory

log = logging.getLogger("harness")
_LONGEST_ANSWER = 2_000
"""Characters of an answer that are kept."""
_LOGARITHMS = frozenset(
    {"hf", "hf_classifier", "linear_head", "lmms_eval", "openai", "timm", "vllm"}
)
"""Adapters whose scores are logits or logarithms of probabilities."""
_COUNTS = frozenset({"knn"})
"""Adapters whose scores are votes."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a run answered for an image."""

    predicted: Predicted
    margin: float | None
    """The best score of the model less the second, in the model's own unit; None without two."""


@dataclass(frozen=True)
class Sources:
    """The images of all runs, with their labels and answers."""

    task: TaskSpec
    """Of the first run."""
    classes: ClassList
    labels: Labels
    """The label sets of all runs' tasks, each once."""
    runs: tuple[SourceRun, ...]
    answers: Mapping[str, tuple[Answered, ...]]
    """By image, in the order of the runs; no errors, and no image without another answer."""
    image_ids: tuple[str, ...]
    """Every image that a run has a row for; sorted."""
    image_sha256: Mapping[str, str]
    """Of the pixels, where a run has seen them."""
    images: Source | None
    """The data set; None where it is not here."""

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models, each once, in the order of the runs."""
        return tuple(dict.fromkeys(run.model for run in self.runs))

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The ids of all images of the data set that anything here knows of."""
        of_labels = (each.labels.keys() for each in self.labels.sets)
        return frozenset(self.image_ids).union(self.images.ids if self.images else (), *of_labels)

    def of(self, image_id: str) -> tuple[Answered, ...]:
        """Give what the runs answered for an image, which may be nothing."""
        return self.answers.get(image_id, ())

    def labels_of(self, image_id: str) -> dict[str, tuple[int, ...]]:
        """Give class ids, ascending, by the label sets that know the image."""
        return {
            each.name: tuple(sorted(each.labels[image_id]))
            for each in self.labels.sets
            if image_id in each.labels
        }

    def candidates(self, image_id: str) -> tuple[int, ...]:
        """Give all classes that a label set or a run names for an image, ascending."""
        named = set().union(*self.labels_of(image_id).values())
        return tuple(sorted(named.union(*(each.predicted.classes for each in self.of(image_id)))))


def open_sources(catalogue: Catalogue, paths: Sequence[Path], overrides: Overrides) -> Sources:
    """Open runs, of any protocol and model, that are over one data set and one class list.

    Raises UserError for a run that is named twice, or two of one model under one task; DataError
    as `open_run`, and for runs that are not over the same images and classes, that count different
    classes as one, or that have seen different pictures under one id.
    """
    refuse_twice(paths)
    overrides = share_among_runs(catalogue, paths, overrides)
    runs = [open_run(catalogue, path, overrides) for path in paths]
    _check_alike(runs)
    first = runs[0].opened
    answers: defaultdict[str, list[Answered]] = defaultdict(list)
    for run in runs:
        for image_id, answered in _answers_of(run).items():
            answers[image_id].append(answered)
    return Sources(
        task=first.task,
        classes=first.classes,
        labels=Labels(tuple(_label_sets(runs)), first.labels.equivalences),
        runs=tuple(_source_run(run) for run in runs),
        answers={image_id: tuple(found) for image_id, found in answers.items()},
        image_ids=tuple(sorted({row.image_id for run in runs for row in run.rows})),
        image_sha256=_pictures(runs),
        images=_open_images(first.task),
    )


def _check_alike(runs: Sequence[OpenRun]) -> None:
    first, *others = runs
    for run in runs:
        if run.opened.task.blank_images:
            what = "was shown grey pictures, so that its answers say nothing of the images"
            raise DataError(Problem(str(run.path), what, fix="leave it out"))
    for other in others:
        where = f"{first.path} and {other.path}"
        check_same_classes(first, other, where)
        if not _same_data(first, other):
            got = " and ".join(f"`{run.opened.task.dataset_path}`" for run in (first, other))
            got += f" (tasks {first.manifest.task} and {other.manifest.task})"
            what = "the runs are over different data sets"
            fix = "make a queue of each; answers to the same images come in by `harness import`"
            raise DataError(Problem(where, what, got, "runs over the same images", fix))
        check_same_equivalences(first, other, where)
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for run in runs:
        paths[f"{run.manifest.model} on {run.manifest.task}"].append(str(run.path))
    for where, several in paths.items():
        if len(several) > 1:
            what = f"{len(several)} runs of one model under one task, which answers could not tell"
            what += " apart"
            raise UserError(Problem(where, what, ", ".join(several), fix="give one of them"))


def _same_data(a: OpenRun, b: OpenRun) -> bool:
    """Whether two runs are over one data set: the same place of it, or the same ids."""
    one, two = a.manifest.data, b.manifest.data
    if one.ids_sha256 is not None and one.ids_sha256 == two.ids_sha256:
        return True
    return _place(a.opened.task) == _place(b.opened.task)


def _place(task: TaskSpec) -> tuple[str, str | None, str]:
    path = task.resolve(task.dataset_path, "dataset_path")
    written = str(path.resolve()) if path.exists() else task.dataset_path
    return written, task.dataset_name, task.test_split


def _label_sets(runs: Sequence[OpenRun]) -> list[LabelSet]:
    found: dict[str, LabelSet] = {}
    for run in runs:
        for each in run.opened.labels.sets:
            if found.setdefault(each.name, each).digest != each.digest:
                what = "is another one for different runs"
                got = f"{found[each.name].source} and {each.source}"
                fix = f"say which it is with --label_set {each.name}=PATH"
                raise DataError(Problem(f"label set `{each.name}`", what, got, fix=fix))
    return list(found.values())


def _source_run(run: OpenRun) -> SourceRun:
    with RunDirectory(run.path).predictions.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path, manifest = "/".join(run.path.resolve().parts[-2:]), run.manifest
    return SourceRun(path=path, model=manifest.model, task=manifest.task, predictions_sha256=digest)


def _pictures(runs: Sequence[OpenRun]) -> dict[str, str]:
    found: dict[str, str] = {}
    for run in runs:
        for row in run.rows:
            if row.image_sha256 is None:
                continue
            if found.setdefault(row.image_id, row.image_sha256) != row.image_sha256:
                what = "is another picture for another of the runs"
                where = f"{run.path}, image `{row.image_id}`"
                raise DataError(Problem(where, what, fix="give runs over the same images"))
    return found


def _answers_of(run: OpenRun) -> dict[str, Answered]:
    """Give what a run answered by image, without errors; the class after mapping, in `cw` too."""
    own = run.opened.task.protocol
    answers = to_answers(run.rows, run.opened.classes, str(run.path))
    counted = counted_rows(answers, "cw_plus" if own == "cw" else own)
    adapter = str(run.manifest.identity.model.get("adapter"))
    found: dict[str, Answered] = {}
    for row, has_class in zip(run.rows, counted.tolist(), strict=True):
        if row.status is Status.ERROR:
            continue
        first = () if row.class_id is None else (row.class_id,)
        scores = row.top_scores
        predicted = Predicted(
            model=run.manifest.model,
            task=run.manifest.task,
            protocol=own,
            classes=tuple(dict.fromkeys((*first, *row.also))) if has_class else (),
            answer=None if row.answer is None else row.answer[:_LONGEST_ANSWER],
            confidence=_confidence(scores, adapter) if has_class else None,
            oop=row.status is Status.OOP,
        )
        margin = scores[0] - scores[1] if _are_two(scores) else None
        found[row.image_id] = Answered(predicted, margin)
    return found


def _confidence(scores: Sequence[float], adapter: str) -> float | None:
    """Give the share of the first among the scores that the row has (of a classifier the best
    five): of votes their share, of logits and log-probabilities that of their exponentials. None
    for one score, and for scores of which no share can be said, as cosines.
    """
    if not _are_two(scores):
        return None
    if adapter in _COUNTS:
        return round(scores[0] / sum(scores), 4) if sum(scores) > 0 else None
    if adapter not in _LOGARITHMS:
        return None
    return round(1 / sum(math.exp(min(each - scores[0], 0.0)) for each in scores), 4)


def _are_two(scores: Sequence[float]) -> bool:
    """Whether there are two scores or more, the best of them finite and none of them no number."""
    return len(scores) > 1 and math.isfinite(scores[0]) and not any(map(math.isnan, scores))


def _open_images(task: TaskSpec) -> Source | None:
    """Open the data set where it is here, or where its images may be given on; else None."""
    try:
        if isinstance(dataset_location(task), Path) or task.metadata.redistribute_images:
            return open_source(task)
    except DataError as error:
        log.warning("the data set cannot be opened, so that no image is copied: %s", error)
    return None
