"""What the files hold that a model's YAML names, so that others in their place are noticed."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from harness.adapters.registry import SERVED
from harness.encoders.cache import sha256_of
from harness.errors import UserError
from harness.limits import below
from harness.specs.model import ModelSpec
from harness.weights import find, locate

NAMING_FILES = ("head", "dataset_path", "class_prompts")
"""Keys under `options` that name files: a linear head, a training set, sentences of classes."""
_NO_MATTER = frozenset({".md", ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".log", ".lock"})
"""Suffixes of what lies beside weights and is read by no model."""
_MOST = 256
"""Files that are listed one by one."""

COMMIT = "commit "
"""Stands before the commit of a repository."""
Content = dict[str, str] | str


def contents_of(spec: ModelSpec) -> dict[str, Content]:
    """Give by the keys of a model that name files what these hold: of a local folder the SHA-256 of
    each file (weights, processor, tokenizer, chat template), of a file or very many files one
    SHA-256, of a repository on the hub its commit.

    What cannot be found out here is left out. Raises DataError for a file that cannot be read.
    """
    found: dict[str, Content] = {}
    if spec.pretrained is not None and spec.adapter not in SERVED:
        content = _content(spec, "pretrained", spec.pretrained) or _commit(spec)
        if content is not None:
            found["pretrained"] = content
    for name in NAMING_FILES:
        value, key = spec.options.get(name), f"options.{name}"
        content = _content(spec, key, value) if isinstance(value, str) else None
        if content is not None:
            found[key] = content
    return found


def _content(spec: ModelSpec, key: str, value: str) -> Content | None:
    path = spec.resolve(value, key)
    if path.is_file():
        return sha256_of({path.name: path})[path.name]
    if not path.is_dir():
        return None
    digests = sha256_of(dict(_files(path, all_kinds=key != "pretrained")))
    if len(digests) <= _MOST:
        return digests
    return hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()


def _files(folder: Path, *, all_kinds: bool) -> Iterator[tuple[str, Path]]:
    for path in sorted(below(folder)):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
        matters = all_kinds or path.suffix.lower() not in _NO_MATTER
        if matters and not hidden and path.is_file():
            yield name, path


def _commit(spec: ModelSpec) -> str | None:
    try:
        commit = locate(spec).commit or find(spec).commit
    except UserError:  # reported where the model is loaded, if it has to be
        return None
    return f"{COMMIT}{commit}" if commit else None
