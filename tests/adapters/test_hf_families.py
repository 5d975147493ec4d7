"""What each family of image-text-to-text models is given: prompts, images, padding, positions."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.errors import SpecError
from harness.requests import Request
from harness.specs.model import ModelSpec
from support.tiny_checkpoints import FAMILIES, make_checkpoint
from support.tiny_configs import PATCH, SIDE

FAMILY = [
    pytest.param(name, marks=[pytest.mark.full] if family.needs else [])
    for name, family in FAMILIES.items()
]
SYSTEM = "You name things in pictures."
# Tokens of one square image of SIDE: patches, less those that the family merges or more that it
# cuts out. LLaVA-OneVision adds the whole image and a column of line breaks to its grid.
IMAGE_TOKENS = {
    "llava": 16,
    "llava_onevision": 16 + 16 + 4,
    "qwen2_5_vl": 4,
    "qwen3_vl": 4,
    "qwen3_vl_moe": 4,
    "internvl": 4,
    "paligemma2": 16,
    "gemma3": 4,
    "idefics3": 4 * 5,  # four quarters and the whole
    "smolvlm": 4 * 5,
}


@pytest.fixture(scope="module", params=FAMILY)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def checkpoint(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(family, tmp_path_factory.mktemp(family))


@pytest.fixture(scope="module")
def adapter(checkpoint: Path) -> HfAdapter:
    return load(checkpoint)


def load(checkpoint: Path, **more: object) -> HfAdapter:
    spec = ModelSpec(model="tiny", adapter="hf", pretrained=str(checkpoint), **more)  # type: ignore[arg-type]
    return HfAdapter(spec, Setting())


def picture(seed: int, width: int = SIDE, height: int = SIDE) -> Image.Image:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 255, (height, width, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


def encode(adapter: HfAdapter, texts: Sequence[str], images: Sequence[Sequence[Image.Image]]):  # type: ignore[no-untyped-def]
    return adapter._maker.make([adapter._form.render(text) for text in texts], images, True)


def count(adapter: HfAdapter, family: str, inputs: dict[str, torch.Tensor]) -> list[int]:
    token = adapter._tokenizer.convert_tokens_to_ids(FAMILIES[family].image_token)
    return (inputs["input_ids"] == token).sum(dim=1).tolist()


def test_an_image_takes_the_tokens_that_its_features_have(adapter: HfAdapter, family: str) -> None:
    inputs = encode(adapter, ["<image>\nWhat?"], [[picture(0)]])
    assert count(adapter, family, inputs) == [IMAGE_TOKENS[family]]
    embedded = adapter._model(**inputs).logits
    assert embedded.shape[1] == inputs["input_ids"].shape[1]


def test_several_images_stand_in_their_order(adapter: HfAdapter, family: str) -> None:
    text = "1: <image>\n2: <image>\nBoth?"
    pair = [picture(0), picture(1)]
    inputs = encode(adapter, [text], [pair])
    per_image = IMAGE_TOKENS[family]
    if family == "llava_onevision":
        per_image = 16 + 1  # of several images only the whole, with one line break
    assert count(adapter, family, inputs) == [2 * per_image]
    turned = encode(adapter, [text], [pair[::-1]])
    assert torch.equal(inputs["input_ids"], turned["input_ids"])
    with torch.inference_mode():
        one, other = (adapter._model(**each).logits[0, -1] for each in (inputs, turned))
    assert not torch.allclose(one, other, atol=1e-3), "the order makes no difference"


def test_short_prompts_are_padded_on_the_left(adapter: HfAdapter) -> None:
    texts = ["<image>\nWhat?", "Look at this image with care. <image>\nWhat is it?"]
    inputs = encode(adapter, texts, [[picture(0)], [picture(1, 90, 40)]])
    mask = inputs["attention_mask"]
    assert mask[:, -1].all() and not mask.all()
    assert (mask.diff(dim=1) >= 0).all(), "padding on the left alone"
    pad = adapter._tokenizer.pad_token_id
    assert (inputs["input_ids"][mask == 0] == pad).all()


def test_a_preview_counts_what_the_model_reads_of_any_text(adapter: HfAdapter) -> None:
    """Images counted in one prompt, texts in others: together they are the inputs of both."""
    preview = HfAdapter.preview(adapter._spec)
    shape = picture(0, 90, 40)
    texts = ["Look: <image>\nWhat is it?", "<image> Which one\n is this?"]
    of_image = preview.image_tokens(Request((shape,), texts[0]))
    for text, of_text in zip(texts, preview.text_tokens(texts), strict=True):
        inputs = encode(adapter, [text], [[shape]])
        assert of_text + of_image == inputs["input_ids"].shape[1]
        assert preview.prompt(Request((shape,), text)) == adapter._form.render(text)


def test_the_token_of_the_beginning_stands_once_at_most(adapter: HfAdapter, family: str) -> None:
    inputs = encode(adapter, ["<image>\nWhat?"], [[picture(0)]])
    starts = (inputs["input_ids"] == adapter._tokenizer.bos_token_id).sum().item()
    assert starts == (1 if family in ("gemma3", "paligemma2", "llava") else 0)


def test_a_system_prompt_is_in_the_prompt_or_refused(checkpoint: Path, family: str) -> None:
    if FAMILIES[family].system:
        assert SYSTEM in load(checkpoint, system_prompt=SYSTEM)._form.render("<image>\nWhat?")
        return
    with pytest.raises(SpecError, match="no chat template, so no place for `system_prompt`"):
        load(checkpoint, system_prompt=SYSTEM)


def test_images_stand_where_the_text_says(adapter: HfAdapter, family: str) -> None:
    """Also where the chat template alone puts all images first, as LLaVA's do."""
    mark = adapter._form.mark
    for text in ("Before. <image>\nAfter?", "<image> then <image>\nAfter?"):
        prompt = adapter._form.render(text)
        places = [prompt.index(word) for word in ("Before.", "then", "After?") if word in text]
        marks = [place for place in range(len(prompt)) if prompt.startswith(mark, place)]
        assert len(marks) == text.count("<image>")
        if family == "paligemma2":
            assert max(marks) < min(places)
        else:
            assert ("Before." in text) == (places[0] < marks[0])
            assert marks[-1] > places[0] and marks[-1] < places[-1]


