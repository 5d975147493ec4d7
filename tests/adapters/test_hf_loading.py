"""What a model's YAML says reaches the model, or is refused where it stands."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from harness.adapters.base import Setting
from harness.adapters.hf import loading
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.loading import quantization_config
from harness.adapters.hf.reading import ends_of
from harness.errors import MissingPackageError, SpecError
from harness.requests import Ask, Request, Text
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from harness.weights import find
from support.command import harness
from support.full_environment import PACKAGES
from support.tiny_checkpoints import FAMILIES, make_checkpoint
from support.tiny_configs import CONFIGS
from support.tiny_tokenizer import make_tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WITHOUT_TORCHVISION = {
    "qwen2_5_vl": ("Qwen2_5_VLProcessor", "Qwen2VLImageProcessor", "Qwen2VLVideoProcessor"),
    "qwen3_vl": ("Qwen3VLProcessor", "Qwen2VLImageProcessor", "Qwen3VLVideoProcessor"),
    "internvl": ("InternVLProcessor", "GotOcr2ImageProcessor", "InternVLVideoProcessor"),
    "llava_onevision": (
        "LlavaOnevisionProcessor",
        "LlavaOnevisionImageProcessor",
        "LlavaOnevisionVideoProcessor",
    ),
    "smolvlm": ("SmolVLMProcessor", "SmolVLMImageProcessor", "SmolVLMVideoProcessor"),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint("llava", tmp_path_factory.mktemp("llava"))


def load(checkpoint: Path | str, **more: Any) -> HfAdapter:
    return HfAdapter(
        ModelSpec(model="tiny", adapter="hf", pretrained=str(checkpoint), **more), Setting()
    )


def from_yaml(folder: Path, text: str) -> HfAdapter:
    path = folder / "tiny.yaml"
    path.write_text(f"model: tiny\nadapter: hf\n{text}")
    return HfAdapter(load_model(Catalogue(()), str(path)), Setting())


def notes(adapter: HfAdapter) -> str:
    return "\n".join(adapter.facts.notes)


def test_dtype_and_attention_reach_the_model(checkpoint: Path) -> None:
    adapter = load(checkpoint, dtype="bfloat16", attn_implementation="eager")
    assert adapter._model.dtype is torch.bfloat16
    assert adapter.facts.dtype == "bfloat16"
    assert "attention: eager" in notes(adapter)
    image = Image.new("RGB", (56, 56), (200, 30, 30))
    (answer,) = adapter.respond(Ask(), [Request((image,), "<image>\nWhat?")])
    assert isinstance(answer, Text) and answer.prompt_tokens == 16 + len(
        adapter._tokenizer("USER: \n\nWhat? ASSISTANT:")["input_ids"]
    )


def test_a_device_map_reaches_the_model(checkpoint: Path) -> None:
    placed = {"model.vision_tower": "cpu", "": "cpu"}
    assert "device map" in notes(load(checkpoint, device_map=placed))
    assert "device map" not in notes(load(checkpoint))


def test_arguments_reach_the_processor(checkpoint: Path) -> None:
    side = {"height": 28, "width": 28}
    adapter = load(checkpoint, processor_kwargs={"size": side, "crop_size": side})
    inputs = adapter._maker.make(
        [adapter._form.render("<image>\nWhat?")], [[Image.new("RGB", (9, 9))]], True
    )
    assert inputs["pixel_values"].shape[-2:] == (28, 28)
    assert (inputs["input_ids"] == adapter._tokenizer.image_token_id).sum() == 4


def test_an_argument_that_the_processor_would_pass_over_is_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    told = f"pretrained: {checkpoint}\nprocessor_kwargs:\n  crop_sise: 28\n"
    with pytest.raises(SpecError, match="did you mean `crop_size`") as caught:
        from_yaml(tmp_path, told)
    assert caught.value.problems[0].where == f"{tmp_path / 'tiny.yaml'}:5"


def test_limits_of_resolution_are_refused_where_there_are_none(checkpoint: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown key `processor_kwargs\.max_pixels`"):
        load(checkpoint, processor_kwargs={"max_pixels": 100})


def test_a_checkpoint_without_all_of_its_weights_is_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    name = next(name for name in weights if "lm_head" in name)
    del weights[name]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(SpecError, match="lacks weights") as caught:
        load(tmp_path)
    assert "lm_head" in str(caught.value)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    make_tokenizer({}).save_pretrained(tmp_path)
    with pytest.raises(SpecError, match="is no model for images and text"):
        load(tmp_path)


@pytest.mark.parametrize("saved_video_config", [False, True])
@pytest.mark.parametrize("family", sorted(WITHOUT_TORCHVISION))
def test_a_processor_that_needs_torchvision_says_so(
    family: str, saved_video_config: bool, tmp_path: Path
) -> None:
    """The files are as on the hub, with the video processor's settings in a file or without."""
    if not FAMILIES[family].missing:
        pytest.skip("torchvision is installed")
    tokenizer = make_tokenizer(FAMILIES[family].special)
    tokenizer.save_pretrained(tmp_path)
    CONFIGS[family](tokenizer).save_pretrained(tmp_path)
    processor, images, videos = WITHOUT_TORCHVISION[family]
    parts = {"processor_class": processor, "image_processor": {"image_processor_type": images}}
    (tmp_path / "processor_config.json").write_text(json.dumps(parts))
    if saved_video_config:
        (tmp_path / "video_preprocessor_config.json").write_text(
            json.dumps({"video_processor_type": videos, "processor_class": processor})
        )
    with pytest.raises(MissingPackageError, match=r"harness\[vision\]") as caught:
        load(tmp_path)
    assert "torchvision" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"load_in_4bit": True, "bnb_4bit_quant_typ": "nf4"}, "did you mean `bnb_4bit_quant_type`"),
        ({"quant_method": "magic"}, "magic"),
        ({"bits": 4}, "quant_method"),
        ("nf4", "is no mapping"),
    ],
)
def test_a_quantisation_that_does_not_exist_is_refused(values: Any, message: str) -> None:
    spec = ModelSpec(model="m", adapter="hf", model_kwargs={"quantization_config": values})
    with pytest.raises(SpecError, match=message):
        quantization_config(spec)


