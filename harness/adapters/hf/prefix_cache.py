"""A KV cache whose first tokens are computed once and shared by every batch after it."""

import inspect
from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from transformers import Cache
from transformers.cache_utils import DynamicLayer

from harness.adapters.hf.shared_attention import Before, behind

_STEP = 256  # tokens by which the room grows


class _Layer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer in a buffer that is filled from the left.

    The first `prefix` tokens are never written again, so that a new batch costs no copy. They stand
    once in every row of the buffer; or apart, once for all rows, if `may_share` and it is shared
    attention that has read them. Shapes are (rows, heads, tokens, size).
    """

    def __init__(self, may_share: bool) -> None:
        super().__init__()
        self.before = Before() if may_share else None
        self.prefix = 0
        self.length = 0
        self.batch = 1

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write new keys and values behind the others; give views of all of the batch. A prefix
        that stands apart is noted at the keys instead.
        """
        length = self.length + key_states.shape[-2]
        start, end = self.length - self._offset, length - self._offset
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = _room(key_states, end), _room(value_states, end)
            self.batch = key_states.shape[0]
        self._make_room(self.batch, end)
        self.keys[: self.batch, :, start:end] = key_states
        self.values[: self.batch, :, start:end] = value_states
        self.length = length
        keys, values = self.keys[: self.batch, :, :end], self.values[: self.batch, :, :end]
        return (behind(self.before, keys) if self.before else keys), values

    def hold(self) -> None:
        """Take what is held now as the prefix."""
        self.prefix = self.length
        if self.is_initialized and self.before and self.before.met:
            one = (slice(1), slice(None), slice(self.prefix))
            self.before.prefix = (self.keys[one].clone(), self.values[one].clone())
            self.keys, self.values = self.keys[:, :, :0].clone(), self.values[:, :, :0].clone()

    def begin(self, batch: int) -> None:
        """Forget all but the prefix, and stand for `batch` rows."""
        self.length, self.batch = self.prefix, batch
        if self.is_initialized:
            self._make_room(batch, self.prefix - self._offset)

    @property
    def nbytes(self) -> int:
        if not self.is_initialized:
            return 0
        apart = self.before.prefix if self.before else None
        return sum(each.nbytes for each in (self.keys, self.values, *(apart or ())))

    def get_seq_length(self) -> int:
        return self.length

    def _make_room(self, rows: int, end: int) -> None:
        have_rows, _, have, _ = self.keys.shape
        if rows <= have_rows and end <= have:
            return
        self.keys = self._moved(self.keys, max(rows, have_rows), max(end, have))
        self.values = self._moved(self.values, max(rows, have_rows), max(end, have))

    def _moved(self, old: Tensor, rows: int, end: int) -> Tensor:
        new = old.new_empty(rows, old.shape[1], _rounded(end), old.shape[3])
        length, prefix = self.length - self._offset, self.prefix - self._offset
        new[: old.shape[0], :, :length] = old[:, :, :length]
        new[old.shape[0] :, :, :prefix] = old[:1, :, :prefix]
        return new

    @property
    def is_apart(self) -> bool:
        """Whether the prefix stands apart from the rows."""
        return self.before is not None and self.before.prefix is not None

    @property
    def _offset(self) -> int:
        """How many of the tokens are not in the buffer."""
        return self.prefix if self.is_apart else 0


class PrefixCache(Cache):  # type: ignore[misc]
    """The cache of a model whose prompts begin alike: `hold` once, `begin` before each batch."""

    layers: list[_Layer]

    def __init__(self, may_share: Iterable[bool]) -> None:
        """`may_share` says of each layer whether the prefix may be read once for all rows."""
        super().__init__(layers=[_Layer(each) for each in may_share])

    def hold(self) -> None:
        """Take what is in the cache now as the prefix that all batches share."""
        for layer in self.layers:
            layer.hold()

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
    def read(self) -> str:
        """How often the prefix is read, in words."""
        apart = sum(layer.is_apart for layer in self.layers)
        if apart in (0, len(self.layers)):
            return f"read once a {'batch' if apart else 'row'}"
        return f"read once a batch by {apart} of {len(self.layers)} layers"

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        return sum(layer.nbytes for layer in self.layers)


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
    return states.new_empty(rows, heads, _rounded(length), size)


def _rounded(length: int) -> int:
    return -(-length // _STEP) * _STEP
