"""The YAML of a model that was named without one: what was chosen, and what else can be said."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from harness.adapters.base import OF_EVERY_MODEL
from harness.adapters.contents import NAMING_FILES
from harness.adapters.registry import abilities_of, checked_class
from harness.runner.batch_size import batch_size_for
from harness.specs.model import ModelSpec

_ABOUT = {
    "revision": "commit, branch or tag on the hub; null: the newest, which manifest.json records",
    "dtype": "float32, bfloat16, float16; auto: bfloat16 on a GPU that has it, else float32",
    "attn_implementation": "sdpa, eager, flash_attention_2, …; null: what transformers chooses",
    "device_map": "auto: over all GPUs, in one process",
    "batch_size": "prompts in a call of the model, or auto: what fits",
    "system_prompt": "what the model is told before every prompt",
    "trust_remote_code": "whether Python code of the checkpoint's own is run",
    "processor_kwargs": "to the processor, such as {max_pixels: 802816} of Qwen-VL",
    "model_kwargs": "to from_pretrained, such as {quantization_config: {load_in_4bit: true}}",
    "generation": "settings in every task, such as {repetition_penalty: 1.1}",
    "class_list": "whose classes the outputs are, in its order; null: the task's",
}
"""What each key is for. Their order is that of the file."""
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
    lines = [f"# {where} says more of the keys.", _as_yaml(written)]
    others = [key for key in _ABOUT if key in can.keys | OF_EVERY_MODEL and key not in said]
    if others or can.options.model_fields:
        lines.append("# What else can be said, with what holds where it is not:")
    defaults = {key: _default(ModelSpec, key) for key in others}
    defaults |= {"batch_size": str(batch_size_for(None, spec))} if "batch_size" in others else {}
    lines += [f"# {key}: {defaults[key]}  # {_ABOUT[key]}" for key in others]
    lines += _of_options(can.options, options)
    return "\n".join(lines) + "\n"


def _of_options(kind: type[BaseModel], said: Mapping[str, object]) -> Iterator[str]:
    others = [key for key in kind.model_fields if key not in said]
    if others:
        yield "# options:" if not said else "# and under `options`:"
    for key in others:
        yield f"#   {key}: {_default(kind, key)}"


def _default(kind: type[BaseModel], key: str) -> str:
    value = to_jsonable_python(kind.model_fields[key].get_default(call_default_factory=True))
    return json.dumps({} if key == "generation" else value, ensure_ascii=False)


def _as_yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=100)


def _from(folder: Path, spec: ModelSpec, key: str, value: str) -> str:
    """Give a path as it is from a folder, unless it is far away; a hub id as it is."""
    path = spec.resolve(value, key)
    if not path.exists():
        return value
    found = os.path.relpath(path, folder.resolve())
    is_far = Path(found).parts[: _MOST_UP + 1] == (os.pardir,) * (_MOST_UP + 1)
    return str(path) if is_far else Path(found).as_posix()
