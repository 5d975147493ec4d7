"""Models of some 12 million parameters with random weights, and tasks over ImageNet's names.

They are made to be timed: real classes, real processors, and a tokenizer under which the 1,000
names are some 4,000 tokens, as under those of large models.
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForImageTextToText,
    CLIPImageProcessorPil,
    LlavaConfig,
    LlavaProcessor,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    ProcessorMixin,
    Qwen2_5_VLConfig,
    Qwen2_5_VLProcessor,
)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from published_names import name_as_published

WIDTH, LAYERS, HEADS, SIDE, PATCH = 256, 6, 4, 112, 14
PIECES = 8000
QUESTION = "Which one of the classes is shown? Reply with the class name only."
_TEMPLATE = (
    "{{% for message in messages %}}{{{{ '<|im_start|>' + message['role'] + '\\n' }}}}"
    "{{% if message['content'] is string %}}{{{{ message['content'] }}}}{{% else %}}"
    "{{% for item in message['content'] %}}"
    "{{% if item['type'] == 'image' %}}{{{{ '{image}' }}}}"
    "{{% else %}}{{{{ item['text'] }}}}{{% endif %}}{{% endfor %}}{{% endif %}}"
    "{{{{ '<|im_end|>\\n' }}}}{{% endfor %}}"
    "{{% if add_generation_prompt %}}{{{{ '<|im_start|>assistant\\n' }}}}{{% endif %}}"
)
_QWEN = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}


def make_model(family: str, folder: Path, names: Sequence[str]) -> Path:
    """Write a checkpoint of `llava` or `qwen2_5_vl` with random weights, the same each time."""
    special = {"image_token": "<image>"} if family == "llava" else _QWEN
    tokenizer = _tokenizer(names, special)
    config, processor = _MAKERS[family](tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForImageTextToText.from_config(config)
        for weight in model.parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=1 / math.sqrt(weight[0].numel()))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    processor.save_pretrained(folder)
    model.save_pretrained(folder)
    if family == "llava":
        name_as_published(folder / "model.safetensors")
    return folder


def write_tasks(folder: Path, names: Sequence[str], counts: Sequence[int], images: int) -> None:
    """Write images, and tasks `speed_ow`, `speed_mc` and `speed_cw_N` for each count of names."""
    generator = np.random.default_rng(0)
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    labels = []
    for number in range(images):
        pixels = generator.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"i{number:05d}.png")
        labels.append(f'{{"image_id": "i{number:05d}", "labels": [{number % min(counts)}]}}\n')
    (folder / "labels.jsonl").write_text("".join(labels))
    for count in counts:
        _write(folder, f"names_{count}", {"class_list": f"names_{count}", "path": f"{count}.txt"})
        (folder / f"{count}.txt").write_text("\n".join(names[:count]) + "\n")
        listed = "Classes: {{ classes | join('; ') }}.\n<image>\n" + QUESTION
        _write(folder, f"speed_cw_{count}", _task(f"speed_cw_{count}", "cw", count, listed))
    asked = "<image>\nWhat is the main object in this image? Reply with its name only."
    _write(folder, "speed_ow", _task("speed_ow", "ow", min(counts), asked))
    lettered = (
        "<image>\nWhich is shown?\n{% for letter in letters %}{{ letter }}. "
        "{{ options[loop.index0] }}\n{% endfor %}Reply with the letter only."
    )
    _write(folder, "speed_mc", _task("speed_mc", "mc", min(counts), lettered))


def _task(name: str, protocol: str, count: int, prompt: str) -> dict[str, object]:
    task: dict[str, object] = {
        "task": name,
        "protocol": protocol,
        "dataset_path": "images",
        "class_list": f"names_{count}",
        "label_sets": ["labels.jsonl"],
        "doc_to_text": prompt,
        "generation_kwargs": {"max_new_tokens": 8},
        "mapping": {"encoder": "lexical"},
        "metadata": {"version": 1},
    }
    return task | ({"distractors": {"n_options": 4}} if protocol == "mc" else {})


def _write(folder: Path, name: str, values: Mapping[str, object]) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(dict(values), sort_keys=False, width=1000))


def _tokenizer(names: Sequence[str], special: Mapping[str, str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    first = ["<pad>", "<|im_start|>", "<|im_end|>", *special.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        special_tokens=first,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=2,
    )
    tokenizer.train_from_iterator([QUESTION, *names], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<|im_end|>",
        padding_side="left",
        extra_special_tokens=dict(special),
        clean_up_tokenization_spaces=False,
    )


def _text(tokenizer: PreTrainedTokenizerFast, **more: object) -> dict[str, object]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS // 2,
        "max_position_embeddings": 16384,
        "tie_word_embeddings": False,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        **more,
    }


def _llava(tokenizer: PreTrainedTokenizerFast) -> tuple[PreTrainedConfig, ProcessorMixin]:
    size = {"height": SIDE, "width": SIDE}
    vision = {
        "model_type": "clip_vision_model",
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    config = LlavaConfig(
        vision_config=vision,
        text_config=_text(tokenizer, model_type="llama"),
        image_token_index=tokenizer.image_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
        tie_word_embeddings=False,
    )
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size=size, crop_size=size),
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_TEMPLATE.format(image="<image>"),
    )
    return config, processor


def _qwen2_5_vl(tokenizer: PreTrainedTokenizerFast) -> tuple[PreTrainedConfig, ProcessorMixin]:
    from transformers import Qwen2VLImageProcessorPil, Qwen2VLVideoProcessor

    third = WIDTH // HEADS // 2 // 4
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2 * third, third, third]}
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": LAYERS,
            "hidden_size": WIDTH,
            "intermediate_size": 4 * WIDTH,
            "num_heads": HEADS,
            "out_hidden_size": WIDTH,
            "patch_size": PATCH,
            "window_size": SIDE,
            "fullatt_block_indexes": [LAYERS - 1],
        },
        text_config=_text(tokenizer, rope_parameters=rope),
        image_token_id=tokenizer.image_token_id,
        video_token_id=tokenizer.video_token_id,
        vision_start_token_id=tokenizer.vision_start_token_id,
        vision_end_token_id=tokenizer.vision_end_token_id,
        tie_word_embeddings=False,
    )
    pixels = SIDE * SIDE
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessorPil(min_pixels=pixels // 4, max_pixels=4 * pixels),
        tokenizer,
        Qwen2VLVideoProcessor(),
        chat_template=_TEMPLATE.format(image="<|vision_start|><|image_pad|><|vision_end|>"),
    )
    return config, processor


_MAKERS: Mapping[
    str, Callable[[PreTrainedTokenizerFast], tuple[PreTrainedConfig, ProcessorMixin]]
] = {"llava": _llava, "qwen2_5_vl": _qwen2_5_vl}
