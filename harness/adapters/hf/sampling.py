"""Sampling whose noise belongs to a request: the same text in any batch and any process.

`generate` draws from one stream of random numbers for the whole batch, so that an answer would
depend on what was asked beside it. Here each row has numbers of its own, one a token, and
`generate` itself decodes greedily what they have chosen.
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    LogitsProcessor,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from harness.specs.model import ModelGeneration
from harness.specs.task import GenerationSpec

_BITS = 52  # so that a number times a sum below 1 stays below the sum


def warpers(task: GenerationSpec, model: ModelGeneration, device: torch.device) -> list[object]:
    """Give what shapes the distribution before a token is drawn, in the order of transformers."""
    found: list[object] = []
    if task.temperature not in (None, 1):
        found.append(TemperatureLogitsWarper(task.temperature))
    if model.top_k:
        found.append(TopKLogitsWarper(model.top_k))
    if task.top_p not in (None, 1):
        found.append(TopPLogitsWarper(task.top_p))
    if model.min_p:
        found.append(MinPLogitsWarper(model.min_p))
    if model.typical_p < 1:
        found.append(TypicalLogitsWarper(model.typical_p))
    if model.epsilon_cutoff:
        found.append(EpsilonLogitsWarper(model.epsilon_cutoff))
    if model.eta_cutoff:
        found.append(EtaLogitsWarper(model.eta_cutoff, device=str(device)))
    return found


class SeededSampling(LogitsProcessor):  # type: ignore[misc]
    """Draws the next token of each row by the row's own seed, and leaves no other.

    The token is the first at which the sum of the probabilities, in the order of the vocabulary,
    passes a number that depends on the row's seed and the place of the token alone.
    """

    def __init__(self, seeds: Sequence[int], prompt_length: int) -> None:
        """`prompt_length` is how many tokens a row of the prompts has, padding included."""
        self._seeds = tuple(seeds)
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Give scores (rows, vocabulary) that are 0 for the token drawn and -inf for all others."""
        step = input_ids.shape[1] - self._prompt_length
        draws = [[uniform(seed, step)] for seed in self._seeds]
        sums = torch.softmax(scores.double(), dim=-1).cumsum(dim=-1)
        wanted = torch.tensor(draws, dtype=torch.float64, device=scores.device) * sums[:, -1:]
        drawn = torch.searchsorted(sums, wanted, right=True)
        return torch.full_like(scores, -torch.inf).scatter(1, drawn, 0.0)


def uniform(seed: int, step: int) -> float:
    """Give a number from 0 up to but not 1 for a place in a row's text."""
    digest = hashlib.sha256(f"{seed}:{step}".encode()).digest()
    return float(int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / (1 << _BITS)
