"""Adapters by name, imported only when one is asked for."""

import importlib
from collections.abc import Iterator, Sequence
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


def takes_prices(spec: ModelSpec) -> bool:
    """Whether the adapter of a model has the option `prices`, without which no answer costs."""
    return "prices" in abilities_of(adapter_class(spec)).options.model_fields


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
    one_of = "one of " + ", ".join(sorted(can.generation))
    what = f"adapter `{spec.adapter}` cannot ask for `generation.{{}}`"
    asked = spec.generation.named if "generation" in can.keys else {}
    problems += [
        spec.problem(f"generation.{key}", what.format(key), expected=one_of, fix=f"remove `{key}`")
        for key in sorted(asked.keys() - can.generation)
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
    where = f"model `{spec.model}` (adapter `{spec.adapter}`)"
    problems = [
        Problem(where, f"cannot do task `{task}`", got, expected, fix)
        for task, got, expected, fix in _misfits(abilities_of(adapter), tasks)
    ]
    if problems:
        raise SpecError(problems)


def _misfits(can: Abilities, tasks: Sequence[TaskSpec]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name of a task that cannot be done, what it says, what it may say, and a fix."""
    kind = "classifiers" if can.protocols == CLASSIFY else "models with a prompt"
    fix, known = f"a task for {kind} (`harness list tasks`), or another model", can.protocols
    for each in tasks:
        if each.protocol not in known:
            yield each.task, f"protocol {each.protocol}", " or ".join(sorted(known)), fix
    written = can.output_types
    for each in tasks:
        if each.protocol in known and each.output_type not in written:
            fix = f"--set output_type={min(written)}, or another adapter"
            yield each.task, f"output_type {each.output_type}", " or ".join(sorted(written)), fix
    got, fix = "max_new_tokens: longest_name", "--set generation_kwargs.max_new_tokens=32"
    for each in tasks:
        if each.generation_kwargs.max_new_tokens == "longest_name" and not can.counts_tokens:
            expected = "a number, as this adapter does not know the model's tokenizer"
            yield each.task, got, expected, fix


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
        what = f"adapter `{spec.adapter}` needs a package that is not installed"
        extra = spec.adapter.replace("_", "-")  # a hyphen, as older pip knows no other form
        install = f"pip install 'mllm-classification-harness[{extra}]'"
        fix = install if spec.adapter in ADAPTERS else f"make `{module_name}` importable"
        raise MissingPackageError(Problem(where, what, str(error), fix=fix)) from error
    except Exception as error:  # a module of a stranger raises what it likes
        if spec.adapter in ADAPTERS:
            raise
        what, got = f"`{module_name}` cannot be imported", f"{type(error).__name__}: {error}"
        fix = "install what it imports, or mend it"
        raise SpecError(Problem(where, what, got, fix=fix)) from error
    found = getattr(module, class_name, None)
    if found is None:
        classes = [name for name, each in vars(module).items() if isinstance(each, type)]
        problem = Problem(where, f"`{module_name}` has no class `{class_name}`")
        raise SpecError(problem.among(class_name, classes))
    return cast(type[Adapter], found)
