"""Which classes look most like each image to a reference model, by which distractors are chosen:
of a finished run of `classify`, or of a file of features.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.classes import ClassList
from harness.data.image_ids import ids_of_texts, written_id
from harness.data.labels.files import parse_lines, read_text
from harness.data.labels.rows import class_range, without_problems
from harness.encoders.base import unit_rows
from harness.errors import DataError, Problem, near_path
from harness.limits import MOST_RECORD, is_file, parse_json_text, read_bounded_text
from harness.prompts.confusion import read_arrays
from harness.words import listed

_ARRAYS = ("image_ids", "images", "class_ids", "classes")
_SAVED = "`image_ids` [n], `images` [n, d], `class_ids` [m] and `classes` [m, d]"
_SCORED = "scores"


@dataclass(frozen=True, slots=True)
class ImageRanking:
    """The classes that a model ranks first for each image."""

    by_image: Mapping[str, Sequence[int]]
    """Image id to class ids, best first."""
    digest: dict[str, str] | str
    """What it is made of: the mark of the run and SHA-256 of its ranking, or of the file."""

    def refuse_missing(self, image_ids: Sequence[str], path: Path, deepest: int) -> None:
        """Raise DataError where images have no ranking, or none has as many ranks as `deepest`."""
        missing = [each for each in image_ids if each not in self.by_image]
        if missing:
            what = f"ranks no classes for {len(missing)} of {len(image_ids)} images of the task"
            fix = "finish it on all images of this data set"
            raise DataError(Problem(str(path), what, listed(missing), fix=fix))
        kept = max((len(each) for each in self.by_image.values()), default=0)
        if deepest > kept:
            what = f"ranks {kept} classes for an image, and `rank` goes to {deepest}"
            fix = f"lower `rank`, or give a file of features: a .npz with {_SAVED}"
            raise DataError(Problem(str(path), what, fix=fix))


def read_image_ranking(path: Path, classes: ClassList) -> ImageRanking:
    """Read the ranking of a run directory or a file of features.

    - A run of a task of protocol `classify`, complete and of the same classes: the classes in `top`
      of each row, five, by `top_scores`.
    - `.npz` with the arrays `image_ids` [n] (text), `images` [n, d], `class_ids` [m] and `classes`
      [m, d]: all classes by the cosine of the features, ties by class id.

    Raises DataError for what is neither, is broken, or is of other classes.
    """
    if path.is_dir():
        return _of_run(path, classes)
    if not is_file(path):
        fix = near_path(path) or "give the folder of a run of `classify`, or a .npz of features"
        raise DataError(Problem(str(path), "there is no such file or folder", fix=fix))
    return _of_features(path, classes)


def _of_run(path: Path, classes: ClassList) -> ImageRanking:
    manifest = _manifest(path, classes)
    file = read_text(path / "predictions.jsonl")
    rows = (
        line if isinstance(line, Problem) else _row(*line, classes) for line in parse_lines(file)
    )
    found = dict(without_problems(rows, str(file.path)))
    ranking = hashlib.sha256(json.dumps(sorted(found.items())).encode()).hexdigest()
    return ImageRanking(found, {"mark": str(manifest.get("mark")), "ranking": ranking})


def _manifest(path: Path, classes: ClassList) -> Mapping[str, Any]:
    """Read the manifest of a run. Raises DataError where the run cannot serve."""
    where = path / "manifest.json"
    try:
        values = parse_json_text(read_bounded_text(where, MOST_RECORD))
        protocol, status = values["identity"]["task"]["protocol"], values["status"]
        digest = values["class_list"]["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        what, fix = "not the manifest of a run", "give the folder of a run of `classify`"
        raise DataError(Problem(str(where), what, str(error), fix=fix)) from error
    if protocol != "classify":
        what, fix = "is no run of a classifier", "give a run of a task of protocol `classify`"
        raise DataError(Problem(str(path), what, f"protocol `{protocol}`", fix=fix))
    if status != "complete":
        what, got = "is a run that is not finished", f"status `{status}`"
        fix = "give the same command again, which finishes it"
        raise DataError(Problem(str(path), what, got, fix=fix))
    if digest != classes.digest:
        what, got = "is a run of another class list, or other names", f"sha256 {digest}"
        expected = f"`{classes.name}`, {classes.digest}"
        fix = f"run the classifier over `{classes.name}` as it is today"
        raise DataError(Problem(str(path), what, got, expected, fix))
    assert isinstance(values, dict)
    return values


def _row(
    where: str, row: Mapping[str, Any], classes: ClassList
) -> tuple[str, tuple[int, ...]] | Problem:
    image, top, scores = (row.get(key) for key in ("image_id", "top", "top_scores"))
    has_scores = isinstance(top, list) and isinstance(scores, list) and 0 < len(top) == len(scores)
    if not isinstance(image, str) or row.get("rule") != _SCORED or not has_scores:
        what, fix = "the row has no scores of classes", "give a run whose rows hold `top_scores`"
        return Problem(where, what, f"image {image!r}", fix=fix)
    assert isinstance(top, list)
    wrong = [each for each in top if type(each) is not int or each not in classes.by_id]
    if wrong:
        what, fix = "`top` holds what is no class", f"write {class_range(classes)}"
        return Problem(where, what, str(wrong[0]), fix=fix)
    return written_id(image), tuple(top)


def _of_features(path: Path, classes: ClassList) -> ImageRanking:
    arrays = read_arrays(path, "features")
    if any(name not in arrays for name in _ARRAYS):
        got = ", ".join(arrays) or "no arrays"
        raise DataError(Problem(str(path), "not a file of features", got, fix=f"save {_SAVED}"))
    image_ids, images, class_ids, vectors = (arrays[name] for name in _ARRAYS)
    shapes = [list(arrays[name].shape) for name in _ARRAYS]
    fits = images.ndim == vectors.ndim == 2 and images.shape[1] == vectors.shape[1]
    fits = fits and shapes[0] == shapes[1][:1] and shapes[2] == shapes[3][:1]
    if not fits or image_ids.dtype.kind != "U" or class_ids.dtype.kind not in "iu":
        what, fix = "arrays that do not fit", f"save {_SAVED}"
        raise DataError(Problem(str(path), what, str(shapes), fix=fix))
    if not (_is_finite(images) and _is_finite(vectors)):
        what, fix = "features that are no numbers, or are all zero", "compute them again"
        raise DataError(Problem(str(path), what, fix=fix))
    if sorted(class_ids.tolist()) != list(classes.ids):
        what, got = "is of other classes", f"{len(class_ids)} class ids"
        fix = f"save a vector for each id of `{classes.name}`, once"
        raise DataError(Problem(str(path), what, got, fix=fix))
    ids = ids_of_texts(image_ids.tolist(), str(path))
    order = np.argsort(class_ids)
    known = unit_rows(vectors)[order]
    cosines = unit_rows(images) @ known.T
    ranked = class_ids[order][np.argsort(-cosines, axis=1, kind="stable")]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ImageRanking(dict(zip(ids, ranked.tolist(), strict=True)), digest)


def _is_finite(rows: NDArray[Any]) -> bool:
    is_number = rows.dtype.kind in "fiu" and bool(np.isfinite(rows).all())
    return is_number and bool((rows != 0).any(axis=1).all())
