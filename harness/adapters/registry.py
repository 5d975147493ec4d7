"""Adapters by name, imported only when one is asked for."""

import importlib
from typing import cast

from harness.adapters.base import Adapter, Setting
from harness.errors import MissingPackageError, Problem, SpecError, unknown_name
from harness.spec.model import ModelSpec

ADAPTERS = {"hf": "harness.adapters.hf:HfAdapter"}


def load_adapter(spec: ModelSpec, setting: Setting) -> Adapter:
    """Load a model through its adapter.

    Raises SpecError for an unknown adapter, MissingPackageError when its extra is not installed.
    """
    return adapter_class(spec)(spec, setting)


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
