"""Attention that reads the keys of a shared prefix once for all rows of a batch.

Registered with transformers under a name of its own, beside `sdpa`, which it is for all keys that
are not shared. So `generate`, masks and positions stay what they are.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from harness.adapters.hf.partial_attention import Part, attend_fast, join

NAME = "sdpa_shared_prefix"
_BEFORE = "_stands_before_in_every_row"
_MORE = ("sliding_window", "position_bias", "softcap", "s_aux")
"""What attention may be given that changes what a query gets of the keys before it."""


@dataclass(slots=True, eq=False)
class Before:
    """What stands before a layer's own keys in every row."""

    prefix: tuple[Tensor, Tensor] | None = None
    """Keys and values of one row, (1, heads, tokens, size)."""
    met: bool = False
    """Whether this module's attention has read keys at which this is noted, and nothing hinders it
    to read them once for all rows. Code of a model's own may attend in another way whatever its
    config says, or change the keys first."""


def use_shared_attention(model: PreTrainedModel) -> None:
    """Let a model's decoder attend so, where it would by `sdpa`."""
    text = model.config.get_text_config(decoder=True)
    parts = [key for key in model.config.sub_configs if getattr(model.config, key) is text]
    # Layers that share another's keys, or scores that are capped, have never been tried.
    strange = getattr(text, "num_kv_shared_layers", 0) or getattr(
        text, "attn_logit_softcapping", None
    )
    if len(parts) == 1 and not strange and text._attn_implementation == "sdpa":
        model.set_attn_implementation({parts[0]: NAME})


def shares_attention(model: PreTrainedModel) -> bool:
    """Whether the decoder attends so."""
    return bool(model.config.get_text_config(decoder=True)._attn_implementation == NAME)


def behind(before: Before, keys: Tensor) -> Tensor:
    """Note at a batch's own keys, (rows, heads, tokens, size), what stands before them."""
    setattr(keys, _BEFORE, before)
    return keys


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend as `sdpa` does, to a shared prefix too. Gives (rows, queries, heads, size)."""
    before: Before | None = getattr(key, _BEFORE, None)
    if before is not None and all(kwargs.get(name) is None for name in _MORE):
        before.met = True
    prefix = before.prefix if before else None
    length = prefix[0].shape[2] if prefix else 0
    seen = None if attention_mask is None else attention_mask.shape[-1]
    if (seen is None and prefix) or (seen is not None and seen != length + key.shape[2]):
        raise RuntimeError(
            f"the mask is of {seen} tokens, the shared prefix of {length}, the other keys of "
            f"{key.shape[2]}; write `options: {{shared_prefix: false}}` into the model's YAML"
        )
    if prefix is None or attention_mask is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
        return output, None
    scaling = kwargs.get("scaling")
    scale = query.shape[3] ** -0.5 if scaling is None else scaling
    output = attend_behind(prefix, query, key, value, attention_mask[..., length:], scale)
    return output.transpose(1, 2).contiguous(), None


def attend_behind(
    prefix: tuple[Tensor, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    scale: float,
) -> Tensor:
    """Attend to a prefix (1, key heads, tokens, size) that all rows share and to each row's own
    keys (rows, key heads, keys, size). Gives (rows, heads, queries, size).

    To the prefix, the queries of all rows, and of all heads that share keys, are one row of them.
    """
    rows, heads, length, size = query.shape
    shared = key.shape[1]
    each = heads // shared
    folded = query.view(rows, shared, each, length, size).permute(1, 2, 0, 3, 4)
    together = folded.reshape(1, shared, each * rows * length, size)
    output, sums = attend_fast(together, *prefix, scale)
    output = output.reshape(shared, each, rows, length, size).permute(2, 0, 1, 3, 4)
    sums = sums.reshape(shared, each, rows, length).permute(2, 0, 1, 3)
    own, own_sums = _to_own(query, key, value, mask, scale)
    joined = join((output, sums), (own.view(output.shape), own_sums.view(sums.shape)))
    return joined.reshape(rows, heads, length, size).to(query.dtype)


def _to_own(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scale: float) -> Part:
    """Attend to each row's own keys. Of one token a row, the queries that share a head of keys are
    taken together, so that no key is copied.
    """
    rows, heads, length, size = query.shape
    shared = key.shape[1]
    if length == 1:
        grouped = query.reshape(rows, shared, heads // shared, size)
        return attend_fast(grouped, key, value, scale, mask.expand(-1, -1, heads // shared, -1))
    keys = key.repeat_interleave(heads // shared, dim=1)
    values = value.repeat_interleave(heads // shared, dim=1)
    return attend_fast(query, keys, values, scale, mask)


def _mask(*, q_length: int, kv_length: int, **kwargs: Any) -> Tensor | None:
    """Make the mask of `sdpa`; where a cache holds something it is never left out."""
    kwargs["allow_is_causal_skip"] = (
        kwargs.get("allow_is_causal_skip", True) and q_length == kv_length
    )
    mask = sdpa_mask(q_length=q_length, kv_length=kv_length, **kwargs)
    return None if mask is None else torch.as_tensor(mask)


AttentionInterface.register(NAME, _attention)
AttentionMaskInterface.register(NAME, _mask)
