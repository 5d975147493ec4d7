"""The spec of a label set (`tasks/labels/*.yaml`)."""

from typing import Literal

from harness.spec.base import FileSpec

LabelFormat = Literal["imgt", "jsonl", "real", "regt", "csv", "multilabel", "column"]


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
    revision: str | None = None
    sha256: str | None = None
    """Of the file; a file with another hash is refused."""
    column: str | None = None
    """The data set's column, for format `column`."""
