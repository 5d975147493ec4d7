"""The parameter names of published LLaVA checkpoints, which transformers no longer writes."""

import json
import re
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file


def name_as_published(path: Path) -> None:
    """Give the image tower's weights in a file the names that published LLaVA checkpoints have.

    These are under `vision_tower.vision_model.`; transformers leaves the second part out and reads
    both, while vLLM reads the published names alone.
    """
    weights = {_published(name): weight for name, weight in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)


def name_all_as_published(folder: Path) -> None:
    """Do the same in a checkpoint of several files, of which only those are written again that hold
    such weights.
    """
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            names = list(file.keys())
        if any(_published(name) != name for name in names):
            name_as_published(path)
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        whole = json.loads(index.read_text())
        files = whole["weight_map"].items()
        whole["weight_map"] = {_published(name): file for name, file in files}
        index.write_text(json.dumps(whole, indent=2))


def _published(name: str) -> str:
    return re.sub(r"^vision_tower\.(?!vision_model\.)", "vision_tower.vision_model.", name)
