"""The spec of a label set (`tasks/labels/*.yaml`)."""

from typing import Literal

from harness.specs.base import FileSpec

LabelFormat = Literal["imgt", "jsonl", "real", "regt", "csv", "multilabel", "column"]
License = Literal[
    "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "mit", "odbl", "odc-by",
    "ofl-1.1", "pddl",
]  # fmt: skip
"""Licences that allow to pass a file on, by their identifiers on the Hugging Face hub."""


class LabelSetSpec(FileSpec):
    """Where labels come from and how they are written there."""

    label_set: str
    format: LabelFormat
    class_list: str
    path: str | None = None
    """The file, relative to the YAML. Absent for `imgt` (a package) and `column` (the data set)."""
    config: str | None = None
    """ReGT's `class_update_config.json`, relative to the YAML: the classes that count as one."""
    original: bool = False
    """Whether these are the data set's own single labels (ImGT)."""
    homepage: str | None = None
    """Where a person gets the file, shown when it is missing."""
    license: License | None = None
    """What allows to pass the labels on. Absent: `harness export hf` leaves them out."""
    revision: str | None = None
    sha256: str | None = None
    """Of the file; a file with another hash is refused."""
    column: str | None = None
    """The data set's column, for format `column`."""
