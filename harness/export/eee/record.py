"""The aggregate record of a run: who asked which model what, and every accuracy that came out.

The schema's texts about its fields decide what stands where. What a run does not know is left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.export.eee import Relationship
from harness.export.hf.card import FRAMEWORK
from harness.export.hf.runs import ExportRun
from harness.runs.importing import ADAPTER
from harness.scores.results import Score
from harness.specs.task import TaskSpec
from harness.weights import HUB_ID

SCHEMA_VERSION = "0.3.0"
_ENGINES = {"hf": "transformers", "vllm": "vllm"}
"""Adapter to the engine that generates."""
_FACTS = ("kind", "architecture", "parameters", "dtype", "revision")
_ASKED = ("adapter", "model_kwargs", "processor_kwargs")


@dataclass(frozen=True, slots=True)
class Source:
    """What no run knows, and its user says."""

    organization: str | None = None
    """Who gives the results; None: the record says `unknown`."""
    relationship: Relationship | None = None
    """Of who asked the model to who made it; None: the record says `other`."""
    developer: str | None = None
    """Who made the models that have no hub id, `owner/name`; None: their folder is `unknown`."""


def is_imported(run: ExportRun) -> bool:
    """Whether something else than the harness has asked the model."""
    return run.manifest.model_facts.get("adapter") == ADAPTER


def model_id(run: ExportRun) -> str:
    """Give the hub id of a checkpoint that was loaded from the hub, else the model's name."""
    pretrained = run.manifest.identity.model.get("pretrained")
    is_of_the_hub = run.manifest.model_facts.get("revision") is not None  # a folder has no commit
    if is_of_the_hub and isinstance(pretrained, str) and HUB_ID.fullmatch(pretrained):
        return pretrained
    return run.manifest.model


def result_id(protocol: str, label_set: str) -> str:
    """Name a result within its record."""
    return f"{protocol}/{label_set}"


def record_of(run: ExportRun, task: TaskSpec, source: Source, created: str) -> dict[str, Any]:
    """Give the record without the reference to its samples; `created` is now, as a Unix time."""
    manifest = run.manifest
    record = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{manifest.task}/{model_id(run)}/{created}",
        "retrieved_timestamp": created,
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": source.organization or "unknown",
            "evaluator_relationship": source.relationship or "other",
        },
        "model_info": _model(run, source.developer),
        "eval_library": {
            "name": FRAMEWORK,
            "version": manifest.harness_version,
            "additional_details": texts(
                git_commit=manifest.git.get("commit"),
                answers="imported" if is_imported(run) else None,
                mapping=manifest.mapping.model_dump(mode="json") if manifest.mapping else None,
            ),
        },
        "evaluation_results": list(_results(run, task)),
    }
    if not is_imported(run):
        record["evaluation_timestamp"] = manifest.ended or manifest.started
    return record


def _model(run: ExportRun, developer: str | None) -> dict[str, Any]:
    manifest, facts = run.manifest, run.manifest.model_facts
    asked, found = manifest.identity.model, model_id(run)
    here = facts.get("device") is not None  # a server's is not known
    model: dict[str, Any] = {
        "name": manifest.model,
        "id": found,
        "additional_details": {
            "deployment_type": "self_deployed" if here else "unknown",
            "model_availability": "unknown",
            **texts(
                **{name: facts.get(name) for name in _FACTS},
                **{name: asked.get(name) for name in _ASKED},
            ),
        },
    }
    if "/" not in found and developer is not None:
        model["developer"] = developer
    if (engine := _ENGINES.get(str(asked.get("adapter")))) is not None:
        version = manifest.versions.get(engine)
        model["inference_engine"] = {"name": engine, **({"version": version} if version else {})}
    return model


def _results(run: ExportRun, task: TaskSpec) -> Iterator[dict[str, Any]]:
    generation = None if is_imported(run) else _generation(run, task)
    for protocol, by_labels in run.results.scores.items():
        for label_set, score in by_labels.items():
            if score.n:
                yield {
                    "evaluation_result_id": result_id(protocol, label_set),
                    "evaluation_name": f"{run.manifest.task}/{result_id(protocol, label_set)}",
                    "source_data": _data(run, task, label_set),
                    "metric_config": _metric(protocol, label_set),
                    "score_details": _score(run, score),
                    **({"generation_config": generation} if generation else {}),
                }


