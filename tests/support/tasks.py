"""A task over a data set, with nothing else in it that matters."""

from pathlib import Path

from harness.specs.task import TaskSpec


def task_over(path: Path | str, **more: object) -> TaskSpec:
    """Give an open-world task of the data set at `path`; `more` are keys of its YAML."""
    values: dict[str, object] = {
        "task": "t",
        "protocol": "ow",
        "dataset_path": str(path),
        "class_list": "c",
        "label_sets": ["l"],
        "doc_to_text": "<image>?",
        "metadata": {"version": 0},
    }
    return TaskSpec.model_validate(values | more)
