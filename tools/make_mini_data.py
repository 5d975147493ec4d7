"""Draw the embedded benchmark `mini`: pictures, class list, flawed and corrected labels.

Usage: python tools/make_mini_data.py [--seed 0] [--out tasks]
"""

import argparse
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

import numpy as np
import yaml
from datasets import ClassLabel, Dataset, Features, Image, Value
from PIL import Image as PILImage

from mini_classes import CLASSES, EQUIVALENT, OUTSIDE, class_id, same_as
from mini_world import SIZE, Scene, Split, draw_scene, font_digest

PER_CLASS: Final = 20
TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Flaws:
    """Counts of the flaws of the original labels, equivalent classes taken as one."""

    images: int
    none: int
    wrong: int
    several: int

    def share(self, name: str) -> str:
        """Return a count in percent of all images, with two decimals."""
        return f"{100 * int(getattr(self, name)) / self.images:.2f} %"


def image_id(number: int) -> str:
    """Return the id of evaluation image `number`, counted from 0."""
    return f"mini_val_{number + 1:08d}"


def draw_evaluation(seed: int) -> list[Scene]:
    """Draw the evaluation set: PER_CLASS pictures under each original label, in random order."""
    labels = np.random.default_rng(seed).permutation(np.arange(len(CLASSES)).repeat(PER_CLASS))
    return [draw_scene(seed, Split.EVALUATION, n, int(k)) for n, k in enumerate(labels)]


def measure_flaws(scenes: Iterable[Scene]) -> Flaws:
    """Count pictures without a valid label, with a wrong one and with more than one valid one."""
    images = none = wrong = several = 0
    for scene in scenes:
        valid = {min(same_as(k)) for k in scene.labels}
        images += 1
        none += not valid
        wrong += bool(valid) and min(same_as(scene.original)) not in valid
        several += len(valid) > 1
    return Flaws(images, none, wrong, several)


def png(scene: Scene) -> bytes:
    """Encode a picture, losslessly."""
    buffer = io.BytesIO()
    PILImage.fromarray(scene.pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def write_images(scenes: list[Scene], folder: Path) -> None:
    """Write the pictures and original labels as one parquet file of the split `test`."""
    names = [thing.name for thing in CLASSES]
    label = ClassLabel(names=names)
    features = Features({"image_id": Value("string"), "image": Image(), "label": label})
    columns = {
        "image_id": [image_id(n) for n in range(len(scenes))],
        "image": [{"bytes": png(s), "path": f"{image_id(n)}.png"} for n, s in enumerate(scenes)],
        "label": [scene.original for scene in scenes],
    }
    folder.mkdir(parents=True, exist_ok=True)
    dataset = Dataset.from_dict(columns, features=features)
    dataset.to_parquet(folder / "test-00000-of-00001.parquet")


def write_labels(scenes: list[Scene], folder: Path) -> None:
    """Write the original labels, the corrected ones, and the classes that count as one."""
    folder.mkdir(parents=True, exist_ok=True)
    write_jsonl(
        ({"image_id": image_id(n), "labels": [s.original]} for n, s in enumerate(scenes)),
        folder / "imgt.jsonl",
    )
    corrected = (
        {
            "image_name": f"{image_id(n)}.png",
            "original_class": scene.original,
            "reannotated_labels": list(scene.labels),
        }
        for n, scene in enumerate(scenes)
    )
    write_jsonl(corrected, folder / "reannotation.jsonl")
    equivalent = {key: [class_id(name) for name in names] for key, names in EQUIVALENT.items()}
    config = json.dumps({"eq_classes": equivalent}, indent=2)
    (folder / "class_update_config.json").write_text(config + "\n", encoding="utf-8")


def write_jsonl(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_class_list(path: Path) -> None:
    """Write the class list with one class a line."""
    lines = ["class_list: mini", "classes:"]
    for number, thing in enumerate(CLASSES):
        row = {"id": number, "name": thing.name, "aliases": list(thing.aliases)}
        flow = yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=1000)
        lines.append(f"  - {flow.strip()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_card(flaws: Flaws, seed: int, path: Path) -> None:
    """Write the dataset card with the measured shares of flaws."""
    template = Template((TEMPLATES / "mini_data_card.md").read_text(encoding="utf-8"))
    card = template.substitute(
        images=flaws.images,
        classes=len(CLASSES),
        per_class=PER_CLASS,
        size=SIZE,
        outside=", ".join(thing.name for thing in OUTSIDE),
        seed=seed,
        font=font_digest(),
        wrong=f"{flaws.wrong} ({flaws.share('wrong')})",
        none=f"{flaws.none} ({flaws.share('none')})",
        several=f"{flaws.several} ({flaws.share('several')})",
    )
    path.write_text(card, encoding="utf-8")


def main() -> None:
    """Draw and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("tasks"))
    options = parser.parse_args()
    scenes = draw_evaluation(options.seed)
    data = options.out / "mini" / "data"
    write_images(scenes, data / "data")
    write_labels(scenes, options.out / "mini" / "labels")
    write_class_list(options.out / "classes" / "mini.yaml")
    flaws = measure_flaws(scenes)
    write_card(flaws, options.seed, data / "README.md")
    print(flaws)


if __name__ == "__main__":
    main()
