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

    @torch.inference_mode()
    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Score the image of each request, in one batch.

        A request with none or several images is an error of its own. Raises OutOfMemoryError when
        the batch did not fit.
        """
        images = [each.images[0] for each in requests if len(each.images) == 1]
        try:
            rows = iter(self.score(ask, images).double().tolist() if images else ())
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        return [
            Scores(tuple(next(rows)))
            if len(each.images) == 1
            else Failed(f"{len(each.images)} images, where one is classified")
            for each in requests
        ]
