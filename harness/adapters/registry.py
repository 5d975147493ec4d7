"""Adapters by name, imported only when one is asked for."""

import importlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from typing import cast

from harness.adapters.base import (
    CLASSIFY,
    OF_EVERY_MODEL,
    Abilities,
    Adapter,
    Preview,
    Previewing,
    Setting,
)
from harness.adapters.class_check import class_problems, facts_problem
from harness.adapters.estimate import Estimate
from harness.errors import DataError, MissingPackageError, Problem, SpecError, unknown_name
from harness.heavy import no_collection
from harness.specs.base import validate_part
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec

ADAPTERS = {
    "dual_encoder": "harness.adapters.classifiers.dual_encoder:DualEncoderAdapter",
    "hf": "harness.adapters.hf.adapter:HfAdapter",
    "hf_classifier": "harness.adapters.classifiers.hf:HfClassifierAdapter",
    "knn": "harness.adapters.classifiers.knn:KnnAdapter",
    "linear_head": "harness.adapters.classifiers.linear_head:LinearHeadAdapter",
    "lmms_eval": "harness.adapters.lmms_eval.adapter:LmmsEvalAdapter",
    "open_clip": "harness.adapters.classifiers.open_clip:OpenClipAdapter",
    "openai": "harness.adapters.server.adapter:OpenAIAdapter",
    "timm": "harness.adapters.classifiers.timm:TimmAdapter",
    "vllm": "harness.adapters.vllm.adapter:VllmAdapter",
}
SERVED = frozenset({"openai"})
"""Adapters whose `pretrained` is a name on a server; the server's answers say what it means."""
VERSIONS = {"hf": 2, "lmms_eval": 2}
"""Rises when an adapter would give other answers to the same task from the same YAML; the others
are at 1. 2: no setting of a checkpoint acts, and each request has noise of its own."""
ENTRY_POINTS = "mllm_classification_harness.adapters"
"""The entry-point group in which a package of one's own names its adapters."""


def abilities_of(adapter: type[Adapter]) -> Abilities:
    """Give what an adapter's class says of itself; one that says nothing writes text to prompts."""
    return getattr(adapter, "abilities", Abilities())


def load_adapter(spec: ModelSpec, setting: Setting, tasks: Sequence[TaskSpec] = ()) -> Adapter:
    """Load a model through its adapter, for the prompts of these tasks.

    Raises SpecError for an unknown adapter or key, or facts of another kind, MissingPackageError
    when the adapter's extra is not installed.
    """
    images = max((each.images_per_prompt for each in tasks), default=1)
    found = checked_class(spec)(spec, replace(setting, images_per_prompt=images))
    wrong = list(facts_problem(found.facts, f"adapter `{spec.adapter}`"))
    if wrong and spec.adapter not in ADAPTERS:
        raise SpecError(wrong)
    return found


def load_preview(spec: ModelSpec) -> Preview:
    """Open a model without its weights; where its adapter cannot, or its files are not here, what
    can be said of any model, with the reason. Raises SpecError as `checked_class`.
    """
    found = checked_class(spec)
    if not issubclass(found, Previewing):
        return Estimate(f"adapter `{spec.adapter}` has no preview of its prompts")
    try:
        return found.preview(spec)
    except (DataError, MissingPackageError) as error:
        (problem, *_) = error.problems
        fix = problem.fix
        if isinstance(error, DataError):
            fix = f"hf download {spec.pretrained} --exclude '*.safetensors'"
        return Estimate(f"the model's own processor cannot be had: {problem.what} (fix: {fix})")


