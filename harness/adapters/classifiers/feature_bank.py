"""Features of a training set, computed once and kept on disk by the digest of data and model."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.data.images.pixels import ImageError
from harness.data.images.source import Source, open_source
from harness.encoders.cache import cache_folder, write_whole
from harness.errors import DataError, Problem
from harness.specs.base import Spec
from harness.specs.model import ModelSpec
from harness.specs.task import MetadataSpec, TaskSpec

log = logging.getLogger("harness")

_BATCH = 32
_TOLD_EVERY = 10_000
_AS_IN_A_TASK = {"dataset_path", "dataset_name", "data_files", "doc_to_visual", "doc_to_id"}
"""Keys that have the same name in a task."""
Embed = Callable[[list[Image.Image]], NDArray[np.float32]]
"""Images in, unit rows [n, d] out."""


class TrainingSet(Spec):
    """Where training images and their labels are, in the words of a task."""

    dataset_path: str
    """Hub id, folder of `datasets`, parquet or JSONL file; relative to the model's YAML."""
    dataset_name: str | None = None
    dataset_revision: str | None = None
    split: str = "train"
    data_files: str | None = None
    doc_to_visual: str = "image"
    doc_to_id: str | None = None
    doc_to_target: str = "label"
    """Column of the class ids, counted from 0, or of the classes' names."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Training images as features."""

    vectors: NDArray[np.float32]
    """Unit rows [n, d]."""
    labels: NDArray[np.int64]
    """Class ids [n]."""
    names: tuple[str, ...] | None = None
    """The names of the classes, where the training set has them."""

    def __len__(self) -> int:
        return len(self.labels)

    def __str__(self) -> str:
        return f"{len(self)} training images of {self.n_classes} classes"

    @property
    def n_classes(self) -> int:
        """How many classes there are: those with a name, else one more than the highest label."""
        return len(self.names) if self.names else int(self.labels.max()) + 1


def open_bank(spec: ModelSpec, training: TrainingSet, embed: Embed, digest: str) -> Bank:
    """Read the features from the cache, or compute them and keep them there.

    `digest` stands for all that the features of an image depend on. Raises DataError when the
    training set cannot be opened, an image of it not be decoded, or a label is no class id.
    """
    source = open_source(_as_task(spec, training), [training.doc_to_target])
    labels, names = _labels(spec, training, source)
    name = hashlib.sha256(f"{digest} {source.fingerprint}".encode()).hexdigest()
    path = cache_folder().parent / "features" / f"{name}.npy"
    if path.is_file():
        return Bank(np.load(path), labels, names)
    vectors = _compute(spec, source, embed)
    try:
        write_whole(path, lambda file: np.save(file, vectors))
    except OSError as error:
        log.warning("going on without the features in %s: %s", path, error)
    return Bank(vectors, labels, names)


def _as_task(spec: ModelSpec, training: TrainingSet) -> TaskSpec:
    return TaskSpec(
        **training.model_dump(include=_AS_IN_A_TASK),
        task="training set",
        protocol="classify",
        revision=training.dataset_revision,
        test_split=training.split,
        class_list=spec.class_list or "its own",
        label_sets=("its own",),
        metadata=MetadataSpec(version=0),
        directory=spec.directory,
        folders={"dataset_path": spec.resolve("", "options.dataset_path")},
    )


def _labels(
    spec: ModelSpec, training: TrainingSet, source: Source
) -> tuple[NDArray[np.int64], tuple[str, ...] | None]:
    values = source.columns[training.doc_to_target]
    names = source.column_names.get(training.doc_to_target)
    if any(type(value) is str for value in values):
        names = tuple(sorted({value for value in values if type(value) is str}))
        places = {name: place for place, name in enumerate(names)}
        values = [places.get(value, value) for value in values]
    wrong = next((value for value in values if type(value) is not int or value < 0), None)
    if wrong is not None:
        where = f"model `{spec.model}`"
        what = f"`{training.doc_to_target}` holds what is no class id"
        fix = "name the column of whole numbers from 0, or of class names, in `doc_to_target`"
        raise DataError(Problem(where, what, repr(wrong), fix=fix))
    return np.array(values, dtype=np.int64), names


def _compute(spec: ModelSpec, source: Source, embed: Embed) -> NDArray[np.float32]:
    if source.read is None:
        fix = "name a training set with images: `train` in the model's YAML"
        raise DataError(Problem(f"model `{spec.model}`", "its training set has no images", fix=fix))
    log.info("computing the features of %d training images, once", len(source))
    parts = []
    for start in range(0, len(source), _BATCH):
        rows = range(start, min(start + _BATCH, len(source)))
        try:
            parts.append(embed([source.read(row) for row in rows]))
        except ImageError as error:
            where, what = f"model `{spec.model}`", "an image of its training set is broken"
            fix = "mend the image, or take it out of the training set"
            raise DataError(Problem(where, what, got=str(error), fix=fix)) from error
        if start and start % (_TOLD_EVERY // _BATCH * _BATCH) == 0:
            log.info("%d of %d training images", start, len(source))
    return np.concatenate(parts)
