"""Qwen2.5-VL-7B and LLaVA-OneVision-7B in their real sizes, with random weights, for timing.

The sizes are those of the configs on the hub (Qwen/Qwen2.5-VL-7B-Instruct,
llava-hf/llava-onevision-qwen2-7b-ov-hf). `tiny` keeps the structure and shrinks the widths.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
from speed_models import _QWEN, _TEMPLATE, _tokenizer
from tokenizers import Tokenizer
from transformers import (
    AutoModelForImageTextToText,
    LlavaOnevisionConfig,
    LlavaOnevisionImageProcessorPil,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    ProcessorMixin,
    Qwen2_5_VLConfig,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessorPil,
    Qwen2VLVideoProcessor,
)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from published_names import name_all_as_published

ANSWER = 8  # tokens of an answer: `write_tasks` allows so many, and random weights have no end
Made = tuple[PreTrainedConfig, ProcessorMixin]


@dataclass(frozen=True, slots=True)
class Size:
    """Widths and depths of a model."""

    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    vision_hidden: int
    vision_inner: int
    vision_layers: int
    vision_heads: int
    vision_matrices: int
    """Matrices in the MLP of the vision tower: three where it is gated."""


REAL = {
    "qwen2.5-vl-7b": Size(3584, 18944, 28, 28, 4, 152064, 1280, 3420, 32, 16, 3),
    "llava-onevision-7b": Size(3584, 18944, 28, 28, 4, 152000, 1152, 4304, 26, 16, 2),
}
TINY = Size(128, 256, 2, 4, 2, 9000, 64, 128, 4, 4, 3)


def operations(size: Size, patches: int, new: int, whole: int) -> float:
    """Count the operations of an image: `new` tokens of `whole` are computed, and the picture.

    Two for each weight and token; attention's two products are four for each pair of tokens and
    width (Kaplan et al., 2020, table 1). The last layer's logits are of one token a step.
    """
    kv = size.hidden * size.kv_heads // size.heads
    layer = size.hidden * (2 * size.hidden + 2 * kv + 3 * size.inner)
    text = 2 * new * size.layers * layer + 4 * size.layers * size.hidden * new * (whole - new / 2)
    logits = 2 * ANSWER * size.hidden * size.vocabulary
    block = size.vision_hidden * (4 * size.vision_hidden + size.vision_matrices * size.vision_inner)
    return text + logits + 2 * patches * size.vision_layers * block


def make_gpu_model(family: str, folder: Path, names: Sequence[str], *, tiny: bool) -> Path:
    """Write a checkpoint in bfloat16 (float32 when tiny); 15 GB in real size. One that is there is
    kept.
    """
    if (folder / "config.json").is_file():
        return folder
    special = _QWEN if family.startswith("qwen") else _ONEVISION
    size = TINY if tiny else REAL[family]
    tokenizer = _with_word_for_each(_tokenizer(names, special), size.vocabulary)
    config, processor = _MAKERS[family](tokenizer, size)
    on_gpu = torch.cuda.is_available()
    with torch.device("cuda" if on_gpu else "cpu"):
        config.dtype = torch.float32 if tiny else torch.bfloat16
        model = AutoModelForImageTextToText.from_config(config, dtype=config.dtype)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(0)
        for weight in model.parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=1 / math.sqrt(weight[0].numel()))
    # No end: random answers would have any length, so each is as long as the task allows.
    model.generation_config.eos_token_id = None
    processor.save_pretrained(folder)
    model.save_pretrained(folder, max_shard_size="4GB")
    if family.startswith("llava"):
        name_all_as_published(folder)
    return folder


_ONEVISION = {"image_token": "<image>", "video_token": "<video>"}


def _with_word_for_each(
    tokenizer: PreTrainedTokenizerFast, vocabulary: int
) -> PreTrainedTokenizerFast:
    """Give each token that only an answer may have a word of its own, so that answers that differ
    differ as texts.
    """
    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    words = whole["model"]["vocab"]
    words |= {f"Ġt{number}": number for number in range(len(tokenizer), vocabulary)}
    tokenizer._tokenizer = Tokenizer.from_str(json.dumps(whole))
    return tokenizer


def _text(tokenizer: PreTrainedTokenizerFast, size: Size, **more: object) -> dict[str, object]:
    return {
        "vocab_size": size.vocabulary,
        "hidden_size": size.hidden,
        "intermediate_size": size.inner,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "max_position_embeddings": 32768,
        "tie_word_embeddings": False,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        **more,
    }


def _qwen2_5_vl(tokenizer: PreTrainedTokenizerFast, size: Size) -> Made:
    eighth = size.hidden // size.heads // 8
    sections = [2 * eighth, eighth, eighth] if size is TINY else [16, 24, 24]
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections}
    step = size.vision_layers // 4
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": size.vision_layers,
            "hidden_size": size.vision_hidden,
            "intermediate_size": size.vision_inner,
            "num_heads": size.vision_heads,
            "out_hidden_size": size.hidden,
            "patch_size": 14,
            "window_size": 112,
            "fullatt_block_indexes": [step * (number + 1) - 1 for number in range(4)],
        },
        text_config=_text(tokenizer, size, rope_parameters=rope),
        image_token_id=tokenizer.image_token_id,
        video_token_id=tokenizer.video_token_id,
        vision_start_token_id=tokenizer.vision_start_token_id,
        vision_end_token_id=tokenizer.vision_end_token_id,
        tie_word_embeddings=False,
    )
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056),
        tokenizer,
        Qwen2VLVideoProcessor(),
        chat_template=_TEMPLATE.format(image="<|vision_start|><|image_pad|><|vision_end|>"),
    )
    return config, processor


def _llava_onevision(tokenizer: PreTrainedTokenizerFast, size: Size) -> Made:
    side = 56 if size is TINY else 384
    square = {"height": side, "width": side}
    pinpoints = [[side * rows, side * columns] for rows, columns in product(range(1, 7), repeat=2)]
    config = LlavaOnevisionConfig(
        vision_config={
            "model_type": "siglip_vision_model",
            "hidden_size": size.vision_hidden,
            "intermediate_size": size.vision_inner,
            "num_hidden_layers": size.vision_layers,
            "num_attention_heads": size.vision_heads,
            "image_size": side,
            "patch_size": 14,
            "vision_use_head": False,
        },
        text_config=_text(tokenizer, size, model_type="qwen2"),
        image_token_index=tokenizer.image_token_id,
        video_token_index=tokenizer.video_token_id,
        image_grid_pinpoints=pinpoints,
        tie_word_embeddings=False,
    )
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessorPil(size=square, image_grid_pinpoints=pinpoints),
        tokenizer,
        LlavaOnevisionVideoProcessor(size=square),
        num_image_tokens=(side // 14) ** 2,
        vision_feature_select_strategy="full",
        chat_template=_TEMPLATE.format(image="<image>"),
    )
    return config, processor


_MAKERS: Mapping[str, Callable[[PreTrainedTokenizerFast, Size], Made]] = {
    "qwen2.5-vl-7b": _qwen2_5_vl,
    "llava-onevision-7b": _llava_onevision,
}
