"""Write tasks as a folder that lmms-eval runs unchanged (`harness export lmms-eval`), the prompts
with their images as a parquet file.
"""

import io
import json
import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image

from harness.data.labels.of_task import Overrides, share_overrides
from harness.data.opened import open_task, require_images
from harness.errors import Problem, UserError
from harness.export.lmms_eval.scoring import metric_names
from harness.export.lmms_eval.task import exported, generation_kwargs, write_task
from harness.prompts.ahead import load_ahead, readable
from harness.prompts.plan import Plan, PlannedRequest, make_plan
from harness.runs.preflight import log_findings, preflight, stop_on_errors
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.task import TaskSpec
from harness.store.new_folder import new_folder, refuse_full, refuse_name

log = logging.getLogger("harness")

_TOGETHER = 64
"""Prompts in one group of rows, so that memory does not grow with their number."""
_LISTS = {"image_ids": "string", "image_sha256": "string", "options": "int64"}
_TEXTS = ("task", "text", "target")


def write_rows(path: Path, rows: Iterator[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Write prompts as `_rows` gives them, with the columns of images that `names` says.

    One image is the column `image`; of several each has a column of its own (`image_1`, …), null
    where a prompt has fewer, for lmms-eval takes only such columns out of what it keeps of a row.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _schema(names)
    with pq.ParquetWriter(path, schema) as writer:
        while part := list(islice(rows, _TOGETHER)):
            writer.write_table(pa.Table.from_pylist(part, schema=schema))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _schema(names: Sequence[str]) -> pa.Schema:
    """Give the columns, with what `datasets` writes beside them to know an image from a struct."""
    kinds = {"string": pa.string(), "int64": pa.int64()}
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [pa.field(name, pa.string()) for name in _TEXTS]
    fields += [pa.field(name, pa.list_(kinds[kind])) for name, kind in _LISTS.items()]
    fields += [pa.field(name, picture) for name in names]
    features: dict[str, Any] = {name: {"dtype": "string", "_type": "Value"} for name in _TEXTS}
    for name, kind in _LISTS.items():
        inner = {"dtype": kind, "_type": "Value"}
        features[name] = {"feature": inner, "_type": "Sequence"}
    features |= {name: {"_type": "Image"} for name in names}
    about = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": about})


_MODULE = "harness_task"
_FUNCTIONS = Path(__file__).with_name("functions.py")
"""Copied into the folder, where lmms-eval finds the functions that the YAML files name."""
_README = """# Tasks of the harness, for lmms-eval

Written by `harness export lmms-eval` of mllm-classification-harness {version}. Needed in one
environment: lmms-eval 0.7 and this package (`pip install 'mllm-classification-harness[lmms]'`).

```
python -m lmms_eval --include_path . --tasks {tasks} \\
    --model MODEL --model_args pretrained=… --log_samples --output_path logs
```

| task | protocol | prompts | images | left out |
| --- | --- | --- | --- | --- |
{table}

A task is `NAME.yaml`, its data `data/NAME.parquet` (images without loss), and `NAME.harness.json`,
the classes and labels. `docs/lmms-eval.md` of the harness says what the metrics are.
"""
_MARKS = {"default": {"image_mark": ""}, "llava_hf": {"image_mark": "<image>"}}
"""What a simple class finds in the text where an image belongs, by the name of the model."""


class _Function(str):
    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


def _represent(dumper: yaml.SafeDumper, name: _Function) -> yaml.ScalarNode:
    return dumper.represent_scalar("!function", f"{_MODULE}.{name}")


_Dumper.add_representer(_Function, _represent)


@dataclass(frozen=True, slots=True)
class Written:
    """What was exported of a task."""

    task: str
    protocol: str
    prompts: int
    images: int
    left_out: dict[str, int]


def export_lmms_eval(
    catalogue: Catalogue, tasks: Sequence[TaskSpec], folder: Path, overrides: Overrides
) -> list[Written]:
    """Write the tasks into a new folder, which appears whole or not at all.

    Images that cannot be decoded are left out, counted and named in the log. Raises UserError for
    a folder that is not empty, or for tasks that lmms-eval cannot run, before anything is written.
    """
    import harness

    refuse_full(folder)
    refuse_name(folder)
    problems = [each for task in tasks for each in _misfits(task)]
    if problems:
        raise UserError(problems)
    overrides = share_overrides(catalogue, tasks, overrides)
    plans = [make_plan(open_task(catalogue, task, overrides)) for task in tasks]
    for plan in plans:
        require_images(plan.opened)
        found = preflight(plan.opened, plan.image_ids)
        log_findings(found, plan.opened.task.task)
        stop_on_errors(found)
    with new_folder(folder) as hidden:
        written = [_write(hidden, plan) for plan in plans]
        shutil.copyfile(_FUNCTIONS, hidden / f"{_MODULE}.py")
        table = "\n".join(
            f"| `{each.task}` | {each.protocol} | {each.prompts} | {each.images} | "
            f"{'; '.join(f'{n}: {why}' for why, n in each.left_out.items())} |"
            for each in written
        )
        names = ",".join(each.task for each in written)
        text = _README.format(version=harness.__version__, tasks=names, table=table)
        (hidden / "README.md").write_text(text, encoding="utf-8")
    return written


def _misfits(task: TaskSpec) -> Iterator[Problem]:
    where = f"task `{task.task}`"
    if task.protocol == "classify":
        what = "has no prompt, so lmms-eval cannot ask it"
        fix = "export tasks of protocol ow, mc, cw or cw_plus"
        yield Problem(where, what, "protocol classify", fix=fix)
    if task.output_type != "generate_until":
        fix = "--set output_type=generate_until"
        yield Problem(where, "lmms-eval is given tasks that are answered with text",
                      f"output_type {task.output_type}", "generate_until", fix)  # fmt: skip
    if task.generation_kwargs.max_new_tokens == "longest_name":
        fix = "--set generation_kwargs.max_new_tokens=32"
        yield Problem(where, "lmms-eval needs a number", "max_new_tokens: longest_name", fix=fix)
    own = Catalogue().names(Kind.ENCODER)
    if task.protocol != "mc" and task.mapping.encoder not in own:
        what = "its answers are mapped by a text encoder that is no part of the harness"
        fix = "--set mapping.encoder=NAME"
        yield Problem(where, what, task.mapping.encoder, f"one of {', '.join(own)}", fix)
    if task.repeats > 1:
        what = "asks several times; lmms-eval is given one order of the images"
        yield Problem(where, what, f"repeats: {task.repeats}", fix="--set repeats=1")


@dataclass(slots=True)
class _Count:
    """What became of the images while they were written."""

    prompts: int = 0
    images: set[str] = field(default_factory=set)
    broken: Counter[str] = field(default_factory=Counter)


def _write(folder: Path, plan: Plan) -> Written:
    task, count = plan.opened.task, _Count()
    if plan.opened.source.read is None:
        what, fix = "its data set has no images to export", "export a task whose images are here"
        raise UserError(Problem(f"task `{task.task}`", what, fix=fix))
    data = Path("data") / f"{task.task}.parquet"
    most = task.images_per_prompt
    images = ["image"] if most == 1 else [f"image_{number + 1}" for number in range(most)]
    write_rows(folder / data, _rows(plan, count, images), images)
    left_out = dict(plan.skipped) | dict(count.broken)
    about = exported(plan, frozenset(count.images), left_out)
    write_task(folder, about)
    names = metric_names(task, [each.name for each in about.label_sets])
    text = yaml.dump(_config(task, data, names), Dumper=_Dumper, sort_keys=False, width=96)
    (folder / f"{task.task}.yaml").write_text(text, encoding="utf-8")
    return Written(task.task, task.protocol, count.prompts, len(count.images), left_out)


def _config(task: TaskSpec, data: Path, metrics: Sequence[str]) -> dict[str, object]:
    """Give the task's YAML for lmms-eval.

    `until: []` keeps a class from stopping by a rule of its own, at a blank line if none is said;
    `process_results` cuts the answer at the task's stop strings.
    """
    return {
        "task": task.task,
        "dataset_path": "parquet",
        "dataset_kwargs": {"data_files": {"test": data.as_posix()}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_visual": _Function("doc_to_visual"),
        "doc_to_text": _Function("doc_to_text"),
        "doc_to_messages": _Function("doc_to_messages"),
        "doc_to_target": "target",
        "lmms_eval_specific_kwargs": {name: dict(marks) for name, marks in _MARKS.items()},
        "generation_kwargs": generation_kwargs(task.generation_kwargs) | {"until": []},
        "process_results": _Function("process_results"),
        "metric_list": [
            {
                "metric": name,
                "aggregation": _Function("mean"),
                "higher_is_better": "accuracy" in name,
            }
            for name in metrics
        ],
        "metadata": {"version": task.metadata.version},
    }


def _rows(plan: Plan, count: _Count, images: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give each prompt as a row of the table; its images, in the columns `images`, as PNG: the
    pixels that the harness asks with.
    """
    for loaded in load_ahead(plan.opened.source, plan.requests, 16):
        for item in loaded.images:
            if item.error is not None:
                log.warning("left out: %s", item.error)
                count.broken["image cannot be decoded"] += 1
        asked = readable(plan, loaded)
        if asked is None:
            continue
        planned, hashes, request = asked
        count.prompts += 1
        count.images.update(planned.image_ids)
        pictures = [
            {"bytes": _png(image), "path": f"{image_id}.png"}
            for image, image_id in zip(request.images, planned.image_ids, strict=True)
        ]
        yield {
            "task": plan.opened.task.task,
            "text": planned.text,
            "target": _target(plan, planned),
            "image_ids": planned.image_ids,
            "image_sha256": hashes,
            "options": planned.options,
            **dict(zip(images, pictures, strict=False)),  # what a row lacks is null
        }


def _target(plan: Plan, planned: PlannedRequest) -> str:
    """Name what is right by the last label set, for people who read the log."""
    labels, names = plan.opened.labels.trusted.labels, plan.opened.classes.by_id
    return "; ".join(
        " or ".join(names[each].name for each in sorted(labels.get(image_id, ())))
        for image_id in planned.image_ids
    )
