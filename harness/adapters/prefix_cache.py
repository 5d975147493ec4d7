"""A KV cache whose first tokens are computed once and shared by every batch after it."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache
from transformers.cache_utils import DynamicLayer

_STEP = 256  # tokens by which the room grows


class _Layer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer in a buffer that is filled from the left.

    The first `prefix` tokens stand once in every row and are never written again, so that a new
    batch costs no copy. Shapes are (rows, heads, tokens, size).
    """

    def __init__(self) -> None:
        super().__init__()
        self.prefix = 0
        self.length = 0
        self.batch = 1

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write new keys and values behind the others; give views of all of the batch."""
        end = self.length + key_states.shape[-2]
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = _room(key_states, end), _room(value_states, end)
            self.batch = key_states.shape[0]
        self._make_room(self.batch, end)
        self.keys[: self.batch, :, self.length : end] = key_states
        self.values[: self.batch, :, self.length : end] = value_states
        self.length = end
        return self.keys[: self.batch, :, :end], self.values[: self.batch, :, :end]

    def begin(self, batch: int) -> None:
        """Forget all but the prefix, and stand for `batch` rows."""
        self.length, self.batch = self.prefix, batch
        if self.is_initialized:
            self._make_room(batch, self.prefix)

    def get_seq_length(self) -> int:
        """Give how many tokens are held."""
        return self.length

    def _make_room(self, rows: int, end: int) -> None:
        have_rows, _, have, _ = self.keys.shape
        if rows <= have_rows and end <= have:
            return
        self.keys = self._moved(self.keys, max(rows, have_rows), max(end, have))
        self.values = self._moved(self.values, max(rows, have_rows), max(end, have))

    def _moved(self, old: Tensor, rows: int, end: int) -> Tensor:
        new = old.new_empty(rows, old.shape[1], _rounded(end), old.shape[3])
        new[: old.shape[0], :, : self.length] = old[:, :, : self.length]
        new[old.shape[0] :, :, : self.prefix] = old[:1, :, : self.prefix]
        return new


class PrefixCache(Cache):  # type: ignore[misc]
    """The cache of a model whose prompts begin alike: `hold` once, `begin` before each batch."""

    layers: list[_Layer]

    def __init__(self, n_layers: int) -> None:
        super().__init__(layers=[_Layer() for _ in range(n_layers)])

    def hold(self) -> None:
        """Take what is in the cache now as the prefix that all batches share."""
        for layer in self.layers:
            layer.prefix = layer.length

    def begin(self, batch: int) -> None:
        """Make ready for a batch of so many rows, each with nothing but the prefix."""
        for layer in self.layers:
            layer.begin(batch)

    def cut(self, length: int) -> None:
        """Forget the tokens behind the first `length`, which must not be fewer than the prefix."""
        for layer in self.layers:
            if layer.is_initialized:  # layers that share another's keys hold none
                layer.length = min(layer.length, length)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        held = [layer for layer in self.layers if layer.is_initialized]
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in held)


def as_argument(model: nn.Module, cache: Cache | None) -> dict[str, Cache]:
    """Give a cache as the keyword that the model takes: `cache`, or before transformers 5.24
    `past_key_values`. None gives nothing.
    """
    if cache is None:
        return {}
    known = inspect.signature(model.forward).parameters
    return {"cache" if "cache" in known else "past_key_values": cache}


def _room(states: Tensor, length: int) -> Tensor:
    rows, heads, _, size = states.shape
    return torch.empty(
        rows, heads, _rounded(length), size, dtype=states.dtype, device=states.device
    )


def _rounded(length: int) -> int:
    return -(-length // _STEP) * _STEP
