"""Settings that OpenAI's protocol has no words for, as one server or another takes them.

A server fills what a request does not say from the checkpoint's `generation_config.json`: vLLM,
SGLang and `transformers serve` do by default. So every request says all that decides an answer.
"""

import json
from typing import Any

from harness.adapters.server.faults import NOT_KNOWN, Fault
from harness.adapters.server.options import Dialect
from harness.specs.model import ModelGeneration
from harness.specs.task import GenerationSpec

SENDABLE = frozenset({"top_k", "min_p", "repetition_penalty", "min_new_tokens"})
"""What of a model's `generation` servers take, under these or other names."""
_OF_TRANSFORMERS = "unexpected fields in the request"
"""What `transformers serve` says of fields that it does not know."""
_NEUTRAL: dict[str, Any] = {
    "begin_suppress_tokens": [],
    "encoder_no_repeat_ngram_size": 0,
    "encoder_repetition_penalty": 1.0,
    "exponential_decay_length_penalty": [0, 1.0],
    "guidance_scale": 1.0,
    "min_length": 0,
    "min_new_tokens": 0,
    "no_repeat_ngram_size": 0,
    "num_beams": 1,
    "num_return_sequences": 1,
    "remove_invalid_values": False,
    "renormalize_logits": False,
    "repetition_penalty": 1.0,
    "return_dict_in_generate": False,
    "suppress_tokens": [],
}
"""Settings of transformers at values that change nothing. None would let the checkpoint's act."""
_NEUTRAL_SAMPLING: dict[str, Any] = {
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
    "min_p": 0.0,
    "top_k": 0,
    "typical_p": 1.0,
}


def fields(dialect: Dialect, task: GenerationSpec, model: ModelGeneration) -> dict[str, Any]:
    """Give the fields of a request that hold a dialect's settings."""
    if dialect == "openai":
        return dict(model.named)
    if dialect == "transformers":
        said: dict[str, Any] = {"do_sample": task.do_sample, **_NEUTRAL}
        said |= _NEUTRAL_SAMPLING if task.do_sample else {}
        said |= {k: v for k, v in model.named.items() if k in said}
        return {"generation_config": json.dumps(said)}
    return {
        "top_k": model.top_k or -1,
        "min_p": model.min_p,
        "repetition_penalty": model.repetition_penalty,
        "min_tokens": model.min_new_tokens,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
    }


def other_dialect(dialect: Dialect, fault: Fault) -> Dialect | None:
    """Give the dialect to try after a server refused a request; None where that was not the cause.

    A server names a field that it does not know, in its own spelling of it.
    """
    if dialect == "openai" or fault.status not in NOT_KNOWN:
        return None
    words = fault.text.lower().replace("_", "")
    known = fields(dialect, GenerationSpec(), ModelGeneration())
    if not any(name.replace("_", "") in words for name in known):
        return None
    return "transformers" if _OF_TRANSFORMERS in words and dialect == "vllm" else "openai"
