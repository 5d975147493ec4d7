"""What all models that score one image share: batches, odd requests, running out of memory."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from harness.adapters.base import OutOfMemoryError, answer_fitting
from harness.requests import Ask, Request, Response, Scores


class Classifier(ABC):
    """An adapter that scores one image a request."""

    @abstractmethod
    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give scores (images, outputs), of which higher is better."""

    def logits(self, scores: Tensor) -> Tensor | None:
        """Give what the softmax of is the probability of each output, of float64 scores (images,
        outputs): here the scores themselves. None where there are no such probabilities.
        """
        return scores

    @torch.inference_mode()
    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Score the image of each request; a request with none or several is an error."""
        try:
            return answer_fitting(requests, partial(self._scored, ask), _not_one)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error

    def _scored(self, ask: Ask, requests: Sequence[Request]) -> list[Scores]:
        scores = self.score(ask, [each.images[0] for each in requests]).double()
        logits = self.logits(scores)
        if logits is None:
            return [Scores(tuple(row)) for row in scores.tolist()]
        pairs = zip(scores.tolist(), logits.tolist(), strict=True)
        return [Scores(tuple(row), logits=tuple(own)) for row, own in pairs]


def _not_one(request: Request) -> str | None:
    n = len(request.images)
    return None if n == 1 else f"{n} images, where one is classified"
