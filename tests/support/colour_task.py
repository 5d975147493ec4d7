"""A small task of four colours on disk, for the tests of runs."""

from pathlib import Path

import pytest
from PIL import Image

from harness.specs.catalogue import Catalogue
from support.colours import COLOURS, NAMES, N, write_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images of four colours; `all` says that a grey image may be called red too."""
    images = tmp_path / "images"
    images.mkdir()
    first, every = [], []
    for number in range(N):
        Image.new("RGB", (3, 3), COLOURS[number % 4]).save(images / f"i{number:02d}.png")
        first.append(f'{{"image_id": "i{number:02d}", "labels": [{number % 4}]}}\n')
        valid = [0, 3] if number % 4 == 3 else [number % 4]
        every.append(f'{{"image_id": "i{number:02d}", "labels": {valid}}}\n')
    (tmp_path / "first.jsonl").write_text("".join(first))
    (tmp_path / "all.jsonl").write_text("".join(every))
    classes = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (tmp_path / "classes.yaml").write_text(f"class_list: colours\nclasses:\n{classes}")
    for name, original in (("first", "true"), ("all", "false")):
        (tmp_path / f"{name}.yaml").write_text(
            f"label_set: colours_{name}\nformat: jsonl\npath: {name}.jsonl\n"
            f"class_list: colours\noriginal: {original}\n"
        )
    write_task(tmp_path)
    return tmp_path


@pytest.fixture
def catalogue(folder: Path) -> Catalogue:
    return Catalogue((folder,))
