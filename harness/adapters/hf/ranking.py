"""Log-likelihoods of many names after one prompt, at about the cost of reading the prompt once.

The keys and values of prompt and image are computed once and shared by all names; names share
their common beginnings as a tree, which goes through the model in one or few passes under a mask
by which a token sees the prompt and its own ancestors only (tree attention, as in Miao et al.,
"SpecInfer", 2024).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from harness.adapters.hf.name_trie import ROOT, Trie, build_trie
from harness.adapters.hf.prefix_cache import PrefixCache, as_argument

TREE_ATTENTION = frozenset({"sdpa", "eager"})
"""Attention implementations that take a mask of one's own."""
_LOGITS = 2**27  # numbers in the logits of one pass


@dataclass(frozen=True, slots=True)
class Prompted:
    """A batch of prompts in the cache, `length` tokens each with padding."""

    cache: PrefixCache
    mask: Tensor
    """1 where a token is no padding, of shape (rows, length)."""
    first: Tensor
    """Log-probabilities of the first token of an answer, of shape (rows, vocabulary)."""
    start: Tensor
    """Position of that token, of shape (rows, 1); families with positions in several parts have
    them in front."""


def read_prompts(model: Any, inputs: Any, cache: PrefixCache) -> Prompted:
    """Read prompts and images into the cache, just as `generate` does before its first token."""
    positions: list[Tensor] = []

    def note(_module: Any, _arguments: Any, keywords: dict[str, Any]) -> None:
        if keywords.get("position_ids") is not None:
            positions.append(keywords["position_ids"][..., -1:])

    hook = model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        output = model.generate(
            **inputs,
            **as_argument(model, cache),
            max_new_tokens=1,
            do_sample=False,
            return_dict_in_generate=True,
            output_logits=True,
        )
    finally:
        hook.remove()
    first = torch.log_softmax(output.logits[0].float(), dim=-1)
    mask = inputs["attention_mask"]
    last = positions[0] if positions else mask.sum(dim=1, keepdim=True) - 1
    return Prompted(cache, mask, first, last + 1)


def log_likelihoods(model: Any, prompted: Prompted, names: Sequence[Sequence[int]]) -> Tensor:
    """Give the sum of the log-probabilities of each name's tokens, of shape (rows, names).

    No end of text is counted, as in lm-eval: a name that another begins with is never less likely
    than the other.
    """
    order = sorted(range(len(names)), key=lambda place: tuple(names[place]))
    sums = prompted.first.new_empty(prompted.first.shape[0], len(names))
    rows, vocabulary = prompted.first.shape
    room = max(1, _LOGITS // (rows * vocabulary))
    for places in _groups(names, order, room):
        trie = build_trie([names[place] for place in places])
        by_node = _node_scores(model, prompted, trie)
        for place, path in zip(places, trie.paths, strict=True):
            sums[:, place] = by_node[:, list(path)].sum(dim=1)
    return sums


def _groups(names: Sequence[Sequence[int]], order: Sequence[int], room: int) -> list[list[int]]:
    """Cut names in sorted order into groups of which each puts few enough tokens into a pass."""
    groups: list[list[int]] = []
    size = 0
    before: Sequence[int] = ()
    for place in order:
        name = names[place]
        common = _common(name, before)
        new = max(0, len(name) - 1 - common)  # the last token need not be read
        if not groups or size + new > room:
            groups.append([])
            size, new = 0, len(name) - 1
        groups[-1].append(place)
        size, before = size + new, name
    return groups


def _common(name: Sequence[int], other: Sequence[int]) -> int:
    """Count the tokens with which both begin."""
    pairs = enumerate(zip(name, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(name), len(other)))


def _node_scores(model: Any, prompted: Prompted, trie: Trie) -> Tensor:
    """Give the log-probability of each node's token after its parent, (rows, nodes)."""
    inner = trie.inner()
    tokens = torch.tensor(trie.tokens, device=prompted.first.device)
    scores = prompted.first[:, tokens]
    if not inner:
        return scores
    logits = _read_tree(model, prompted, trie, inner)
    place = {node: index for index, node in enumerate(inner)}
    below = [node for node, parent in enumerate(trie.parents) if parent != ROOT]
    parents = torch.tensor([place[trie.parents[node]] for node in below], device=tokens.device)
    totals = torch.logsumexp(logits, dim=-1)
    scores[:, below] = logits[:, parents, tokens[below]] - totals[:, parents]
    return scores


def _read_tree(model: Any, prompted: Prompted, trie: Trie, inner: Sequence[int]) -> Tensor:
    """Put the inner nodes through the model; logits of shape (rows, inner nodes, vocabulary)."""
    device, rows = prompted.first.device, prompted.mask.shape[0]
    tokens = torch.tensor([trie.tokens[node] for node in inner], device=device)
    depths = torch.tensor([trie.depths[node] for node in inner], device=device)
    logits = model(
        input_ids=tokens.expand(rows, -1),
        attention_mask=_masks(model, prompted, trie, inner),
        position_ids=prompted.start + depths,
        use_cache=True,
        **as_argument(model, prompted.cache),
    ).logits
    prompted.cache.cut(prompted.mask.shape[1])
    return torch.as_tensor(logits).float()


def _masks(model: Any, prompted: Prompted, trie: Trie, inner: Sequence[int]) -> Any:
    """Who sees whom, added to the attention's scores, of shape (rows, 1, nodes, past + nodes)."""
    device, length = prompted.mask.device, prompted.mask.shape[1]
    own = torch.zeros(len(inner), len(inner), dtype=torch.bool, device=device)
    place = {node: index for index, node in enumerate(inner)}
    for node, index in place.items():
        own[index, [place[each] for each in trie.ancestors(node)]] = True
    past = prompted.mask.bool()[:, None, None, :].expand(-1, 1, len(inner), -1)
    whole = _added(model, past, own)
    text = model.config.get_text_config(decoder=True)
    kinds = getattr(text, "layer_types", None)
    slides = kinds is None or "sliding_attention" in kinds
    window = (getattr(text, "sliding_window", None) if slides else None) or math.inf
    if length + max(trie.depths) < window:
        return whole  # nothing is so far back that a layer would not see it
    depths = torch.tensor([trie.depths[node] for node in inner], device=device)
    ages = (length + depths)[:, None] - torch.arange(length, device=device)
    near = _added(model, past & (ages < window), own)
    if kinds is None:  # as in Mistral, all layers are of one kind
        return near
    return {"full_attention": whole, "sliding_attention": near}


def _added(model: Any, past: Tensor, own: Tensor) -> Tensor:
    seen = torch.cat([past, own.expand(past.shape[0], 1, -1, -1)], dim=-1)
    hidden = torch.finfo(model.dtype).min
    return torch.zeros(seen.shape, dtype=model.dtype, device=seen.device).masked_fill(~seen, hidden)