def _metric(protocol: str, label_set: str) -> dict[str, Any]:
    return {
        "evaluation_description": f"Image classification under protocol {protocol}, by label set "
        f"{label_set}: an answer is right if its class is among the image's labels. Images without "
        "a label are left out; answers that name no class are wrong.",
        "metric_id": "accuracy",
        "metric_name": "Accuracy",
        "metric_kind": "accuracy",
        "metric_unit": "proportion",
        "metric_parameters": {"protocol": protocol, "label_set": label_set},
        "lower_is_better": False,
        "score_type": "continuous",
        "min_score": 0,
        "max_score": 1,
    }


def _score(run: ExportRun, score: Score) -> dict[str, Any]:
    part = run.chosen is not None
    details = texts(
        n=score.n,
        n_right=score.n_right,
        n_without_label=score.n_empty,
        images_chosen=run.chosen,
        images_of_the_run=run.results.n if part else None,
        images_of_the_data_set=run.manifest.data.n if part else None,
        blank_images=run.results.blank_images or None,
    )
    found: dict[str, Any] = {"score": score.n_right / score.n, "details": details}
    if score.ci95 is not None:
        low, high = (round(each / 100, 8) for each in score.ci95)
        interval = {"lower": low, "upper": high, "confidence_level": 0.95, "method": "Wilson score"}
        found["uncertainty"] = {"confidence_interval": interval, "num_samples": score.n}
    return found


def _data(run: ExportRun, task: TaskSpec, label_set: str) -> dict[str, Any]:
    """Say which images: a data set of the hub, or the user's own, whose path is nobody else's."""
    results, data = run.results, run.manifest.data
    details = texts(
        class_list=results.class_list.name,
        class_list_sha256=results.class_list.digest,
        label_set=label_set,
        label_set_sha256=results.label_sets[label_set].digest,
        images_sha256=data.images_sha256,
    )
    more = {"additional_details": details}
    own = any(each.startswith("dataset_path=") for each in run.manifest.settings)
    path = data.dataset_path
    if own or not HUB_ID.fullmatch(path) or task.resolve(path, "dataset_path").exists():
        name = f"data set of task {run.manifest.task}"
        return {"dataset_name": name, "source_type": "other", **more}
    details |= texts(config=data.dataset_name, revision=data.revision)
    where = {"hf_repo": path, "hf_split": data.split, "samples_number": data.n}
    return {"dataset_name": path, "source_type": "hf_dataset", **where, **more}


def _generation(run: ExportRun, task: TaskSpec) -> dict[str, Any] | None:
    """Give the settings that text was generated with; None for a task without prompts."""
    if task.doc_to_text is None:
        return None
    asked, given = run.manifest.identity.model, task.generation_kwargs
    arguments: dict[str, Any] = {"prompt_template": task.doc_to_text}
    if task.output_type == "generate_until":
        if isinstance(given.max_new_tokens, int):
            arguments["max_tokens"] = given.max_new_tokens
        if given.do_sample:
            arguments["temperature"] = 1.0 if given.temperature is None else given.temperature
            arguments |= {} if given.top_p is None else {"top_p": given.top_p}
    details = texts(
        output_type=task.output_type,
        generation_kwargs=given.model_dump(mode="json"),
        generation_of_the_model=asked.get("generation"),
        system_prompt=asked.get("system_prompt"),
        images_per_prompt=task.images_per_prompt,
        distractors=run.results.mc.distractors if run.results.mc else None,
    )
    return {"generation_args": arguments, "additional_details": details}


def texts(**values: Any) -> dict[str, str]:
    """Give what is known as texts, since the schema holds no other details; numbers as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }


def place(run: ExportRun, source: Source) -> str:
    """Give the folder that the schema's repository keeps the record in."""
    owner, _, name = model_id(run).rpartition("/")
    return f"data/{run.manifest.task}/{owner or source.developer or 'unknown'}/{name}"


def unknown_of(run: ExportRun, source: Source) -> dict[str, str]:
    """Give what the schema asks for and nobody has said: the option, and what stands there."""
    found: dict[str, str] = {}
    if source.organization is None:
        found["--organization"] = "`unknown`"
    if source.relationship is None:
        found["--relationship"] = "`other`"
    if source.developer is None and "/" not in model_id(run):
        found["--developer"] = "the folder `unknown`, which their validator warns of"
    return found
