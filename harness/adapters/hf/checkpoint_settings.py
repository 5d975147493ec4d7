"""The generation settings that a checkpoint brings: found, reported, and taken out of its way.

`generate` fills what it is not given from `generation_config.json`, or from the config where older
checkpoints keep such settings. Left there, a penalty or beams would decide answers under every
task, and nothing would say so. Tokens that end, begin or pad a text are the model's and stay.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import GenerationConfig

from harness.specs.model import ModelGeneration

log = logging.getLogger("harness")
_STAYS = frozenset({
    "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "use_cache",
    "cache_implementation", "cache_config", "max_cache_len", "compile_config", "disable_compile",
})  # fmt: skip
"""Tokens of the model, and how it computes; no answer is decided by the latter."""
_SAID_BY_ALL_TASKS = frozenset({"max_length", "max_new_tokens"})
_IDLE = frozenset({
    "assistant_confidence_threshold", "assistant_lookbehind", "continuous_batching_config",
    "is_assistant", "low_memory", "max_matching_ngram_size", "num_assistant_tokens",
    "num_assistant_tokens_schedule", "output_attentions", "output_hidden_states", "output_logits",
    "output_scores", "prefill_chunk_size", "return_dict_in_generate", "target_lookbehind",
    "transformers_version", "trust_remote_code", "use_mtp",
})  # fmt: skip
"""They change what is given back or how fast, or act only with a second model."""
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "temperature": (1.0,), "top_k": (0, 50), "top_p": (1.0,), "typical_p": (1.0,),
    "repetition_penalty": (1.0,), "encoder_repetition_penalty": (1.0,), "length_penalty": (1.0,),
    "num_beams": (1,), "num_beam_groups": (1,), "num_return_sequences": (1,),
    "guidance_scale": (1.0,),
}  # fmt: skip
"""Values that change nothing, besides None, False, 0 and what is empty. A `top_k` of 50 is what
transformers takes where nobody says one."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a checkpoint brought beside its tokens."""

    unused: Mapping[str, Any] = field(default_factory=dict)
    """Settings that would have decided answers, and do not."""
    own: tuple[str, ...] = ()
    """Keys that are not transformers': the model's own code may read them, so they stay."""

    def notes(self) -> Iterator[str]:
        """Say it for the manifest."""
        if self.unused:
            yield f"not used of the checkpoint's generation settings: {_listed(self.unused)}"
        if self.own:
            yield f"left to the model's own code, which may read it: {', '.join(self.own)}"


def neutralise(model: torch.nn.Module, kept: ModelGeneration, name: str) -> Brought:
    """Take a model's own generation settings away, so that only what is asked for acts.

    What is taken, less what the YAML keeps by name, is logged under the model's `name`. A setting
    that `generate` is not given is transformers' own default from then on.
    """
    found: dict[str, Any] = {}
    own: dict[str, None] = {}
    for part in model.modules():
        config = getattr(part, "generation_config", None)
        if not isinstance(config, GenerationConfig):
            continue
        values = {key: value for key, value in vars(config).items() if not key.startswith("_")}
        strange = values.keys() - vars(GenerationConfig()).keys() - _STAYS - _IDLE
        stays = {key: value for key, value in values.items() if key in _STAYS | strange}
        found |= {k: v for k, v in values.items() if k not in strange and _decides(k, v)}
        own |= dict.fromkeys(sorted(strange))
        part.generation_config = type(config)(**stays)
    brought = Brought({k: v for k, v in found.items() if k not in kept.named}, tuple(own))
    for note in brought.notes():
        log.info("%s: %s", name, note)
    return brought


def keep(model: torch.nn.Module, kept: ModelGeneration) -> bool:
    """Write what the YAML keeps by name into a model whose `generate` somebody else calls.

    Gives whether there is a place for it. `top_k` is written in any case, as transformers samples
    from 50 tokens where nobody says how many.
    """
    configs = [getattr(part, "generation_config", None) for part in model.modules()]
    places = [config for config in configs if isinstance(config, GenerationConfig)]
    for config in places:
        config.update(**{"top_k": 0, **kept.named})
    return bool(places)


def _decides(key: str, value: Any) -> bool:
    if key in _STAYS | _SAID_BY_ALL_TASKS | _IDLE:
        return False
    empty = value is None or value is False or value == 0 or value in ((), [], {}, "")
    return not empty and value not in _NEUTRAL.get(key, ())


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in sorted(values.items()))


def _shown(value: Any) -> str:
    text = str(value if not hasattr(value, "to_dict") else value.to_dict())
    return text if len(text) <= 60 else f"{text[:59]}…"
