"""A model as people name it: a YAML, an adapter's class, an adapter with its keys, a checkpoint."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.adapters.base import OF_EVERY_MODEL
from harness.adapters.recognition import Recognised, recognise
from harness.adapters.registry import ADAPTERS, SERVED, abilities_of, adapter_class
from harness.errors import Problem, SpecError, near_path, unknown_name
from harness.specs.base import name_fault, validate
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import is_class, model_file
from harness.specs.model import ModelSpec
from harness.specs.settings import of_model, split_settings, with_settings
from harness.specs.yaml_file import YamlFile
from harness.weights import HUB_ID, PATH_STARTS, locate

_FILE = Path("model")  # where mistakes stand of a model that has no YAML
_OF_CHECKPOINTS = frozenset({"dual_encoder", "hf", "hf_classifier", "open_clip", "timm"})
"""Adapters of which one is found by a checkpoint; others stand in the name of a run's folder."""
_WITHOUT_WEIGHTS = frozenset({"lmms_eval"})
"""Adapters that can do without `pretrained`."""
_INSTEAD = {
    "device": "--device DEVICE, beside --model_args",
    "load_in_4bit": "model_kwargs.quantization_config.load_in_4bit=true",
    "load_in_8bit": "model_kwargs.quantization_config.load_in_8bit=true",
    "max_pixels": "processor_kwargs.max_pixels=N",
    "min_pixels": "processor_kwargs.min_pixels=N",
    "parallelize": "device_map=auto",
}
"""Arguments of lm-eval's and lmms-eval's models: what says the same here."""
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class NamedModel:
    """What a model's name stands for."""

    spec: ModelSpec
    settings: tuple[str, ...] = ()
    """What was said beside the name, as `key=value` of the YAML's keys."""
    note: str | None = None
    """What was chosen for a model that has no YAML."""
    architecture: str | None = None
    """What the config of a checkpoint calls it, where the adapter was found by that."""


def find_model(catalogue: Catalogue, name: str, texts: Sequence[str] = ()) -> NamedModel:
    """Find a model by a name of the catalogue, the path of a YAML, `module:Class`, the name of an
    adapter, a folder, or a hub id; the first of these that fits. Its weights stay where they are.

    `texts` are `key=value`, several with commas between them; keys of the adapter's own options
    need no `options.`. Raises SpecError for what is none of these, a key that nobody knows, and a
    checkpoint that no adapter fits; DataError for a repository that is not within reach.
    """
    settings = [each for text in texts for each in split_settings(text)]
    if is_class(name) or name in catalogue.names(Kind.MODEL) or name.endswith((".yaml", ".yml")):
        file = model_file(catalogue, name)
        written = _said(settings, "adapter") or file.data.get("adapter")
        settings = _with_options(settings, written if isinstance(written, str) else None)
        return NamedModel(_checked(file, settings), tuple(settings))
    if name in ADAPTERS:
        return _made(name, {}, settings)
    if _said(settings, "pretrained"):
        what, got = "`pretrained` is said twice", f"{name} and {_said(settings, 'pretrained')}"
        fix = "--model ADAPTER --model_args pretrained=…, or the folder or hub id alone"
        raise SpecError(Problem(f"--model {name}", what, got, fix=fix))
    values = {"pretrained": _pretrained(catalogue, name)}
    adapter = _said(settings, "adapter")
    if adapter is not None:
        return _made(adapter, values, settings)
    revision = [each for each in settings if each.startswith("revision=")]
    draft = {"model": "named", "adapter": "hf", **values}
    found = recognise(_spec(draft, revision))
    return _made(found.adapter, values, settings, found)


def _made(
    adapter: str, values: dict[str, str], settings: Sequence[str], found: Recognised | None = None
) -> NamedModel:
    """Make the spec of a model without a YAML."""
    settings = _with_options(settings, adapter)
    name = _said(settings, "model")
    spec = _spec({"model": name or "named", "adapter": adapter, **values}, settings)
    if spec.pretrained is None and adapter in ADAPTERS.keys() - _WITHOUT_WEIGHTS:
        raise SpecError(_without_weights(adapter, name))
    place = None
    if spec.pretrained is not None and adapter in ADAPTERS.keys() - SERVED:
        weights = locate(spec)
        place = Path(weights.source) if weights.is_local else None
    if place is not None:  # the same run from wherever it is started
        values = {"pretrained": str(place)}
        settings = [each for each in settings if not each.startswith("pretrained=")]
    name = name or _name(spec.pretrained, place, adapter)
    spec = _spec({"model": name, "adapter": adapter, **values}, settings)
    why = f", as it is a {found.architecture}" if found else ""
    note = f"adapter `{adapter}`{why}; its runs are called `{name}`"
    return NamedModel(spec, tuple(settings), note, found.architecture if found else None)