def test_the_class_of_a_quantisation_follows_its_mapping() -> None:
    def made(**values: Any) -> Any:
        kwargs = {"quantization_config": values}
        return quantization_config(ModelSpec(model="m", adapter="hf", model_kwargs=kwargs))

    fine = made(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype="bfloat16")
    assert type(fine).__name__ == "BitsAndBytesConfig"
    assert fine.bnb_4bit_compute_dtype is torch.bfloat16
    assert type(made(quant_method="fp8")).__name__ == "FineGrainedFP8Config"


def test_quantisation_without_its_package_names_the_extra(checkpoint: Path) -> None:
    if "bitsandbytes" not in _missing():
        pytest.skip("bitsandbytes is installed")
    with pytest.raises(MissingPackageError, match=r"harness\[quantization\]"):
        load(checkpoint, model_kwargs={"quantization_config": {"load_in_4bit": True}})


@pytest.mark.full
def test_a_model_in_four_bits_answers(checkpoint: Path) -> None:
    values = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    adapter = load(checkpoint, model_kwargs={"quantization_config": values})
    assert '"bnb_4bit_quant_type": "nf4"' in notes(adapter)
    assert adapter.facts.parameters == load(checkpoint).facts.parameters
    generation = GenerationSpec(max_new_tokens=4)
    image = Image.new("RGB", (56, 56), (200, 30, 30))
    (answer,) = adapter.respond(Ask(generation), [Request((image,), "<image>\nWhat?")])
    assert isinstance(answer, Text) and answer.text


def test_a_run_records_the_commit_and_how_the_model_was_loaded(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real run offline over a hub cache, as `hf download` leaves it."""
    cached = tmp_path / "home" / "hub" / "models--tiny--llava"
    snapshot = cached / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for path in checkpoint.iterdir():
        (snapshot / path.name).write_bytes(path.read_bytes())
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)
    yaml = tmp_path / "tiny.yaml"
    yaml.write_text(
        "model: tiny\nadapter: hf\npretrained: tiny/llava\nattn_implementation: eager\n"
        "processor_kwargs: {do_center_crop: false}\n"
    )
    words = ["run", "--tasks", "mini_ow", "--limit", "2", "--model", str(yaml)]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    done = harness(*words, "--output", tmp_path / "runs")
    assert done.code == 0, done.stderr
    manifest = json.loads((tmp_path / "runs" / "tiny" / "mini_ow" / "manifest.json").read_text())
    assert manifest["model_facts"]["revision"] == COMMIT
    assert "attention: eager" in manifest["model_facts"]["notes"]
    assert manifest["identity"]["model"]["processor_kwargs"] == {"do_center_crop": False}
    assert manifest["identity"]["model"]["attn_implementation"] == "eager"


def _missing() -> list[str]:
    import importlib.util

    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


@pytest.mark.parametrize(("own_file", "expected"), [(True, [3]), (False, [3, 9])])
def test_answers_end_where_those_of_a_loaded_model_do(
    root: Path, tmp_path: Path, own_file: bool, expected: list[int]
) -> None:
    folder = tmp_path / "mini"
    shutil.copytree(root / "models" / "mini", folder)
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["eos_token_id"] = [3, 9]
    (folder / "config.json").write_text(json.dumps(config))
    if not own_file:
        (folder / "generation_config.json").unlink()
    spec = ModelSpec(model="tiny", adapter="hf", pretrained=str(folder))
    weights = find(spec)
    found = loading.load_generation(weights, loading.load_config(spec, weights))
    model = loading.load_model(spec, weights, torch.device("cpu"))
    assert ends_of(found, None) == ends_of(model.generation_config, None) == expected
