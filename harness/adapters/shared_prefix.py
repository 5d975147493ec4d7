"""The part of a prompt before its first image, computed once for all the batches of a task.

In closed world over ImageNet it holds a thousand class names, some 5,000 tokens, and is the same
for every image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from harness.adapters.prefix_cache import PrefixCache, as_argument

Encode = Callable[[Sequence[str], Sequence[Sequence[Image.Image]], bool], Any]
"""Prompts, their images, and whether special tokens are added, to the model's inputs."""

_WORTH = 16  # tokens; shorter prefixes are not shared


@dataclass(frozen=True, slots=True)
class Joined:
    """Inputs of a batch whose first `prefix` tokens are in `cache` already."""

    inputs: Any
    cache: PrefixCache
    prefix: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A prefix that was met: where prompts are cut, its tokens, and their cache; or why none."""

    text: str
    tokens: Tensor | None = None
    cache: PrefixCache | None = None
    why_not: str = ""


class SharedPrefix:
    """Joins the cache of a prefix that was computed before to the rest of each batch.

    One prefix is held at a time, that of the task that runs.
    """

    def __init__(self, model: nn.Module, encode: Encode, image_token: str) -> None:
        self._model = model
        self._encode = encode
        self._mark = image_token
        self._known: _Known | None = None
        self._last: str | None = None
        self.used = 0
        """Tokens of the longest prefix that was shared."""
        self.nbytes = 0
        """Bytes of the largest cache."""
        self.why_not = ""
        """Why the last batch shared none."""

    def __str__(self) -> str:
        """Give what was shared, or why nothing was, for the manifest."""
        if self.used:
            return f"{self.used} tokens, {self.nbytes / 2**20:.1f} MiB"
        return f"none; {self.why_not}" if self.why_not else "none"

    def join(
        self, prompts: Sequence[str], images: Sequence[Sequence[Image.Image]]
    ) -> Joined | None:
        """Give the inputs of a batch with the prefix in the cache; None where none can be shared.

        A cache serves one batch at a time: the next call takes it back.
        """
        known = self._find(prompts, images)
        self.why_not = known.why_not
        if known.tokens is None or known.cache is None:
            return None
        tails = [prompt[len(known.text) :] for prompt in prompts]
        inputs = self._encode(tails, images, False)
        length = known.tokens.shape[1]
        joined = _with_prefix(inputs, known.tokens)
        known.cache.begin(len(prompts))
        _forget_positions(self._model)
        self.used = max(self.used, length)
        self.nbytes = max(self.nbytes, known.cache.nbytes)
        return Joined(joined, known.cache, length)

    def _find(self, prompts: Sequence[str], images: Sequence[Sequence[Image.Image]]) -> _Known:
        known = self._known
        if known is not None and known.text and _all_begin(prompts, known.text):
            return known
        head, mark, _ = prompts[0].partition(self._mark)
        if not mark or not _all_begin(prompts, head + mark):
            return _Known("", why_not="the prompts of a batch differ before the first image")
        if known is not None and known.why_not and head == known.text:
            return known
        met_before, self._last = head == self._last, head
        if len(prompts) == 1 and not met_before:
            return _Known(head, why_not="the first prompt of its kind")
        self._known = self._compute(head, prompts[0], images[0])
        return self._known

    def _compute(self, head: str, prompt: str, images: Sequence[Image.Image]) -> _Known:
        whole = self._encode([prompt], [images], True)["input_ids"]
        for end in _places_to_cut(head):
            tail = self._encode([prompt[end:]], [images], False)["input_ids"]
            length = whole.shape[1] - tail.shape[1]
            if length >= 0 and torch.equal(whole[:, length:], tail):
                break
        else:
            return _Known(head, why_not="the tokens before the image depend on it")
        if length < _WORTH:
            return _Known(head, why_not=f"only {length} tokens stand before the image")
        cache = prefix_cache(self._model)
        if cache is None:
            return _Known(head, why_not="the model's memory is more than keys and values")
        tokens = whole[:, :length]
        _forget_positions(self._model)
        self._model(
            input_ids=tokens, use_cache=True, logits_to_keep=1, **as_argument(self._model, cache)
        )
        cache.hold()
        return _Known(prompt[:end], tokens, cache)


def prefix_cache(model: Any) -> PrefixCache | None:
    """Make an empty cache for a model; None where the model remembers in another way.

    Layers that attend to a sliding window keep all tokens here; their mask leaves out the old.
    """
    text = model.config.get_text_config(decoder=True)
    kinds = set(getattr(text, "layer_types", None) or ("full_attention",))
    if not kinds <= {"full_attention", "sliding_attention"}:
        return None
    return PrefixCache(text.num_hidden_layers)


def _with_prefix(inputs: Any, tokens: Tensor) -> Any:
    """Put the prefix before the tokens of every row; what stands beside the tokens grows too."""
    rows, length = inputs["input_ids"].shape[0], tokens.shape[1]
    joined = dict(inputs)
    for key, value in inputs.items():
        if key == "input_ids":
            joined[key] = torch.cat([tokens.expand(rows, -1), value], dim=1)
        elif key == "attention_mask":
            joined[key] = torch.cat([value.new_ones(rows, length), value], dim=1)
        elif key in ("token_type_ids", "mm_token_type_ids"):
            joined[key] = torch.cat([value.new_zeros(rows, length), value], dim=1)
    return joined


def _places_to_cut(head: str) -> list[int]:
    """Where the prefix may end: at the image; before the white space, or the word, before it.

    Some processors put line breaks around the image, which become one token with those before it.
    """
    word = head.rstrip()
    start = max(word.rfind(" "), word.rfind("\n")) + 1
    return list(dict.fromkeys((len(head), len(word), start)))


def _all_begin(prompts: Sequence[str], text: str) -> bool:
    return all(prompt.startswith(text) for prompt in prompts)


def _forget_positions(model: Any) -> None:
    """Drop the offset that Qwen's models keep from one call for the next."""
    inner = getattr(model, "model", None)
    if getattr(inner, "rope_deltas", None) is not None:
        model.model.rope_deltas = None
