"""Logits of classifiers and of linear heads are those of transformers and torch themselves."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import AutoImageProcessor, AutoModel, AutoModelForImageClassification

from harness.adapters.base import NamingOutputs, Setting
from harness.adapters.registry import load_adapter
from harness.data.images.source import open_source
from harness.errors import DataError, SpecError
from harness.requests import Ask, Request
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    source = open_source(load_task(Catalogue(()), "mini_classify"))
    assert source.read is not None
    return [source.read(row) for row in range(4)]


def test_scores_are_the_logits(images: list[Image.Image], root: Path) -> None:
    folder = root / "models" / "mini_classifier"
    adapter = load_adapter(load_model(Catalogue(()), "mini_classifier"), Setting())
    pixels = AutoImageProcessor.from_pretrained(folder)(images=images, return_tensors="pt")
    with torch.inference_mode():
        expected = AutoModelForImageClassification.from_pretrained(folder)(**pixels).logits
    found = adapter.respond(Ask(), [Request((image,)) for image in images])
    for response, row in zip(found, expected, strict=True):
        assert response.scores == pytest.approx(row.tolist(), abs=1e-4)
        assert response.logits == response.scores
    assert adapter.facts.kind == "supervised"
    assert adapter.facts.architecture == "CLIPForImageClassification"


def test_classes_that_do_not_exclude_each_other_have_no_probabilities(
    images: list[Image.Image],
) -> None:
    adapter = load_adapter(load_model(Catalogue(()), "mini_classifier"), Setting())
    adapter._model.config.problem_type = "multi_label_classification"
    (found,) = adapter.respond(Ask(), [Request((images[0],))])
    assert found.logits is None and len(found.scores) == 64


def test_two_images_in_one_request_are_an_error_of_that_request(images: list[Image.Image]) -> None:
    adapter = load_adapter(load_model(Catalogue(()), "mini_classifier"), Setting())
    good, bad = adapter.respond(Ask(), [Request((images[0],)), Request(tuple(images[:2]))])
    assert good.scores is not None and len(good.scores) == 64
    assert bad.error == "2 images, where one is classified"


def test_weights_of_another_kind_are_refused(root: Path) -> None:
    spec = ModelSpec(model="x", adapter="hf_classifier", pretrained=str(root / "models" / "mini"))
    with pytest.raises(SpecError, match="cannot be loaded"):
        load_adapter(spec, Setting())


@pytest.mark.parametrize("features", ["pooled", "cls", "cls_mean"])
def test_a_linear_head_on_each_kind_of_features(
    features: str, images: list[Image.Image], root: Path, tmp_path: Path
) -> None:
    folder = root / "models" / "mini_dual"
    model = AutoModel.from_pretrained(folder).eval()
    pixels = AutoImageProcessor.from_pretrained(folder)(images=images, return_tensors="pt")
    with torch.inference_mode():
        states = model.vision_model(**pixels).last_hidden_state
        expected = {
            "pooled": model.get_image_features(**pixels).pooler_output,
            "cls": states[:, 0],
            "cls_mean": torch.cat([states[:, 0], states[:, 1:].mean(1)], dim=1),
        }[features]
    weight, bias = torch.randn(7, expected.shape[1]), torch.randn(7)
    save_file({"weight": weight, "bias": bias}, tmp_path / "head.safetensors")
    torch.save({"weight": weight, "bias": bias}, tmp_path / "head.pth")
    for name in ("head.safetensors", "head.pth"):
        options = {"head": str(tmp_path / name), "features": features}
        spec = ModelSpec(model="x", adapter="linear_head", pretrained=str(folder), options=options)
        found = load_adapter(spec, Setting()).respond(
            Ask(), [Request((image,)) for image in images]
        )
        for response, row in zip(found, expected @ weight.T + bias, strict=True):
            assert response.scores == pytest.approx(row.tolist(), abs=1e-4)


def test_a_linear_head_knows_the_names_that_its_file_has(root: Path, tmp_path: Path) -> None:
    weight, bias = torch.zeros(2, 64), torch.zeros(2)
    head = {"weight": weight, "bias": bias}
    save_file(head, tmp_path / "named.safetensors", {"classes": '["dog", "cat"]'})
    save_file(head, tmp_path / "none.safetensors")
    torch.save(head | {"classes": ["dog", "cat"]}, tmp_path / "named.pth")
    torch.save(head | {"classes": ["dog"]}, tmp_path / "short.pth")

    def names(file: str) -> Sequence[Sequence[str]] | None:
        options = {"head": str(tmp_path / file), "features": "pooled"}
        folder = str(root / "models" / "mini_dual")
        spec = ModelSpec(model="x", adapter="linear_head", pretrained=folder, options=options)
        adapter = load_adapter(spec, Setting())
        assert isinstance(adapter, NamingOutputs)
        return adapter.output_names

    assert names("named.safetensors") == names("named.pth") == [("dog",), ("cat",)]
    assert names("none.safetensors") is None
    with pytest.raises(DataError, match="not a list of 2 names"):
        names("short.pth")


def test_a_head_that_is_none_is_told_before_the_backbone_is_loaded(tmp_path: Path) -> None:
    def spec(head: str) -> ModelSpec:
        options = {"head": head}
        return ModelSpec(model="x", adapter="linear_head", pretrained="no/such", options=options)

    with pytest.raises(DataError, match="is not there"):
        load_adapter(spec(str(tmp_path / "gone.pth")), Setting())
    (tmp_path / "junk.pth").write_bytes(b"junk")
    with pytest.raises(DataError, match="holds no linear head"):
        load_adapter(spec(str(tmp_path / "junk.pth")), Setting())
