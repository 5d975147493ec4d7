"""The YAML of a model that was named without one: what was chosen, and what else can be said."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from pydantic_core import to_jsonable_python

from harness.adapters.contents import NAMING_FILES
from harness.adapters.registry import abilities_of, checked_class
from harness.runner.batch_size import batch_size_for
from harness.specs.base import Spec
from harness.specs.field_docs import field_docs
from harness.specs.model import ModelSpec

_DOCS = {"openai": "docs/servers.md", "vllm": "docs/vllm.md", "lmms_eval": "docs/lmms-eval.md"}
_MOST_UP = 2  # folders that a relative path climbs


def model_yaml(spec: ModelSpec, name: str, folder: Path, about: str | None = None) -> str:
    """Write a model's YAML under a name, for a file in a folder: all that was said of it, then as
    comments every other key of its adapter with its default.

    Raises SpecError as `checked_class`.
    """
    can = abilities_of(checked_class(spec))
    said = dict(spec.file.data) if spec.file else spec.model_dump(mode="json", exclude_unset=True)
    options = dict(said.pop("options", None) or {})
    if spec.pretrained is not None and "revision" in can.keys:
        said["pretrained"] = _from(folder, spec, "pretrained", spec.pretrained)
    for key in options.keys() & NAMING_FILES:
        options[key] = _from(folder, spec, f"options.{key}", options[key])
    first = {"model": name, "adapter": spec.adapter}
    first |= {"pretrained": said["pretrained"]} if "pretrained" in said else {}
    first |= {"description": about} if about else {}
    written = {**first, **{key: value for key, value in said.items() if key not in first}}
    written |= {"options": options} if options else {}
    where = _DOCS.get(spec.adapter, "docs/models.md")
    text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)
    lines = [f"# {where} says more of the keys.", text]
    others = [key for key in ModelSpec.model_fields if key in can.keys - said.keys()]
    others += [] if "batch_size" in said else ["batch_size"]
    if others or can.options.model_fields:
        lines.append("# What else can be said, with what holds where it is not:")
    lines += _comments(ModelSpec, others, {"batch_size": str(batch_size_for(None, spec))})
    rest = [key for key in can.options.model_fields if key not in options]
    lines += [("# and under `options`:" if options else "# options:")] if rest else []
    lines += [each.replace("# ", "#   ", 1) for each in _comments(can.options, rest, {})]
    return "\n".join(lines) + "\n"


def _comments(kind: type[Spec], keys: Sequence[str], known: Mapping[str, str]) -> Iterator[str]:
    """Write a line for each key: its default, or what is known of it, and the first sentence of
    what its class says of it.
    """
    docs: dict[str, str] = {}
    for each in reversed(kind.__mro__[: kind.__mro__.index(Spec)]):
        docs |= field_docs(each)
    for key in keys:
        line = f"# {key}: {known.get(key) or _default(kind, key)}"
        about = docs.get(key, "").partition(". ")[0]
        yield f"{line}  # {about}" if about else line


def _default(kind: type[Spec], key: str) -> str:
    value = to_jsonable_python(kind.model_fields[key].get_default(call_default_factory=True))
    return json.dumps({} if key == "generation" else value, ensure_ascii=False)


def _from(folder: Path, spec: ModelSpec, key: str, value: str) -> str:
    """Give a path as it is from a folder, unless it is far away; a hub id as it is."""
    path = spec.resolve(value, key)
    if not path.exists():
        return value
    found = os.path.relpath(path, folder.resolve())
    is_far = Path(found).parts[: _MOST_UP + 1] == (os.pardir,) * (_MOST_UP + 1)
    return str(path) if is_far else Path(found).as_posix()
