"""Tiny randomly initialised networks of timm and open_clip on disk; full environment only."""

import json
from pathlib import Path
from typing import Any

from harness.specs.model import ModelSpec

ARCHITECTURE = "test_vit"
CLASSES = 64


def write_checkpoint(folder: Path) -> ModelSpec:
    """Write a checkpoint file; give the spec that names its architecture."""
    import safetensors.torch

    path = folder / "tiny.safetensors"
    safetensors.torch.save_file(_network().state_dict(), path)
    return ModelSpec(
        model="tiny_timm",
        adapter="timm",
        pretrained=str(path),
        dtype="float32",
        model_kwargs={"num_classes": CLASSES},
        options={"model_name": ARCHITECTURE},
    )


def write_folder(folder: Path) -> Path:
    """Write a folder as timm's hub repositories are."""
    import timm

    timm.models.save_for_hf(_network(), str(folder), safe_serialization=True)
    return folder


def folder_of(folder: Path) -> ModelSpec:
    """Give the spec of such a folder."""
    return ModelSpec(model="tiny_timm", adapter="timm", pretrained=str(folder), dtype="float32")


def write_open_clip(folder: Path) -> ModelSpec:
    """Write a folder as open_clip's hub repositories are, with its own byte-pair tokenizer."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    model = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
        "text_cfg": {
            **{"context_length": 77, "vocab_size": 49408},
            **{"width": 32, "heads": 2, "layers": 2},
        },
    }
    half = [0.5, 0.5, 0.5]
    config = {"model_cfg": model, "preprocess_cfg": {"mean": half, "std": half}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    weights = open_clip.CLIP(**model).state_dict()
    save_file(weights, folder / "open_clip_model.safetensors")
    return ModelSpec(model="tiny_clip", adapter="open_clip", pretrained=str(folder))


def _network() -> Any:
    import timm
    import torch

    torch.manual_seed(0)
    return timm.create_model(ARCHITECTURE, num_classes=CLASSES)
