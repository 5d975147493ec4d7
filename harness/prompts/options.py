"""The options of every question of a multiple-choice task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.data.labels.label_set import Equivalences, Labels
from harness.data.opened import OpenTask
from harness.encoders.registry import open_encoder
from harness.prompts.confusion import CONFUSION_FILE, read_confusion
from harness.prompts.distractors import (
    OptionRule,
    choose_options,
    interchangeable,
    place_options,
    rank_at_random,
    rank_by_confusion,
    rank_by_similarity,
    true_option,
)
from harness.prompts.given_options import (
    Right,
    by_image,
    read_questions,
    refuse_one_place,
    right_options,
)
from harness.prompts.image_ranking import read_image_ranking
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec
from harness.specs.task_parts import DistractorSpec

Ranking = Callable[[str, int], Iterable[int]]
"""Image id and true class id to candidate class ids, hardest first."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options by image id, and the images without a question: no label of theirs is valid."""

    by_image: Mapping[str, tuple[int, ...]]
    without_label: tuple[str, ...]


def options_of(opened: OpenTask, image_ids: Sequence[str]) -> Options:
    """Choose the options of each image.

    The true option comes from the label sets that the task names, in their order: the original
    label where the most trusted set (the last that knows the image) holds it valid, else that set's
    first label. No class that any label set, also one that was added, holds valid is a distractor.
    Raises DataError when a pool is too small, or the file that options are chosen by does not fit.
    """
    task, classes, labels = opened.task, opened.classes, opened.labels
    assert task.distractors is not None
    same = interchangeable(classes, labels.equivalences)
    if task.distractors.strategy == "given":
        return _given(opened, task.distractors, image_ids, same)
    rule = OptionRule(task.distractors.n_options, task.distractors.rank, task.distractors.seed)
    ranking = _ranking(opened, task.distractors, image_ids)
    chosen: dict[str, tuple[int, ...]] = {}
    without: list[str] = []
    for image_id in image_ids:
        true_id = true_option_of(image_id, labels, same)
        if true_id is None:
            without.append(image_id)
            continue
        valid = _valid_in_any(image_id, labels)
        ranked = ranking(image_id, true_id)
        chosen[image_id] = choose_options(image_id, true_id, valid, ranked, same, rule)
    return Options(chosen, tuple(without))


def true_option_of(image_id: str, labels: Labels, same: Equivalences) -> int | None:
    """Give the class id of an image's right option, as `options_of` says; None: no question."""
    original = labels.original
    first = original.labels.get(image_id, frozenset()) if original else frozenset()
    return true_option(first, _trusted(image_id, labels), same)


def _trusted(image_id: str, labels: Labels) -> frozenset[int]:
    """Give what is right by the most trusted label set that knows the image."""
    knowing = [each for each in labels.named if image_id in each.labels]
    return knowing[-1].labels[image_id] if knowing else frozenset()


def _valid_in_any(image_id: str, labels: Labels) -> set[int]:
    return {each for known in labels.sets for each in known.labels.get(image_id, ())}


def _given(
    opened: OpenTask, how: DistractorSpec, image_ids: Sequence[str], same: Equivalences
) -> Options:
    """Give the options that a file has for each image; see `given_options`."""
    labels, path = opened.labels, options_path(opened.task, how)
    rights = {
        each: Right(
            same.merge_all(_trusted(each, labels)), same.merge_all(_valid_in_any(each, labels))
        )
        for each in image_ids
    }
    asked = {each: right for each, right in rights.items() if right.trusted}
    known = opened.images.ids if opened.images else image_ids
    questions = by_image(
        read_questions(path, opened.classes, how.n_options),
        known,
        whole=opened.images is not None,
        by_file=opened.task.doc_to_id is None,
    )
    right = right_options(questions, asked, same, path)
    chosen = {image: questions[image].options for image in right}
    if how.shuffle:
        for image, option in right.items():
            wrong = {*chosen[image]} - {option}
            chosen[image] = place_options(image, option, wrong, how.seed)
    else:
        refuse_one_place(questions, right, path)
    return Options(chosen, tuple(each for each in image_ids if each not in asked))


def options_path(task: TaskSpec, how: DistractorSpec) -> Path:
    """Give the file of options that a task names."""
    return task.resolve(how.path or "", "distractors.path")


def _ranking(opened: OpenTask, how: DistractorSpec, image_ids: Sequence[str]) -> Ranking:
    classes = opened.classes
    if how.strategy == "random":
        return lambda image_id, _: rank_at_random(image_id, classes.ids, how.seed)
    if how.strategy == "image_embedding":
        path = source_path(opened.task, how)
        known = read_image_ranking(path, classes)
        known.refuse_missing(image_ids, path, OptionRule(how.n_options, how.rank).ranks[1])
        return lambda image_id, _: known.by_image[image_id]
    if how.strategy == "embedding":
        encoder = open_encoder(load_encoder_spec(opened.catalogue, how.encoder))
        vectors = encoder.encode(classes.names)
        table = rank_by_similarity(vectors @ vectors.T, classes.ids)
    else:
        matrix = read_confusion(source_path(opened.task, how), classes.ids)
        table = rank_by_confusion(matrix, classes.ids)
    rows = dict(zip(classes.ids, np.asarray(table).tolist(), strict=True))
    return lambda _, true_id: rows[true_id]


def source_path(task: TaskSpec, how: DistractorSpec) -> Path:
    """Give what ranks distractors: the file of a matrix, or, for images, a run or features."""
    path = task.resolve(how.source or "", "distractors.source")
    is_matrix = how.strategy == "confusion" and path.is_dir()
    return path / CONFUSION_FILE if is_matrix else path
