"""What the answers of a run depend on: held against today's before any two are joined."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec, digest_of

Contents = Mapping[str, Mapping[str, str] | str]
"""By the key of a spec that names files: the SHA-256 of each by its path in the folder or, of many,
of all; or the commit of a repository on the hub."""
_OF_THE_DAY = frozenset({"data", "options"})
"""What may change while a run goes on: what the file system says of the images, whose pixels are
compared, and the options of images that a higher limit brings, which stand in the rows."""
_MARK = 16


class Identity(BaseModel):
    """What the answers of a run depend on. A run is resumed only under the same identity."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    task: dict[str, Any]
    """Every value of the task that an answer depends on; older runs noted no defaults."""
    model: dict[str, Any]
    """The same of the model."""
    class_list: str
    data: str
    options: str | None = None
    """SHA-256 of all options of a multiple-choice task."""
    adapter: int = 1
    """Version of the adapter, which rises when it would give other answers."""
    order: int = 1
    """Version of the order in which images are asked for, and so of the groups that share a prompt
    and of the images that a limit takes."""
    prompt: str | None = None
    """SHA-256 of the prompt as rendered for a sample; None: not known."""
    contents: dict[str, dict[str, str] | str] | None = None
    """See `Contents`; a key that is not there, or None for all, is not known."""

    @property
    def mark(self) -> str:
        """What the rows of a run that begins under it bear: 16 digits of a SHA-256."""
        return digest_of(self._whole(_OF_THE_DAY))[:_MARK]

    def differences(self, other: "Identity") -> list[str]:
        """Name what differs, as `key: this one's -> the other's`, of what both know."""
        mine, theirs = self._whole(), other._whole()
        for key in ("prompt", "contents"):
            if None in (mine[key], theirs[key]):
                del mine[key], theirs[key]
        held = [each.pop("contents", {}) for each in (mine, theirs)]
        for key in held[0].keys() & held[1].keys():
            mine[f"contents.{key}"], theirs[f"contents.{key}"] = held[0][key], held[1][key]
            if key == "pretrained" and held[0][key] == held[1][key]:
                mine["model"].pop("revision", None)  # another name of the same commit
                theirs["model"].pop("revision", None)
        return named_differences(mine, theirs)

    def knowing(self, other: "Identity") -> "Identity":
        """Give this identity with what only the other one knows of the contents of files."""
        if self.contents is None or other.contents is None:
            return self
        return self.model_copy(update={"contents": {**other.contents, **self.contents}})

    def _whole(self, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Give all values, with today's defaults for those that were not noted."""
        found = self.model_dump(exclude=set(without))
        found["task"] = TaskSpec.identity_of(self.task)
        found["model"] = ModelSpec.identity_of(self.model)
        return found


def named_differences(mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Name the keys in which two mappings differ, as `key: the first's -> the second's`."""
    one, two = _flat(mine), _flat(theirs)
    keys = sorted(one.keys() | two.keys())
    return [
        f"{key}: {one.get(key)!r} -> {two.get(key)!r}"
        for key in keys
        if one.get(key) != two.get(key)
    ]


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(values, dict):
        return {prefix: values}
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}.{key}" if prefix else str(key))
    return found
