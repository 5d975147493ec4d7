"""`eval.yaml` and `.eval_results/*.yaml`, the forms in which the Hugging Face hub keeps scores.

Both follow https://huggingface.co/docs/hub/eval-results: a benchmark's dataset says in `eval.yaml`
which leaderboards it has, a model's repository holds figures for them in `.eval_results/`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.export.hf.labels import Shared
from harness.export.hf.runs import ExportRun, file_name, unused
from harness.scores.results import Score

FRAMEWORK = "mllm-classification-harness"
"""Identifier of the evaluation framework."""
_DESCRIPTION = (
    "Accuracy in percent of models as image classifiers. A leaderboard is a task, a protocol and a "
    "label set; images without a label are left out."
)


def write_eval_yaml(path: Path, title: str, runs: Sequence[ExportRun], shared: Shared) -> None:
    """Write `eval.yaml`, whose leaderboards are named `TASK/PROTOCOL/LABEL_SET`."""
    with_labels = {each.name for each in shared.exported}
    tasks: dict[str, Mapping[str, str]] = {}
    for run in runs:
        for task_id, label_set, _ in _accuracies(run):
            where = {"config": "labels", "split": "test"} if label_set in with_labels else {}
            tasks[task_id] = {"id": task_id, **where}
    about = {
        "name": title,
        "description": _DESCRIPTION,
        "evaluation_framework": FRAMEWORK,
        "tasks": [tasks[task_id] for task_id in sorted(tasks)],
    }
    _write_yaml(path, about)


def write_eval_results(
    folder: Path, dataset: str, url: str | None, runs: Sequence[ExportRun]
) -> None:
    """Write a file for each model, with its accuracy under every leaderboard of `dataset`.

    The files belong into the models' repositories, in the folder of the same name. `url` is where
    the predictions can be seen. A run of some of its data set's images is on no leaderboard.
    """
    by_model: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        if run.chosen is not None:
            continue
        by_model.setdefault(run.manifest.model, []).extend(_entries(run, dataset, url))
    for model, entries in by_model.items():
        _write_yaml(folder / f"{file_name(model)}.yaml", entries)


def _entries(run: ExportRun, dataset: str, url: str | None) -> Iterator[Mapping[str, Any]]:
    version, ended = run.manifest.harness_version, run.manifest.ended
    for task_id, _, score in _accuracies(run):
        entry: dict[str, Any] = {"dataset": {"id": dataset, "task_id": task_id}}
        entry["value"] = score.accuracy
        if ended:
            entry["date"] = ended
        if url:
            entry["source"] = {"url": url, "name": "Predictions and scores"}
        entry["notes"] = f"accuracy in percent, n = {score.n}, {FRAMEWORK} {version}"
        yield entry


def _accuracies(run: ExportRun) -> Iterator[tuple[str, str, Score]]:
    """Give the leaderboard's id, the label set and the score, where there is an accuracy."""
    for protocol, by_labels in run.results.scores.items():
        for label_set, score in by_labels.items():
            if score.accuracy is not None:
                yield f"{run.manifest.task}/{protocol}/{label_set}", label_set, score


def _write_yaml(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
    unused(path).write_text(text, encoding="utf-8")
