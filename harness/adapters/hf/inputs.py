"""A model's inputs: made of one request at a time, ahead of the model, and joined to batches."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from harness.adapters.hf.prompt import PromptForm
from harness.specs.template import IMAGE_MARK

Inputs = dict[str, Tensor]
Images = Sequence[Image.Image]
TOKEN_KEYS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")
"""Inputs with one number a token, of shape (rows, tokens). The others are of images."""
_CLOSE = 0.02  # pixels may differ by one step of 255, as resizing several at once may round


class InputMaker:
    """Makes the inputs of prompts and their images with a model's processor.

    Its tokenizer is called without padding only, which changes nothing in it: several threads may
    make inputs at once.
    """

    def __init__(self, processor: Any, form: PromptForm, model: Any = None) -> None:
        """Take the processor and the model, and see whether the processor's batches are the sum of
        their parts; without a model nothing may be joined.
        """
        self._processor = processor
        self._form = form
        self._device = torch.device("cpu") if model is None else model.device
        self._dtype = torch.float32 if model is None else model.dtype
        self.joins = model is not None and self._check()
        """Whether inputs made one request at a time can be joined to those of a batch."""

    def make(self, prompts: Sequence[str], images: Sequence[Images], special: bool = True) -> Any:
        """Give the inputs of a batch on the CPU, floats in the model's dtype, padded on the left.

        Raises RuntimeError when the processor pads on the right.
        """
        inputs = self._processor(
            text=list(prompts),
            images=[list(each) for each in images] if any(images) else None,
            padding=len(prompts) > 1,
            return_tensors="pt",
            add_special_tokens=special and not self._form.begins_itself(prompts[0]),
        )
        inputs.pop("labels", None)
        if not bool(inputs["attention_mask"][:, -1].all()):
            raise RuntimeError("the processor pads on the right; answers would follow the padding")
        return inputs.to(dtype=self._dtype)

    def make_ahead(self, prompt: str, images: Images, special: bool = True) -> Inputs:
        """Give the inputs of one request, in memory that a GPU can fetch by itself."""
        inputs = dict(self.make([prompt], [images], special))
        if self._device.type != "cuda":
            return inputs
        return {key: value.pin_memory() for key, value in inputs.items()}

    def join(self, rows: Sequence[Inputs]) -> Inputs:
        """Join the inputs of requests to those of a batch, on the model's device.

        Tokens are padded on the left. What belongs to images is laid one behind the other; where
        images have different numbers of tiles, those with fewer get tiles of zeros.
        """
        there = [{key: each.to(self._device, non_blocking=True) for key, each in row.items()}
                 for row in rows]  # fmt: skip
        return _joined(there, self._processor.tokenizer.pad_token_id)

    def make_batch(
        self, prompts: Sequence[str], images: Sequence[Images], special: bool = True
    ) -> Inputs:
        """Make the inputs of a batch at once, on the model's device."""
        return dict(self.make(prompts, images, special).to(self._device))

    def _check(self) -> bool:
        """Make two requests with images of different shapes together and apart, and compare."""
        words = ("What is it?", "What do you see in this image, and which of the things is it?")
        prompts = [self._form.render(f"{each} {IMAGE_MARK}") for each in words]
        grey = Image.linear_gradient("L")
        images = [[grey.resize(size).convert("RGB")] for size in ((96, 64), (48, 200))]
        try:
            rows = [dict(self.make([one], [own])) for one, own in zip(prompts, images, strict=True)]
            together = dict(self.make(prompts, images))
            apart = _joined(rows, self._processor.tokenizer.pad_token_id)
        except (RuntimeError, ValueError, TypeError, AttributeError):
            return False
        return _equal(together, apart)


def _joined(rows: Sequence[Inputs], padding: int) -> Inputs:
    joined: Inputs = {}
    length = max(row["input_ids"].shape[1] for row in rows)
    for key in {key: None for row in rows for key in row}:
        values = [row[key] for row in rows if key in row]
        if key in TOKEN_KEYS:
            fill = padding if key == "input_ids" else 0
            values = [pad(each, (length - each.shape[1], 0), value=fill) for each in values]
        joined[key] = torch.cat(list(_of_one_shape(values))) if len(values) > 1 else values[0]
    return joined


def _of_one_shape(values: Sequence[Tensor]) -> Sequence[Tensor]:
    """Fill with zeros, behind, so that all but the first dimension agree."""
    shapes = [each.shape[1:] for each in values]
    if len(set(shapes)) == 1:
        return values
    largest = [max(sizes) for sizes in zip(*shapes, strict=True)]
    filled = []
    for each in values:
        missing = [most - size for most, size in zip(largest, each.shape[1:], strict=True)]
        pairs = [amount for size in reversed(missing) for amount in (0, size)]
        filled.append(pad(each, pairs))
    return filled


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    if one.keys() != other.keys():
        return False
    return all(
        value.shape == other[key].shape
        and torch.allclose(value.float(), other[key].float(), rtol=0, atol=_CLOSE)
        for key, value in one.items()
    )
