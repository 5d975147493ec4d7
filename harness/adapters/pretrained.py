"""Where the weights that a model's YAML names are: a folder, a file, or a repository of the hub."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import DataError, Problem, SpecError
from harness.specs.model import ModelSpec

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PATH_STARTS = (".", "~", "/", "\\")
_MARKER = "config.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """What `pretrained` stands for."""

    source: str
    """What `from_pretrained` is given: a local path or a hub id."""
    is_local: bool
    commit: str | None = None
    """For a hub id whose files are in the local cache: their commit."""

    def __str__(self) -> str:
        """Say in a few words where the weights are."""
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
        raise SpecError(_problem(spec, f"adapter `{spec.adapter}` needs `pretrained`"))
    path = spec.resolve(spec.pretrained, "pretrained")
    if path.exists():
        if spec.revision is not None:
            what = "`revision` is for a hub id, and `pretrained` names a local path"
            raise SpecError(_problem(spec, what, got=str(path)))
        return Weights(str(path), is_local=True)
    if spec.pretrained.startswith(_PATH_STARTS) or not HUB_ID.fullmatch(spec.pretrained):
        expected = f"a folder ({path} is none), or a hub id `owner/name`"
        what = "`pretrained` names weights that are not there"
        raise SpecError(_problem(spec, what, got=spec.pretrained, expected=expected))
    return Weights(spec.pretrained, False, cached_commit(spec.pretrained, spec.revision))


def resolve_commit(spec: ModelSpec, weights: Weights) -> Weights:
    """Find the commit of a hub repository, by its first file; all others must be of that commit.

    Raises DataError when the repository is neither in the local cache nor within reach.
    """
    if weights.is_local:
        return weights
    from huggingface_hub import hf_hub_download

    try:
        path = hf_hub_download(weights.source, _MARKER, revision=spec.revision)
    except (OSError, ValueError) as error:  # the hub's own errors are of these kinds
        fix = f"on a machine with network: hf download {weights.source}"
        fix += f" --revision {spec.revision}" if spec.revision else ""
        if os.environ.get("HF_HUB_OFFLINE"):
            fix += "; or unset HF_HUB_OFFLINE"
        got = next(iter(str(error).strip().splitlines()), type(error).__name__)
        here = spec.resolve(weights.source, "pretrained")
        what = f"`{weights.source}` is neither a folder ({here}), nor cached, nor within reach"
        raise DataError(_problem(spec, what, got=got, fix=fix)) from error
    return replace(weights, commit=Path(path).parent.name)


def cached_commit(source: str, revision: str | None) -> str | None:
    """Give the commit of a hub repository whose files are in the local cache."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(source, _MARKER, revision=revision)
    return Path(found).parent.name if isinstance(found, str) else None


def _problem(
    spec: ModelSpec,
    what: str,
    got: str | None = None,
    expected: str | None = None,
    fix: str | None = None,
) -> Problem:
    where = spec.file.origin(("pretrained",)) if spec.file else f"model `{spec.model}`"
    return Problem(where, what, got=got, expected=expected, fix=fix)
