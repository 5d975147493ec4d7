"""The images of a task as a sequence: ids first, pixels only when asked for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.data.labels.column import LabelColumn

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Source:
    """An opened data set. Rows keep the data set's order; ids are unique."""

    ids: tuple[str, ...]
    read: "Callable[[int], Image.Image] | None"
    """Decodes the image of a row to RGB; raises ImageError. None where there are no images."""
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """The label columns that the task's label sets ask for, row by row."""
    column_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For columns of numbers that have names in the data set, the names from 0."""
    fingerprint: str = ""
    """Changes when the data may have changed (of local files: size, times, place on the disk)."""
    location: str = ""
    """What was opened, for people."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of a folder were not taken, by kind (`hidden`, `suffix .txt`, …)."""
    folders: tuple[str, ...] | None = None
    """For images that all lie in folders of a plain folder, the name of each one's."""
    ids_from_files: bool = False
    """Whether the ids are made from file names, so that a file's name means its image."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    def label_columns(self) -> Mapping[str, LabelColumn]:
        """Give the label columns by image id."""
        return {
            name: LabelColumn(dict(zip(self.ids, values, strict=True)), self.column_names.get(name))
            for name, values in self.columns.items()
        }

    @property
    def ids_sha256(self) -> str:
        """SHA-256 of the ids in their order."""
        return hashlib.sha256("\n".join(self.ids).encode("utf-8", "surrogatepass")).hexdigest()
