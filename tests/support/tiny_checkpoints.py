"""Tiny checkpoints of the families of image-text-to-text models: random weights in the real classes
with a real processor, saved as a folder that loads as a model from the hub does.
"""

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers import AutoModelForImageTextToText, PreTrainedModel, PreTrainedTokenizerFast

from support.tiny_configs import CONFIGS, PATCH, PATCHES, PINPOINTS, SIDE
from support.tiny_tokenizer import (
    gemma_template,
    idefics_template,
    llava_template,
    make_tokenizer,
    onevision_template,
    qwen_template,
)

_SQUARE: Final = {"height": SIDE, "width": SIDE}
_QWEN_IMAGE: Final = "<|vision_start|><|image_pad|><|vision_end|>"
_ROWS_AND_COLUMNS: Final = [f"<row_{i}_col_{j}>" for i in range(1, 7) for j in range(1, 7)]
Make = Callable[[PreTrainedTokenizerFast], Any]


@dataclass(frozen=True, slots=True)
class Family:
    """How the parts of a family's checkpoint are made."""

    processor: Make
    special: dict[str, str]
    """Attribute of the tokenizer to special token."""
    plain: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Packages (import names) that its processor needs."""
    several_images: bool = True
    """Whether a prompt may hold several images."""
    system: bool = True
    """Whether its prompts have a place for a system message."""
    begins: bool = False
    """Whether its tokenizer puts a first token before every text."""
    image_token: str = field(default="<image>")
    """The token that stands for image features in `input_ids`."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Give the packages that are needed and not installed."""
        return tuple(name for name in self.needs if importlib.util.find_spec(name) is None)


def make_checkpoint(family: str, folder: Path) -> Path:
    """Write a tiny checkpoint of a family of `FAMILIES` into a folder, the same each time."""
    parts = FAMILIES[family]
    tokenizer = make_tokenizer(parts.special, parts.plain, begins=parts.begins)
    processor = parts.processor(tokenizer)
    processor.save_pretrained(folder)
    make_model(family, tokenizer).save_pretrained(folder)
    return folder


def make_model(family: str, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Build the model of a family. Weights are of such a size that signals pass every layer, so
    that an answer depends on the image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForImageTextToText.from_config(CONFIGS[family](tokenizer))
        for weight in model.parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=1 / math.sqrt(weight[0].numel()))
    return model


def make_thinking_checkpoint(folder: Path) -> Path:
    """Write a tiny LLaVA that thinks: its chat template begins the reply inside `<think>`, and its
    weights like to end that.
    """
    tokenizer = make_tokenizer(
        {"image_token": "<image>", "turn_token": "<|im_start|>", "turn_end_token": "<|im_end|>"},
        plain=("<think>", "</think>"),
    )
    processor = _llava(tokenizer)
    processor.chat_template = qwen_template("<image>", thinking=True)
    processor.save_pretrained(folder)
    model = make_model("llava", tokenizer)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.convert_tokens_to_ids("</think>")] *= 1.2
    model.save_pretrained(folder)
    return folder


