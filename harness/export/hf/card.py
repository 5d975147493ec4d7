"""The dataset card, and `eval.yaml` and `.eval_results/*.yaml`, the forms in which the Hugging Face
hub keeps scores.

Both follow https://huggingface.co/docs/hub/eval-results: a benchmark's dataset says in `eval.yaml`
which leaderboards it has, a model's repository holds figures for them in `.eval_results/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import harness
from harness.export.hf.labels import ClassFacts, LabelFacts, Shared
from harness.export.hf.runs import ExportRun, file_name, unused
from harness.export.hf.tables import columns
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
        if run.chosen is None:
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


_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_NAMES = ("1K", "10K", "100K", "1M", "10M", "100M")
_FIRST = """# {title}

Written by `harness export hf` of mllm-classification-harness {version}. One row of `predictions` is
what one model answered about one image under one task, with what is right in `correct_NAME` for
each label set NAME; `prompts` has the prompts where there were any, `labels` says which classes are
right, `classes` what the ids mean, `scores` what came out. Images are not in here.

## How to load

```python
from datasets import load_dataset

predictions = load_dataset("{place}", "predictions", split="test")
scores = load_dataset("{place}", "scores", split="test")
```

Every config has one split, `test`. `{place}` may be the folder itself. An answer is right if
`class_id`, or one of `also`, is among the image's `class_ids`, each read through `counts_as`; under
protocol `cw` and `mc` only rows of status `ok` count as an answer, under `cw_plus` also rows of
status `oop` with rule `mapped`. Images whose `class_ids` are empty are left out of `accuracy`.
"""
_LAST = """## Leaderboards of the hub

`eval.yaml` and `.eval_results/` are in the form of https://huggingface.co/docs/hub/eval-results.
The files of `.eval_results/` belong into the models' repositories, in the folder of the same name;
they name this dataset `{dataset}`.
"""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says."""

    title: str
    dataset: str
    """Id on the hub."""
    license: str
    """Of the predictions and scores."""
    runs: Sequence[ExportRun]
    shared: Shared
    n_predictions: int
    n_prompts: int


def write_card(path: Path, facts: CardFacts) -> None:
    """Write `README.md`."""
    front = yaml.safe_dump(_front_matter(facts), sort_keys=False, allow_unicode=True, width=96)
    first = _FIRST.format(title=facts.title, version=harness.__version__, place=facts.dataset)
    parts = [
        f"---\n{front}---\n\n{first}",
        *_columns(facts),
        _provenance(facts),
        _labels(facts),
        _LAST.format(dataset=facts.dataset),
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def configs(facts: CardFacts) -> tuple[str, ...]:
    """Name the configs that have rows."""
    rows = {"labels": len(facts.shared.exported), "prompts": facts.n_prompts}
    return tuple(name for name in columns(()) if rows.get(name, 1))


def title_of(runs: Sequence[ExportRun]) -> str:
    """Give the dataset's name for people."""
    models = sorted({run.manifest.model for run in runs})
    tasks = sorted({run.manifest.task for run in runs})
    who = models[0] if len(models) == 1 else f"{len(models)} models"
    what = tasks[0] if len(tasks) == 1 else f"{len(tasks)} tasks"
    return f"Image classification by {who} on {what}"


def _front_matter(facts: CardFacts) -> dict[str, Any]:
    licenses = {facts.license, *(str(each.license) for each in facts.shared.passed_on)}
    return {
        "pretty_name": facts.title,
        "license": sorted(licenses),
        "task_categories": ["image-classification"],
        "tags": ["evaluation", "image-classification", "mllm-classification-harness"],
        "size_categories": [_size(facts.n_predictions)],
        "configs": [
            {
                "config_name": name,
                "data_files": [{"split": "test", "path": f"{name}/*.parquet"}],
                **({"default": True} if name == "predictions" else {}),
            }
            for name in configs(facts)
        ],
    }


def _size(n: int) -> str:
    """Give the hub's word for a number of rows."""
    place = next((place for place, size in enumerate(_SIZES) if n < size), len(_SIZES))
    if place == 0:
        return f"n<{_NAMES[0]}"
    if place == len(_SIZES):
        return f"n>{_NAMES[-1]}"
    return f"{_NAMES[place - 1]}<n<{_NAMES[place]}"


def _columns(facts: CardFacts) -> Iterator[str]:
    meanings = columns([each.name for each in facts.shared.exported])
    for config in configs(facts):
        rows = ((f"`{name}`", meaning) for name, meaning in meanings[config].items())
        yield f"## Config `{config}`\n\n{_table(('column', 'what'), rows)}"


def _provenance(facts: CardFacts) -> str:
    head = ("model", "task", "rows", "task version", "harness", "commit", "data", "text encoder")
    runs = (
        (
            run.manifest.model,
            run.manifest.task,
            _rows(run),
            str(run.manifest.identity.task.get("metadata", {}).get("version", "")),
            run.manifest.harness_version,
            _commit(run),
            run.manifest.data.images_sha256 or run.manifest.data.fingerprint,
            f"{run.manifest.mapping.encoder} {run.manifest.mapping.encoder_sha256}"
            if run.manifest.mapping
            else "",
        )
        for run in facts.runs
    )
    classes = (
        (each.info.name, each.info.name_set, str(each.info.n), each.info.digest, _merged(each))
        for each in facts.shared.class_lists
    )
    of_classes = ("class list", "names", "classes", "sha256", "groups that count as one")
    return f"## Provenance\n\n{_table(head, runs)}\n{_table(of_classes, classes)}"


def _rows(run: ExportRun) -> str:
    n, drawn = str(run.results.n), run.results.sample
    if drawn is not None:
        return f"{n}, a sample of {drawn.of} images, {drawn.how}"
    return n if run.chosen is None else f"{n}, {run.chosen} of {run.manifest.data.n} images"


def _commit(run: ExportRun) -> str:
    commit = run.manifest.git.get("commit")
    return f"{commit}{' with changes' if run.manifest.git.get('dirty') else ''}" if commit else ""


def _merged(each: ClassFacts) -> str:
    note = "" if each.known else ", not listed: they come from labels that may not be passed on"
    return f"{each.n_groups}{note}"


def _labels(facts: CardFacts) -> str:
    head = ("label set", "images", "without a class", "sha256", "licence", "in here")
    rows = (_label_row(each) for each in facts.shared.label_sets)
    text = (
        f"Predictions and scores: `{facts.license}`. Labels are in here where their licence allows "
        "it; the scores under the others are."
    )
    if len(facts.shared.passed_on) < len(facts.shared.exported):
        text = (
            f"Predictions and scores: `{facts.license}`. **This folder is for local use: do not "
            "pass it on.** Some of its labels may not be; `--repo`, or `--push`, leaves them out."
        )
    return f"## Licences\n\n{text}\n\n{_table(head, rows)}"


def _label_row(each: LabelFacts) -> tuple[str, ...]:
    info = each.info
    here = "yes" if each.left_out is None else f"no: {each.left_out}"
    here += f", for local use alone: {each.only_here}" if each.only_here else ""
    counts = (str(info.n_images), str(info.n_empty))
    return (each.name, *counts, info.digest, each.license or "–", here)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
