"""Decoding that can only write names of a list, and how much the model wanted to write another."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

from harness.adapters.hf.name_trie import ROOT, build_trie


class OnlyNames(LogitsProcessor):  # type: ignore[misc]
    """Leaves, at every step, the tokens that go on with a name of the list or end one.

    `outside` is, for each row, the share of probability that the model gave to anything else, over
    the steps that were decoded: 1 - product over the steps of the mass on allowed tokens. For a
    model that keeps to the list it is 0.
    """

    def __init__(
        self, names: Sequence[Sequence[int]], prompt_length: int, ends: Sequence[int]
    ) -> None:
        trie = build_trie(names)
        self._prompt_length = prompt_length
        self._ends = tuple(ends)
        self._next: dict[int, dict[int, int]] = {}
        for node, (token, parent) in enumerate(zip(trie.tokens, trie.parents, strict=True)):
            self._next.setdefault(parent, {})[token] = node
        self._last = {path[-1] for path in trie.paths}
        self._inside: Tensor | None = None

    @property
    def outside(self) -> list[float]:
        """The share of probability outside of the list, a row."""
        return [] if self._inside is None else (1 - self._inside).clamp(0, 1).tolist()

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Mask the scores (rows, vocabulary) of tokens that lead out of the list."""
        if self._inside is None:
            self._inside = torch.ones(scores.shape[0], dtype=torch.float64)
        allowed = torch.zeros_like(scores, dtype=torch.bool)
        written = input_ids[:, self._prompt_length :].tolist()
        going_on = []
        for row, tokens in enumerate(written):
            choices = self._choices(tokens)
            going_on.append(choices is not None)
            allowed[row, list(self._ends if choices is None else choices)] = True
        mass = (torch.softmax(scores.double(), dim=-1) * allowed).sum(dim=-1).cpu()
        self._inside *= torch.where(torch.tensor(going_on), mass, torch.ones_like(mass))
        return scores.masked_fill(~allowed, -torch.inf)

    def _choices(self, tokens: Sequence[int]) -> list[int] | None:
        """List the tokens that may come next; None when the row has ended."""
        node = ROOT
        for token in tokens:
            following = self._next.get(node, {})
            if token not in following:
                return None
            node = following[token]
        ends = self._ends if node in self._last else ()
        return [*self._next.get(node, {}), *ends]
