"""The part of a prompt before its first image, computed once for all the batches of a task.

In closed world over ImageNet it holds a thousand class names, some 5,000 tokens, and is the same
for every image.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from harness.adapters.hf.inputs import TOKEN_KEYS, Images, Inputs
from harness.adapters.hf.prefix_cache import PrefixCache, as_argument
from harness.adapters.hf.shared_attention import shares_attention

Make = Callable[[str, Images, bool], Inputs]
"""A prompt, its images, and whether special tokens are added, to the inputs of one request."""

_WORTH = 16  # tokens; shorter prefixes are not shared


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """What the prompts of a task have in common before their first image; or why nothing."""

    head: str
    """All text before the image."""
    text: str = ""
    """Where prompts are cut, at the image or a word before it."""
    tokens: Tensor | None = None
    """The tokens of `text`, of shape (1, tokens)."""
    why_not: str = ""

    def __len__(self) -> int:
        return 0 if self.tokens is None else self.tokens.shape[1]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its prompt, and its inputs where they can be made apart from its batch."""

    prompt: str
    images: Images
    inputs: Inputs = field(default_factory=dict)
    """Of the whole prompt, or of what follows its beginning; empty where made with its batch."""
    beginning: Beginning | None = None

    @property
    def size(self) -> int:
        """Count the tokens of the prompt; 0 where they are not known yet."""
        if not self.inputs:
            return 0
        return len(self.beginning or ()) + self.inputs["input_ids"].shape[1]

    def after(self, beginning: Beginning) -> Inputs | None:
        """Give the inputs of what follows a beginning; None where the prompt has another one."""
        if self.beginning is beginning:
            return self.inputs
        tokens = beginning.tokens
        if self.beginning is not None or tokens is None:
            return None
        if not torch.equal(self.inputs["input_ids"][:, : len(beginning)], tokens):
            return None
        return {
            key: value[:, len(beginning) :] if key in TOKEN_KEYS else value
            for key, value in self.inputs.items()
        }

    def whole(self) -> Inputs:
        """Give the inputs of the whole prompt."""
        return with_prefix(self.inputs, self.beginning) if self.beginning else self.inputs


