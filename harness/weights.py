"""Where the weights of a model are: a folder, a file, or a repository of the hub."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import DataError, SpecError, first_line, near_path
from harness.specs.model import ModelSpec

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
PATH_STARTS = (".", "~", "/", "\\")
_MARKER = "config.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """What `pretrained` stands for."""

    source: str
    """What `from_pretrained` is given: a local path or a hub id."""
    is_local: bool
    commit: str | None = None
    """For a hub id whose files are in the local cache: their commit."""

    @property
    def folder(self) -> Path:
        """The local folder, of a hub id that in the cache."""
        cached = None if self.is_local else cached_folder(self.source, self.commit)
        return cached or Path(self.source)

    def __str__(self) -> str:
        if self.is_local:
            return f"weights in {self.source}"
        if self.commit:
            return f"weights of {self.source} in the local cache, commit {self.commit}"
        return f"weights of {self.source} on the hub, not on this machine"


def locate(spec: ModelSpec) -> Weights:
    """Find what `pretrained` names, without the network and before anything is loaded.

    A path that exists, relative to the YAML, comes first. Raises SpecError when it looks like a
    path and is none, or is neither a path nor a hub id.
    """
    if spec.pretrained is None:
        what = f"adapter `{spec.adapter}` needs `pretrained`"
        fix = "add `pretrained: OWNER/NAME`, or the path of a checkpoint"
        raise SpecError(spec.problem("pretrained", what, fix=fix))
    path = spec.resolve(spec.pretrained, "pretrained")
    if path.exists():
        if spec.revision is not None:
            what = "`revision` is for a hub id, and `pretrained` names a local path"
            fix = "remove `revision`"
            raise SpecError(spec.problem("pretrained", what, got=str(path), fix=fix))
        return Weights(str(path), is_local=True)
    if spec.pretrained.startswith(PATH_STARTS) or not HUB_ID.fullmatch(spec.pretrained):
        expected = f"a folder ({path} is none), or a hub id `owner/name`"
        what = "`pretrained` names weights that are not there"
        fix = near_path(path) or "give a path that is there, or a hub id OWNER/NAME"
        got = spec.pretrained
        raise SpecError(spec.problem("pretrained", what, got=got, expected=expected, fix=fix))
    cached = cached_folder(spec.pretrained, spec.revision)
    return Weights(spec.pretrained, False, cached.name if cached else None)


def find(spec: ModelSpec) -> Weights:
    """Find what `pretrained` names and, of a hub repository, the commit by its first file; all
    others must be of that commit.

    Raises as `locate`, and DataError for a repository neither in the local cache nor within reach.
    """
    weights = locate(spec)
    if weights.is_local:
        return weights
    from huggingface_hub import hf_hub_download

    try:
        path = hf_hub_download(weights.source, _MARKER, revision=spec.revision)
    except (OSError, ValueError) as error:  # the hub's own errors are of these kinds
        raise out_of_reach(spec, error) from error
    return replace(weights, commit=Path(path).parent.name)


def first_file(spec: ModelSpec, names: Sequence[str]) -> Path | None:
    """Give the first of these small files that are beside the weights of a model, fetched from the
    hub where it is not here; None where there is none of them.

    Raises as `find`.
    """
    weights = locate(spec)
    if weights.is_local:
        paths = (Path(weights.source) / name for name in names)
        return next((path for path in paths if path.is_file()), None)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RemoteEntryNotFoundError

    lost: Exception | None = None
    for name in names:
        try:
            return Path(hf_hub_download(weights.source, name, revision=spec.revision))
        except RemoteEntryNotFoundError:
            continue
        except (OSError, ValueError) as error:  # the hub's own errors are of these kinds
            lost = lost or error
    if lost is not None:
        raise out_of_reach(spec, lost) from lost
    return None


def out_of_reach(spec: ModelSpec, error: Exception) -> DataError:
    """Give the error for a hub repository whose files cannot be had."""
    source = spec.pretrained or ""
    fix = f"on a machine with network: hf download {source}"
    fix += f" --revision {spec.revision}" if spec.revision else ""
    if os.environ.get("HF_HUB_OFFLINE"):
        fix += "; or unset HF_HUB_OFFLINE"
    here = spec.resolve(source, "pretrained")
    what = f"`{source}` is neither a folder ({here}), nor cached, nor within reach"
    return DataError(spec.problem("pretrained", what, got=first_line(error), fix=fix))


def cached_folder(source: str, revision: str | None) -> Path | None:
    """Give the folder in the local cache with the files of a hub repository, named by its commit.

    None where there is none, and for what is no hub id.
    """
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(source, _MARKER, revision=revision)
    except ValueError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def download(source: str, revision: str | None, *patterns: str) -> Path:
    """Fetch the files of a hub repository that fit the patterns, if they are not here; give their
    folder, named by the commit. Raises OSError or ValueError where they cannot be had.
    """
    from huggingface_hub import snapshot_download

    found = snapshot_download(
        source,
        revision=revision,
        allow_patterns=list(patterns),
        ignore_patterns=["onnx/*", "openvino/*"],
    )
    return Path(found)
