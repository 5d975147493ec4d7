"""What an engine is told for a text that is written freely."""

from collections.abc import Sequence
from typing import Any

from harness.specs.model import ModelGeneration
from harness.specs.task import GenerationSpec

NAMED = frozenset({"repetition_penalty", "min_new_tokens", "top_k", "min_p"})
"""Settings of a model's YAML under `generation` that vLLM has too."""


def text_sampling(
    task: GenerationSpec, model: ModelGeneration, most: int, ends: Sequence[int], stops: bool
) -> dict[str, Any]:
    """Give the arguments of vLLM's `SamplingParams` for text that is written freely.

    With `stops`, vLLM itself ends a text at the task's stop strings, but for those of white space,
    which begin many answers.
    """
    until = [each for each in task.until if each.strip()] if stops else []
    return {
        "max_tokens": most,
        "temperature": (task.temperature or 1.0) if task.do_sample else 0.0,
        "top_p": task.top_p or 1.0,
        "stop": until or None,
        "include_stop_str_in_output": True,
        "stop_token_ids": list(ends),
        "detokenize": bool(until),
        "repetition_penalty": model.repetition_penalty,
        "min_tokens": model.min_new_tokens,
        "top_k": model.top_k if task.do_sample else 0,
        "min_p": model.min_p if task.do_sample else 0.0,
    }