class SharedPrefix:
    """Finds what prompts have in common, and keeps its keys and values for every batch.

    One beginning is known at a time, that of the task that runs. `find` may be called in several
    threads at once; all else belongs to the thread of the model.
    """

    def __init__(self, model: Any, make: Make, image_token: str) -> None:
        self._model = model
        self._make = make
        self._mark = image_token
        self._lock = threading.Lock()
        self._known: Beginning | None = None
        self._last: str | None = None
        self._held: tuple[Beginning, PrefixCache | None] | None = None
        self.used = 0
        """Tokens of the longest prefix that was shared."""
        self.nbytes = 0
        """Bytes of the largest cache."""
        self.read = ""
        """How often the last one was read."""
        self.why_not = ""
        """Why the last batch shared none."""

    def __str__(self) -> str:
        """Give what was shared, or why nothing was, for the manifest."""
        if self.used:
            return f"{self.used} tokens, {self.nbytes / 2**20:.1f} MiB, {self.read}"
        return f"none; {self.why_not}" if self.why_not else "none"

    def find(self, prompt: str, images: Images) -> Beginning | None:
        """Give the beginning of a prompt, when one with the same text before the image came before
        it; prompts that differ there are not worth the search. May be called in several threads.
        """
        head, mark, _ = prompt.partition(self._mark)
        if not mark:
            return None
        with self._lock:
            if self._known is not None and self._known.head == head:
                return self._known
            met_before, self._last = head == self._last, head
            if met_before:
                self._known = self._cut(head, prompt, images)
                return self._known
            return None

    def common(self, asked: Sequence[Asked]) -> Beginning | None:
        """Give the beginning that all requests of a batch have, tokens and all; else None."""
        found = {id(each.beginning): each.beginning for each in asked if each.beginning}
        if len(found) == 1:
            (beginning,) = found.values()
            if all(each.after(beginning) is not None for each in asked):
                return beginning
        with self._lock:
            known = self._known
        heads = {each.prompt.partition(self._mark)[0] for each in asked}
        if found or len(heads) > 1:
            self.why_not = "the prompts of a batch differ before the first image"
        elif known is not None and known.head in heads:
            self.why_not = known.why_not
        else:
            self.why_not = "the first prompt of its kind"
        return None

    def take(self, beginning: Beginning, rows: int) -> PrefixCache | None:
        """Give the keys and values of a beginning in a cache that stands for so many rows; None
        where the model's memory is another.

        A cache serves one batch at a time: the next call takes it back.
        """
        assert beginning.tokens is not None
        if self._held is None or self._held[0] is not beginning:
            self._held = None  # its memory is free before the next is made
            self._held = (beginning, self._compute(beginning.tokens))
        cache = self._held[1]
        if cache is None:
            self.why_not = "the model's memory is more than keys and values"
            return None
        cache.begin(rows)
        forget_positions(self._model)
        self.used = max(self.used, len(beginning))
        self.nbytes = max(self.nbytes, cache.nbytes)
        self.read = cache.read
        return cache

    def _cut(self, head: str, prompt: str, images: Images) -> Beginning:
        whole = self._make(prompt, images, True)["input_ids"]
        for end in _places_to_cut(head):
            tail = self._make(prompt[end:], images, False)["input_ids"]
            length = whole.shape[1] - tail.shape[1]
            if length >= 0 and torch.equal(whole[:, length:], tail):
                break
        else:
            return Beginning(head, why_not="the tokens before the image depend on it")
        if length < _WORTH:
            return Beginning(head, why_not=f"only {length} tokens stand before the image")
        return Beginning(head, prompt[:end], whole[:, :length].clone())

    def _compute(self, tokens: Tensor) -> PrefixCache | None:
        cache = prefix_cache(self._model)
        if cache is None:
            return None
        forget_positions(self._model)
        self._model(
            input_ids=tokens.to(self._model.device),
            use_cache=True,
            logits_to_keep=1,
            **as_argument(self._model, cache),
        )
        cache.hold()
        return cache


def prefix_cache(model: Any) -> PrefixCache | None:
    """Make an empty cache for a model; None where the model remembers in another way.

    Layers that attend to a sliding window keep all tokens here; their mask leaves out the old.
    """
    text = model.config.get_text_config(decoder=True)
    kinds = getattr(text, "layer_types", None) or ["full_attention"] * text.num_hidden_layers
    if not set(kinds) <= {"full_attention", "sliding_attention"}:
        return None
    once = shares_attention(model)
    return PrefixCache(once and kind == "full_attention" for kind in kinds)


def with_prefix(inputs: Inputs, beginning: Beginning) -> Inputs:
    """Put the beginning before the tokens of every row; what stands beside the tokens grows too."""
    assert beginning.tokens is not None
    rows, length = inputs["input_ids"].shape[0], len(beginning)
    tokens = beginning.tokens.to(inputs["input_ids"].device)
    joined = dict(inputs)
    for key in TOKEN_KEYS:
        if key in joined:
            same = joined[key].new_full((rows, length), int(key == "attention_mask"))
            before = tokens.expand(rows, -1) if key == "input_ids" else same
            joined[key] = torch.cat([before, joined[key]], dim=1)
    return joined


def _places_to_cut(head: str) -> list[int]:
    """Where the prefix may end: at the image; before the white space, or the word, before it.

    Some processors put line breaks around the image, which become one token with those before it.
    """
    word = head.rstrip()
    start = max(word.rfind(" "), word.rfind("\n")) + 1
    return list(dict.fromkeys((len(head), len(word), start)))


def forget_positions(model: Any) -> None:
    """Drop the offset that Qwen's models keep from one call for the next."""
    inner = getattr(model, "model", None)
    if getattr(inner, "rope_deltas", None) is not None:
        model.model.rope_deltas = None