def checked_class(spec: ModelSpec) -> type[Adapter]:
    """Give the adapter's class after a look at the keys of the YAML, before any weight is read.

    Raises SpecError naming all that the class lacks, else every key that it does not use.
    """
    found = adapter_class(spec)
    wrong = class_problems(found, spec.adapter)
    if wrong:
        raise SpecError(wrong)
    can = abilities_of(found)
    written = spec.file.data if spec.file else spec.model_fields_set
    strange = sorted(set(written) & set(ModelSpec.model_fields) - OF_EVERY_MODEL - can.keys)
    expected = "one of " + ", ".join(sorted(can.keys | OF_EVERY_MODEL))
    what = f"adapter `{spec.adapter}` does not use key `{{}}`"
    problems = [
        spec.problem(key, what.format(key), expected=expected, fix=f"remove `{key}`")
        for key in strange
    ]
    problems += [
        spec.problem(
            f"generation.{key}",
            f"adapter `{spec.adapter}` cannot ask for `generation.{key}`",
            expected="one of " + ", ".join(sorted(can.generation)),
            fix=f"remove `{key}`",
        )
        for key in sorted(spec.generation.named.keys() - can.generation)
        if "generation" in can.keys
    ]
    try:
        validate_part(can.options, spec, "options", spec.options)
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return found


def check_fits(spec: ModelSpec, adapter: type[Adapter], tasks: Sequence[TaskSpec]) -> None:
    """Raise SpecError naming every task with something that the adapter cannot do."""
    can, where = abilities_of(adapter), f"model `{spec.model}` (adapter `{spec.adapter}`)"
    kind = "classifiers" if can.protocols == CLASSIFY else "models with a prompt"
    fix = f"a task for {kind} (`harness list tasks`), or another model"
    problems = [
        Problem(
            where,
            f"cannot do task `{task.task}`",
            f"protocol {task.protocol}",
            _any(can.protocols),
            fix,
        )
        for task in tasks
        if task.protocol not in can.protocols
    ]
    problems += [
        Problem(
            where,
            f"cannot do task `{task.task}`",
            f"output_type {task.output_type}",
            _any(can.output_types),
            f"--set output_type={min(can.output_types)}, or another adapter",
        )
        for task in tasks
        if task.protocol in can.protocols and task.output_type not in can.output_types
    ]
    problems += [
        Problem(
            where,
            f"cannot do task `{task.task}`",
            "max_new_tokens: longest_name",
            "a number, as this adapter does not know the model's tokenizer",
            "--set generation_kwargs.max_new_tokens=32",
        )
        for task in tasks
        if task.generation_kwargs.max_new_tokens == "longest_name" and not can.counts_tokens
    ]
    if problems:
        raise SpecError(problems)


def _any(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))


def _extra(adapter: str) -> str:
    """Give the extra that an adapter needs; with a hyphen, as older pip knows no other form."""
    return adapter.replace("_", "-")


def adapter_class(spec: ModelSpec) -> type[Adapter]:
    """Give the class that an adapter's name, or `module:Class`, stands for."""
    where = f"model `{spec.model}`"
    target = ADAPTERS.get(spec.adapter, spec.adapter)
    if ":" not in target:  # reading what every installed package offers takes a while
        offered = {each.name: each.value for each in entry_points(group=ENTRY_POINTS)}
        if target not in offered:
            raise SpecError(unknown_name(where, "adapter", target, [*offered, *ADAPTERS]))
        target = offered[target]
    module_name, _, class_name = target.partition(":")
    try:
        with no_collection():
            module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            Problem(
                where,
                f"adapter `{spec.adapter}` needs a package that is not installed",
                got=str(error),
                fix=f"pip install 'mllm-classification-harness[{_extra(spec.adapter)}]'"
                if spec.adapter in ADAPTERS
                else f"make `{module_name}` importable",
            )
        ) from error
    except Exception as error:  # a module of a stranger raises what it likes
        if spec.adapter in ADAPTERS:
            raise
        got = f"{type(error).__name__}: {error}"
        raise SpecError(
            Problem(
                where,
                f"`{module_name}` cannot be imported",
                got,
                fix="install what it imports, or mend it",
            )
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        classes = [name for name, each in vars(module).items() if isinstance(each, type)]
        problem = Problem(where, f"`{module_name}` has no class `{class_name}`")
        raise SpecError(problem.among(class_name, classes))
    return cast(type[Adapter], found)
