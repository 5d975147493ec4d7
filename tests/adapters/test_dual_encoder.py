"""Dual encoders: prompts, the ensemble and the cosines as a few lines of torch have them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import normalize
from transformers import (
    AutoModel,
    AutoProcessor,
    SiglipConfig,
    SiglipModel,
    SiglipTextConfig,
    SiglipVisionConfig,
)

from harness.adapters.base import Setting
from harness.adapters.classifiers import dual_encoder
from harness.adapters.classifiers.class_prompts import ClassPrompts
from harness.adapters.contents import contents_of
from harness.adapters.registry import load_adapter
from harness.answers.mapping.vectors import embed
from harness.data.images.source import open_source
from harness.encoders.base import TEMPLATES
from harness.encoders.registry import LexicalEncoder
from harness.errors import DataError, SpecError
from harness.requests import Ask, Request, Response
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import EncoderSpec, ModelSpec

NAMES = ("dog", "polar bear", "fire truck")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    source = open_source(load_task(Catalogue(()), "mini_classify"))
    assert source.read is not None
    return [source.read(row) for row in range(4)]


def ask(spec: ModelSpec, images: list[Image.Image], names: tuple[str, ...]) -> list[Response]:
    return load_adapter(spec, Setting()).respond(
        Ask(choices=names), [Request((image,)) for image in images]
    )


def by_hand(
    folder: Path, images: list[Image.Image], form_of: Callable[[str], list[str]], **padding: Any
) -> np.ndarray:
    processor, model = AutoProcessor.from_pretrained(folder), AutoModel.from_pretrained(folder)
    with torch.inference_mode():
        pixels = processor(images=images, return_tensors="pt")
        shown = normalize(model.eval().get_image_features(**pixels).pooler_output, dim=-1)
        rows = []
        for name in NAMES:
            tokens = processor(text=form_of(name), truncation=True, return_tensors="pt", **padding)
            if "max_length" in padding:
                tokens.pop("attention_mask", None)
            texts = normalize(model.get_text_features(**tokens).pooler_output, dim=-1)
            rows.append(normalize(texts.mean(0), dim=-1))
        return (shown @ torch.stack(rows).T).numpy()


@pytest.mark.parametrize("template", ["raw", "photo", "avg", "avg_raw", "my {}"])
def test_clip_by_hand(template: str, images: list[Image.Image], root: Path) -> None:
    spec = load_model(Catalogue(()), "mini_dual", [f"options.template={template!r}"])
    forms = TEMPLATES.get(template, (template,))
    expected = by_hand(
        root / "models" / "mini_dual",
        images,
        lambda name: [form.format(name) for form in forms],
        padding=True,
    )
    found = np.array([response.scores for response in ask(spec, images, NAMES)])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found, axis=0).min() > 0.01


def test_the_logits_are_those_of_the_model_itself(images: list[Image.Image], root: Path) -> None:
    folder = root / "models" / "mini_dual"
    processor, model = AutoProcessor.from_pretrained(folder), AutoModel.from_pretrained(folder)
    shown = {"images": images, "return_tensors": "pt", "padding": True, "truncation": True}
    inputs = processor(text=list(NAMES), **shown)
    with torch.inference_mode():
        expected = model.eval()(**inputs).logits_per_image.numpy()
    spec = load_model(Catalogue(()), "mini_dual", ["options.template=raw"])
    found = np.array([response.logits for response in ask(spec, images, NAMES)])
    np.testing.assert_allclose(found, expected, atol=1e-4)


SENTENCES = {
    "fire truck": ["A fire truck is red.", "It brings water.", "a big truck with a ladder"],
    "Dog": ["A dog barks."],
    "polar bear": ["a white bear", "A bear on the ice."],
}


def test_sentences_of_each_class_by_hand(
    images: list[Image.Image], root: Path, tmp_path: Path
) -> None:
    (tmp_path / "cupl.json").write_text(json.dumps(SENTENCES))
    values = {"class_prompts": str(tmp_path / "cupl.json")}
    spec = load_model(Catalogue(()), "mini_dual", [f"options={json.dumps(values)}"])
    known = {key.lower(): own for key, own in SENTENCES.items()}
    expected = by_hand(root / "models" / "mini_dual", images, known.__getitem__, padding=True)
    found = np.array([response.scores for response in ask(spec, images, NAMES)])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    before = contents_of(spec)
    (tmp_path / "cupl.json").write_text(json.dumps(SENTENCES | {"Dog": ["It wags its tail."]}))
    assert [key for key, own in contents_of(spec).items() if own != before[key]] == [
        "options.class_prompts"
    ]
    (tmp_path / "cupl.json").write_text(json.dumps(SENTENCES | {"cat": ["A cat purrs."]}))
    with pytest.raises(DataError, match="`cat`: is no class"):
        ask(spec, images, NAMES)
    with pytest.raises(SpecError, match="`template` or `class_prompts`, not both"):
        both = load_model(Catalogue(()), "mini_dual", ["options.class_prompts=x"])
        ask(both, images, NAMES)


def test_the_ensemble_is_that_of_mapping() -> None:
    lexical = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical"))
    found = ClassPrompts(lexical, "avg").vectors(NAMES)
    np.testing.assert_allclose(found, embed(lexical, NAMES, "avg"), atol=1e-6)


def test_siglip_reads_lower_case_padded_to_its_length(
    images: list[Image.Image], root: Path, tmp_path: Path
) -> None:
    processor = AutoProcessor.from_pretrained(root / "models" / "mini_dual")
    side = {"hidden_size": 32, "intermediate_size": 32}
    size = {"num_hidden_layers": 1, "num_attention_heads": 2}
    length = {"max_position_embeddings": 16, "vocab_size": len(processor.tokenizer)}
    text = SiglipTextConfig(**side, **size, **length, projection_size=32)
    vision = SiglipVisionConfig(**side, **size, image_size=56, patch_size=14)
    torch.manual_seed(0)
    config = SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())
    SiglipModel(config).save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    spec = ModelSpec(
        model="tiny", adapter="dual_encoder", pretrained=str(tmp_path), options={"template": "raw"}
    )
    expected = by_hand(tmp_path, images, lambda name: [name], padding="max_length", max_length=16)
    upper = ask(spec, images, tuple(name.upper() for name in NAMES))
    assert np.array([each.scores for each in upper]) == pytest.approx(expected, abs=1e-5)


def test_class_embeddings_come_from_the_disk_the_second_time(
    images: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_model(Catalogue(()), "mini_dual")
    first = ask(spec, images, NAMES)

    def never(self: object, texts: object) -> None:
        raise AssertionError("the texts were embedded before")

    monkeypatch.setattr(dual_encoder.OwnTextTower, "encode", never)
    assert ask(spec, images, NAMES[::-1])[0].scores == first[0].scores[::-1]  # type: ignore[index]
    with pytest.raises(AssertionError, match="embedded before"):
        ask(spec, images, ("a new name",))


def test_a_model_without_a_text_tower_is_none(root: Path) -> None:
    folder = str(root / "models" / "mini")
    with pytest.raises(SpecError, match="is no dual encoder"):
        load_adapter(ModelSpec(model="x", adapter="dual_encoder", pretrained=folder), Setting())


def test_facts(root: Path) -> None:
    facts = load_adapter(load_model(Catalogue(()), "mini_dual"), Setting()).facts
    assert (facts.kind, facts.architecture) == ("dual_encoder", "CLIPModel")
    assert facts.notes == ("class prompts: avg_raw",)


def test_different_names_of_one_vector_are_refused(images: list[Image.Image]) -> None:
    """To the tower they are one class, and every image of the second would be wrong."""
    spec = load_model(Catalogue(()), "mini_dual")
    assert len(ask(spec, images, ("dog", "Dog.", "fox"))) == len(images)
    with pytest.raises(SpecError, match="1 pairs of different class names") as caught:
        ask(spec, images, ("dog", "猫", "fox", "狗"))
    assert caught.value.problems[0].got == "`猫` and `狗`"
