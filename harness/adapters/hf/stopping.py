"""Stop writing when the answers of a batch have all come to a stop string or to their own end."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria

from harness.adapters.hf.reading import AnswerReader


class AllEnded(StoppingCriteria):  # type: ignore[misc]
    """Ends a batch when every answer has ended; until then none, so that no answer is touched."""

    def __init__(
        self, reader: AnswerReader, prompts: Sequence[str], width: int, until: Sequence[str]
    ) -> None:
        """`width` is how many tokens a row of the prompts has."""
        self._reader = reader
        self._open = list(enumerate(prompts))
        self._width = width
        self._until = until

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: Any) -> Tensor:
        """Give whether each row is done: all of them, or none."""
        rows = input_ids[:, self._width :].tolist()
        self._open = [
            (place, prompt)
            for place, prompt in self._open
            if not self._reader.has_ended(prompt, rows[place], self._until)
        ]
        return torch.full((len(rows),), not self._open, device=input_ids.device)
