"""Copies of the embedded model's checkpoint that bring generation settings of their own."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from harness.specs.catalogue import own_root

Where = Literal["generation_config", "config", "text_config"]


def settled(folder: Path, settings: Mapping[str, Any], where: Where = "generation_config") -> Path:
    """Copy the checkpoint into a folder, with settings where newer or older checkpoints have them.

    transformers looks into the config where there is no `generation_config.json`.
    """
    shutil.copytree(own_root() / "models" / "mini", folder, dirs_exist_ok=True)
    separate, config = folder / "generation_config.json", folder / "config.json"
    values = json.loads(config.read_text())
    if where == "generation_config":
        separate.write_text(json.dumps(json.loads(separate.read_text()) | dict(settings)))
        return folder
    separate.unlink()
    (values if where == "config" else values["text_config"]).update(settings)
    config.write_text(json.dumps(values))
    return folder
