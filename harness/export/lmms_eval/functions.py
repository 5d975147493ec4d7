"""Functions of the tasks in this folder, for lmms-eval.

`harness export lmms-eval` puts a copy of this file beside the tasks. They need the package
mllm-classification-harness in the environment of lmms-eval: the harness itself reads and scores the
answers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from harness.export.lmms_eval import scoring as lmms_eval_scoring

_TASKS = lmms_eval_scoring.ExportedTasks(Path(__file__).resolve().parent)


def doc_to_visual(doc: Mapping[str, Any]) -> list[Image.Image]:
    """Give the images of a prompt."""
    return _TASKS.images(doc)


def doc_to_text(doc: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Give the text of a prompt, for a simple class; `settings` are `lmms_eval_specific_kwargs`."""
    return _TASKS.text(doc, settings["image_mark"])


def doc_to_messages(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a prompt with the images where the task puts them, for a chat class."""
    return _TASKS.messages(doc)


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
    """Read and score an answer."""
    return _TASKS.score(doc, results)


def mean(values: Sequence[Any]) -> float:
    """Aggregate the values of all prompts."""
    return lmms_eval_scoring.mean(values)
