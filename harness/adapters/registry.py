"""Adapters by name, imported only when one is asked for."""

import importlib
from typing import cast

from harness.adapters.base import Adapter, Setting
from harness.errors import MissingPackageError, Problem, SpecError, unknown_name
from harness.spec.base import validate_part
from harness.spec.model import ModelSpec

ADAPTERS = {
    "hf": "harness.adapters.hf:HfAdapter",
    "openai": "harness.adapters.openai_chat:OpenAIAdapter",
}
_OF_EVERY_MODEL = {"model", "adapter", "description", "batch_size", "options"}


def load_adapter(spec: ModelSpec, setting: Setting) -> Adapter:
    """Load a model through its adapter.

    Raises SpecError for an unknown adapter or key, MissingPackageError when the adapter's extra is
    not installed.
    """
    return checked_class(spec)(spec, setting)


def checked_class(spec: ModelSpec) -> type[Adapter]:
    """Give the adapter's class after a look at the keys of the YAML, before any weight is read.

    Raises SpecError naming every key that the adapter does not use.
    """
    found = adapter_class(spec)
    told = spec.file.data if spec.file else spec.model_fields_set
    strange = sorted(set(told) & set(ModelSpec.model_fields) - _OF_EVERY_MODEL - found.keys)
    expected = "one of " + ", ".join(sorted(found.keys | _OF_EVERY_MODEL))
    problems = [
        Problem(
            spec.file.origin((key,)) if spec.file else f"model `{spec.model}`",
            f"adapter `{spec.adapter}` does not use key `{key}`",
            expected=expected,
        )
        for key in strange
    ]
    try:
        validate_part(found.Options, spec, "options", spec.options)
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return found


def adapter_class(spec: ModelSpec) -> type[Adapter]:
    """Give the class that an adapter's name, or `module:Class`, stands for."""
    where = f"model `{spec.model}`"
    target = ADAPTERS.get(spec.adapter, spec.adapter)
    module_name, colon, class_name = target.partition(":")
    if not colon:
        raise SpecError(unknown_name(where, "adapter", spec.adapter, list(ADAPTERS)))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            Problem(
                where,
                f"adapter `{spec.adapter}` needs a package that is not installed",
                got=str(error),
                fix=f"pip install 'mllm-classification-harness[{spec.adapter}]'"
                if spec.adapter in ADAPTERS
                else f"make `{module_name}` importable",
            )
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        raise SpecError(Problem(where, f"`{module_name}` has no class `{class_name}`"))
    return cast(type[Adapter], found)