def _llava(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.LlavaProcessor(
        transformers.CLIPImageProcessorPil(size=_SQUARE, crop_size=_SQUARE),
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=llava_template("<image>"),
    )


def _llava_onevision(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.LlavaOnevisionProcessor(
        transformers.LlavaOnevisionImageProcessorPil(size=_SQUARE, image_grid_pinpoints=PINPOINTS),
        tokenizer,
        transformers.LlavaOnevisionVideoProcessor(size=_SQUARE),
        num_image_tokens=PATCHES,
        vision_feature_select_strategy="full",
        chat_template=onevision_template("<image>"),
    )


def _qwen2_5_vl(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.Qwen2_5_VLProcessor(
        transformers.Qwen2VLImageProcessorPil(
            min_pixels=4 * PATCH * PATCH, max_pixels=64 * PATCH * PATCH
        ),
        tokenizer,
        transformers.Qwen2VLVideoProcessor(),
        chat_template=qwen_template(_QWEN_IMAGE),
    )


def _qwen3_vl(tokenizer: PreTrainedTokenizerFast) -> Any:
    side = 16
    return transformers.Qwen3VLProcessor(
        transformers.Qwen2VLImageProcessorPil(
            patch_size=side, min_pixels=4 * side * side, max_pixels=64 * side * side
        ),
        tokenizer,
        transformers.Qwen3VLVideoProcessor(),
        chat_template=qwen_template(_QWEN_IMAGE),
    )


def _internvl(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.InternVLProcessor(
        transformers.GotOcr2ImageProcessorPil(size=_SQUARE, max_patches=4),
        tokenizer,
        transformers.InternVLVideoProcessor(size=_SQUARE),
        image_seq_length=PATCHES // 4,
        chat_template=qwen_template("<IMG_CONTEXT>"),
    )


def _paligemma2(tokenizer: PreTrainedTokenizerFast) -> Any:
    images = transformers.SiglipImageProcessorPil(size=_SQUARE)
    images.image_seq_length = PATCHES
    return transformers.PaliGemmaProcessor(images, tokenizer)


def _gemma3(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.Gemma3Processor(
        transformers.Gemma3ImageProcessorPil(size=_SQUARE),
        tokenizer,
        image_seq_length=PATCHES // 4,
        chat_template=gemma_template("<start_of_image>"),
    )


_SPLITTING: Final = {"size": {"longest_edge": 2 * SIDE}, "max_image_size": {"longest_edge": SIDE}}


def _idefics3(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.Idefics3Processor(
        transformers.Idefics3ImageProcessorPil(**_SPLITTING),
        tokenizer,
        image_seq_len=PATCHES // 4,
        chat_template=idefics_template("<image>"),
    )


def _smolvlm(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.SmolVLMProcessor(
        transformers.SmolVLMImageProcessorPil(**_SPLITTING),
        tokenizer,
        transformers.SmolVLMVideoProcessor(**_SPLITTING),
        image_seq_len=PATCHES // 4,
        chat_template=idefics_template("<image>"),
    )


_VISION: Final = ("torchvision",)
_IDEFICS_TOKENS: Final = {
    "image_token": "<image>",
    "fake_image_token": "<fake_token_around_image>",
    "global_image_token": "<global-img>",
    "end_of_utterance_token": "<end_of_utterance>",
    "turn_token": "<|im_start|>",
}
_CHATML: Final = {"turn_token": "<|im_start|>", "turn_end_token": "<|im_end|>"}
_QWEN_TOKENS: Final = _CHATML | {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
FAMILIES: Final[dict[str, Family]] = {
    "llava": Family(_llava, {"image_token": "<image>"}, begins=True),
    "llava_onevision": Family(
        _llava_onevision,
        _CHATML | {"image_token": "<image>", "video_token": "<video>"},
        needs=_VISION,
    ),
    "qwen2_5_vl": Family(_qwen2_5_vl, _QWEN_TOKENS, needs=_VISION, image_token="<|image_pad|>"),
    "qwen3_vl": Family(_qwen3_vl, _QWEN_TOKENS, needs=_VISION, image_token="<|image_pad|>"),
    "qwen3_vl_moe": Family(_qwen3_vl, _QWEN_TOKENS, needs=_VISION, image_token="<|image_pad|>"),
    "internvl": Family(
        _internvl,
        _CHATML
        | {
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
        needs=_VISION,
        image_token="<IMG_CONTEXT>",
    ),
    "paligemma2": Family(_paligemma2, {"image_token": "<image>"}, system=False),
    "gemma3": Family(
        _gemma3,
        {
            "image_token": "<image_soft_token>",
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "turn_token": "<start_of_turn>",
            "turn_end_token": "<end_of_turn>",
        },
        begins=True,
        image_token="<image_soft_token>",
    ),
    "idefics3": Family(_idefics3, _IDEFICS_TOKENS, plain=tuple(_ROWS_AND_COLUMNS)),
    "smolvlm": Family(
        _smolvlm,
        _IDEFICS_TOKENS,
        plain=tuple(_ROWS_AND_COLUMNS),
        needs=(*_VISION, "num2words"),
    ),
}
