"""The parameter names of published LLaVA checkpoints, which transformers no longer writes."""

import re
from pathlib import Path

from safetensors.torch import load_file, save_file


def name_as_published(path: Path) -> None:
    """Give the image tower's weights in a file the names that published LLaVA checkpoints have.

    These are under `vision_tower.vision_model.`; transformers leaves the second part out and reads
    both, while vLLM reads the published names alone.
    """
    weights = load_file(path)
    renamed = {
        re.sub(r"^vision_tower\.(?!vision_model\.)", "vision_tower.vision_model.", name): weight
        for name, weight in weights.items()
    }
    save_file(renamed, path, metadata={"format": "pt"})
    path.chmod(0o644)