def test_paligemma_reads_its_image_then_its_question(tmp_path: Path) -> None:
    """No chat template: images, the token of the beginning, the question, a line break."""
    adapter = load(make_checkpoint("paligemma2", tmp_path), options={"prompt_prefix": "answer en "})
    assert adapter._form.render("Classes: a; b.\n<image>\nWhich?") == (
        "<image>answer en Classes: a; b.\nWhich?"
    )
    inputs = encode(adapter, ["<image>\nWhich?"], [[picture(0)]])
    assert "labels" not in inputs
    tokens = adapter._tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    assert tokens[:17] == ["<image>"] * 16 + ["<s>"]
    assert tokens[-1] == "\n"
    assert "images first" in adapter.facts.notes[1]


@pytest.mark.full
def test_limits_of_resolution_change_the_number_of_image_tokens(tmp_path: Path) -> None:
    folder = make_checkpoint("qwen2_5_vl", tmp_path)
    block = (2 * PATCH) ** 2  # pixels that become one token
    sizes = {}
    for name, limits in {
        "as saved": {},
        "at least 64": {"min_pixels": 64 * block, "max_pixels": 256 * block},
        "at most 4": {"min_pixels": block, "max_pixels": 4 * block},
    }.items():
        adapter = load(folder, processor_kwargs=limits)
        inputs = encode(adapter, ["<image>\nWhat?"], [[picture(0, 4 * SIDE, 2 * SIDE)]])
        sizes[name] = count(adapter, "qwen2_5_vl", inputs)[0]
    assert 4 < sizes["as saved"] <= 16
    assert sizes["at least 64"] >= 64
    assert sizes["at most 4"] <= 4
