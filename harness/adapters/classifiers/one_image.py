"""What all models that score one image share: batches, odd requests, running out of memory."""

from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import Tensor

from harness.adapters.base import OutOfMemoryError
from harness.requests import Request, Response

Score = Callable[[list[Image.Image]], Tensor]
"""Images in, scores (images, outputs) out; higher is better."""


@torch.inference_mode()
def score_images(requests: Sequence[Request], score: Score) -> list[Response]:
    """Score the image of each request, in one batch.

    A request with none or several images is an error of its own. Raises OutOfMemoryError when the
    batch did not fit.
    """
    images = [each.images[0] for each in requests if len(each.images) == 1]
    try:
        rows = iter(score(images).double().tolist() if images else ())
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise OutOfMemoryError(str(error).splitlines()[0]) from error
    return [
        Response(scores=tuple(next(rows)))
        if len(each.images) == 1
        else Response(error=f"{len(each.images)} images, where one is classified")
        for each in requests
    ]