def _spec(values: dict[str, str], settings: Sequence[str]) -> ModelSpec:
    return _checked(YamlFile(_FILE, dict(values), {}), settings)


def _checked(file: YamlFile, settings: Sequence[str]) -> ModelSpec:
    return validate(ModelSpec, with_settings(file, settings, of_model()))


def _said(settings: Sequence[str], key: str) -> str | None:
    """Give what was said last of a key."""
    texts = [each.partition("=")[2] for each in settings if each.startswith(f"{key}=")]
    return texts[-1] if texts else None


def _with_options(settings: Sequence[str], adapter: str | None) -> list[str]:
    """Write `options.` before the keys that are the adapter's. SpecError for unknown ones."""
    known = ModelSpec.model_fields.keys() - {"directory", "folders", "file"}
    if adapter is None or all(_first(each) in known for each in settings):
        return list(settings)  # the adapter need not be imported
    name = adapter.rpartition(":")[2]
    draft = _spec({"model": "model" if name_fault(name) else name, "adapter": adapter}, ())
    can = abilities_of(adapter_class(draft))
    usable, options, where = OF_EVERY_MODEL | can.keys, can.options.model_fields, str(of_model())
    found: list[str] = []
    problems: list[Problem] = []
    for each in settings:
        key = _first(each)
        if "=" not in each:
            fix = "write it as dtype=bfloat16"
            problems.append(Problem(where, "is not key=value", each, fix=fix))
        elif key in known:
            found.append(each)
        elif key in options:
            found.append(f"options.{each}")
        elif key in _INSTEAD:
            fix = f"write {_INSTEAD[key]}"
            problems.append(Problem(where, f"unknown key `{key}`", each, fix=fix))
        else:
            problem = Problem(where, f"unknown key `{key}`", each)
            problems.append(problem.among(key, sorted({*usable, *options})))
    if problems:
        raise SpecError(problems)
    return found


def _first(setting: str) -> str:
    """Give the key of the YAML under which a setting stands."""
    return setting.partition("=")[0].partition(".")[0]


def _without_weights(adapter: str, name: str | None) -> Problem:
    is_served = adapter in SERVED
    what = "a model's name on the server" if is_served else "a hub id or a folder"
    fix = f"--model {adapter} --model_args pretrained={name or '…'}"
    fix += "; `model` is the name of the run's folder" if name else ""
    fix += "; of a server: --model vllm-server" if adapter == "vllm" else ""
    return Problem(f"--model {adapter}", "`pretrained` is missing", expected=what, fix=fix)


def _pretrained(catalogue: Catalogue, name: str) -> str:
    """Give the folder, or the hub id, that a name is. Raises SpecError where it is neither."""
    path = Path(name).expanduser()
    try:
        if path.exists():
            return str(path.resolve())
        if name.startswith(PATH_STARTS) or name.endswith("/") or name.count("/") > 1:
            fix = near_path(path) or "give a path that is there, or a hub id OWNER/NAME"
            here = str(path.absolute())
            raise SpecError(Problem(str(_FILE), "there is no such folder", name, here, fix))
    except (OSError, RuntimeError, ValueError) as error:
        fix = "give a model's name, or a path without such characters"
        raise SpecError(Problem(str(_FILE), "is no path", ascii(name)[:200], fix=fix)) from error
    if HUB_ID.fullmatch(name):
        return name
    fix = "give a name of `harness list models`, a YAML, MODULE:CLASS, a folder, a hub id"
    known = [*catalogue.names(Kind.MODEL), *ADAPTERS]
    raise SpecError(unknown_name(str(_FILE), "model", name, known, near_path(path) or fix))


def _name(pretrained: str | None, place: Path | None, adapter: str) -> str:
    """Give the name of a run's folder: `owner__name`, of a path its folder and its own name; the
    adapter too where it is not the checkpoint's own.
    """
    parts = [place.parent.name, place.name] if place else (pretrained or "").split("/")
    name = "__".join(_UNSAFE.sub("-", each) for each in parts if each).strip(" .~")
    if adapter not in _OF_CHECKPOINTS:
        own = _UNSAFE.sub("-", adapter.rpartition(":")[2])
        name = f"{name}-{own}" if name else own
    if name_fault(name) is None:
        return name
    return f"model-{hashlib.sha256(f'{pretrained} {adapter}'.encode()).hexdigest()[:12]}"
