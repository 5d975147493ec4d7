"""What all models that score one image share: batches, odd requests, running out of memory."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from harness.adapters.base import OutOfMemoryError
from harness.requests import Ask, Failed, Request, Response, Scores


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
        """Score the image of each request, in one batch.

        A request with none or several images is an error of its own. Raises OutOfMemoryError when
        the batch did not fit.
        """
        images = [each.images[0] for each in requests if len(each.images) == 1]
        try:
            rows = iter(self._scored(ask, images) if images else ())
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        return [
            next(rows)
            if len(each.images) == 1
            else Failed(f"{len(each.images)} images, where one is classified")
            for each in requests
        ]

    def _scored(self, ask: Ask, images: list[Image.Image]) -> list[Scores]:
        scores = self.score(ask, images).double()
        logits = self.logits(scores)
        if logits is None:
            return [Scores(tuple(row)) for row in scores.tolist()]
        pairs = zip(scores.tolist(), logits.tolist(), strict=True)
        return [Scores(tuple(row), logits=tuple(own)) for row, own in pairs]
