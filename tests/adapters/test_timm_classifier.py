"""Classifiers of timm and dual encoders of open_clip, against these libraries themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.adapters.base import NamingOutputs, Setting
from harness.adapters.registry import load_adapter
from harness.errors import SpecError
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec
from support.tiny_timm import folder_of, write_checkpoint, write_folder, write_open_clip

pytestmark = pytest.mark.full
IMAGES = [
    Image.fromarray(np.random.default_rng(n).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    for n in range(3)
]


def test_scores_are_the_logits_under_the_models_own_transforms(tmp_path: Path) -> None:
    import timm
    import torch

    folder = write_folder(tmp_path)
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    config = timm.data.resolve_model_data_config(model)
    transform = timm.data.create_transform(**config, is_training=False)
    with torch.inference_mode():
        expected = model(torch.stack([transform(image) for image in IMAGES]))
    adapter = load_adapter(folder_of(folder), Setting())
    found = adapter.respond(Ask(), [Request((image,)) for image in IMAGES])
    np.testing.assert_allclose([each.scores for each in found], expected, atol=1e-5)
    assert all(each.logits == each.scores for each in found)
    assert adapter.facts.kind == "supervised"
    assert f'"input_size": {list(config["input_size"])}' in adapter.facts.notes[0]


def test_a_checkpoint_file_gives_the_same_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    asked = [Request((image,)) for image in IMAGES]
    one = load_adapter(write_checkpoint(tmp_path), Setting()).respond(Ask(), asked)
    two = load_adapter(folder_of(write_folder(tmp_path / "folder")), Setting()).respond(
        Ask(), asked
    )
    assert one == two


def test_a_file_needs_the_name_of_its_architecture(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path).pretrained
    with pytest.raises(SpecError, match="model_name"):
        load_adapter(ModelSpec(model="x", adapter="timm", pretrained=path), Setting())


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    spec = write_checkpoint(tmp_path).model_copy(update={"options": {"model_name": "test_resnet"}})
    with pytest.raises(SpecError, match="timm cannot load"):
        load_adapter(spec, Setting())


def test_open_clip_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import open_clip
    import torch

    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "model").mkdir()
    spec = write_open_clip(tmp_path / "model").model_copy(update={"options": {"template": "photo"}})
    names = ("dog", "cat")
    place = f"local-dir:{spec.pretrained}"
    model, transform = open_clip.create_model_from_pretrained(place)
    tokens = open_clip.get_tokenizer(place)([f"a photo of a {name}." for name in names])
    with torch.inference_mode():
        pixels = torch.stack([transform(image) for image in IMAGES])
        shown = model.eval().encode_image(pixels, normalize=True)
        expected = shown @ model.encode_text(tokens, normalize=True).T
    adapter = load_adapter(spec, Setting())
    found = adapter.respond(Ask(choices=names), [Request((image,)) for image in IMAGES])
    np.testing.assert_allclose([each.scores for each in found], expected, atol=1e-5)
    with torch.inference_mode():
        logits = model.logit_scale.exp() * expected
    np.testing.assert_allclose([each.logits for each in found], logits, atol=1e-4)
    assert adapter.facts.kind == "dual_encoder"


def test_a_folder_of_transformers_is_no_model_of_open_clip(root: Path) -> None:
    folder = str(root / "models" / "mini")
    with pytest.raises(SpecError, match="adapter: dual_encoder"):
        load_adapter(ModelSpec(model="x", adapter="open_clip", pretrained=folder), Setting())


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, None),
        ({"label_names": [f"n{n}" for n in range(64)]}, [(f"n{n}",) for n in range(64)]),
        ({"label_names": ["a", "b"]}, None),  # of another head
        (
            {"label_names": {"1": "n2", "0": "n1"}, "label_descriptions": {"n2": "a dog, hound"}},
            [("n1",), ("n2", "a dog, hound"), *[()] * 62],
        ),
    ],
)
def test_the_names_of_the_outputs_are_those_of_the_checkpoint(
    labels: dict[str, object], expected: list[tuple[str, ...]] | None, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | labels))
    adapter = load_adapter(folder_of(folder), Setting())
    assert isinstance(adapter, NamingOutputs) and adapter.output_names == expected
