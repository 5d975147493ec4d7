"""Count what a published re-annotation says of two models' answers, and write them for a review.

Usage: python tools/case_study.py FILE -o FOLDER

FILE is evaluation_report_S-_1918.json of the paper's authors (github.com/c1rcuslegend/
bbox_annotation): images of ImageNet whose original label the annotators replaced, with what GPT-4o
and SigLIP 2 answered. The task bears the folder's name. See docs/review.md.
"""

import argparse
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from real_answers import Row, write_lines, write_yaml

MODELS: Final = {"gpt-4o": "ChatGPT_prediction", "siglip2": "SigLip_2_prediction"}
"""Model to the key of its answers."""
ORIGINAL, ANNOTATED, NONE = "ground_truth", "annotation_labels", -1


@dataclass(frozen=True, slots=True)
class CaseImage:
    """One image of the study."""

    image_id: str
    original: frozenset[int]
    annotated: frozenset[int]
    answers: Mapping[str, Sequence[int]]
    """Model to the classes that it answers, all of them meant; none for -1."""

    def fate(self, models: Collection[str]) -> str:
        """Say what people made of the answers of one model, or of several taken together.

        *confirmed*: one of them is the image's only label; *integrated*: one of its several labels;
        else *original* where one is the original label, *other* where none is, and *none* where no
        class was answered.
        """
        given = {each for model in models for each in self.answers[model]}
        if not given:
            return "none"
        if given & self.annotated:
            return "confirmed" if len(self.annotated) == 1 else "integrated"
        return "original" if given & self.original else "other"


def read(path: Path) -> list[CaseImage]:
    """Read the file; ids are the file names without their suffix."""
    found: dict[str, dict[str, list[int]]] = json.loads(path.read_text("utf-8"))
    images = []
    for name, row in found.items():
        if set(row) != {ORIGINAL, ANNOTATED, *MODELS.values()}:
            raise SystemExit(f"{path}: image {name}: keys {sorted(row)}")
        answers = {
            model: tuple(each for each in row[key] if each != NONE) for model, key in MODELS.items()
        }
        original, annotated = frozenset(row[ORIGINAL]), frozenset(row[ANNOTATED])
        images.append(CaseImage(Path(name).stem, original, annotated, answers))
    return images


FATES: Final = ("confirmed", "integrated", "original", "other", "none")


def counts(images: Sequence[CaseImage]) -> Iterator[tuple[str, Counter[str]]]:
    """Give for each model, and for both together, how many of its answers had which fate, how many
    are equal to the original label (whatever else they are), and the images.
    """
    groups = [(model, (model,)) for model in MODELS]
    for name, models in (*groups, ("either", tuple(MODELS))):
        found = Counter(image.fate(models) for image in images)
        equal = (image.original & {e for m in models for e in image.answers[m]} for image in images)
        found["equal_original"] = sum(map(bool, equal))
        found["n"] = len(images)
        yield name, found


def show(images: Sequence[CaseImage]) -> None:
    """Print the counts."""
    kept = sum(bool(image.original & image.annotated) for image in images)
    several = sum(len(image.annotated) > 1 for image in images)
    print(f"{len(images)} images; {kept} keep their original label, {several} have several labels")
    heads = ("model", "a label", *FATES, "= original")
    print("".join(f"{head:>11}" for head in heads))
    for name, found in counts(images):
        right = found["confirmed"] + found["integrated"]
        cells = (name, right, *(found[each] for each in FATES), found["equal_original"])
        print("".join(f"{cell:>11}" for cell in cells) + f"  ({100 * right / found['n']:.2f} %)")


def write(images: Sequence[CaseImage], folder: Path) -> None:
    """Write label sets, a task and both models' answers, and say what to do next."""
    name = folder.resolve().name
    folder.mkdir(parents=True, exist_ok=True)
    for label_set in ("original", "annotated"):
        rows: list[Row] = [
            {"image_id": each.image_id, "labels": sorted(getattr(each, label_set))}
            for each in images
        ]
        write_lines(folder / f"{label_set}.jsonl", rows)
        spec = {
            "label_set": f"{name}_{label_set}",
            "format": "jsonl",
            "path": f"{label_set}.jsonl",
            "class_list": "imagenet1k",
            "original": label_set == "original",
            "license": "apache-2.0",
        }
        write_yaml(folder / f"{label_set}.yaml", spec)
    for model in MODELS:
        write_lines(folder / f"{model}.jsonl", (_answer(each, model) for each in images))
    write_lines(folder / "ids.jsonl", ({"image_id": each.image_id} for each in images))
    task: dict[str, Any] = {
        "task": name,
        "description": "Answers that others published by their classes; the prompt is not known.",
        "protocol": "classify",
        "dataset_path": "ids.jsonl",
        "doc_to_id": "image_id",
        "class_list": "imagenet1k",
        "label_sets": [f"{name}_original", f"{name}_annotated"],
        "metadata": {"version": 1},
    }
    write_yaml(folder / "task.yaml", task)
    for model in MODELS:
        what = f"{folder / model}.jsonl --task {name} --include_path {folder}"
        print(f"next: harness import {what} --model {model}")
    runs = " ".join(f"runs/{model}/{name}" for model in MODELS)
    print(
        f"next: harness review make {runs} --include_path {folder} -o review --n 200 "
        f"--annotators ann,bob,cem --base {name}_original --disagree 1"
    )


def _answer(image: CaseImage, model: str) -> Row:
    classes = list(image.answers[model])
    return {
        "image_id": image.image_id,
        "class_id": classes if len(classes) > 1 else [*classes, NONE][0],
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    images = read(options.file)
    show(images)
    write(images, options.output)


if __name__ == "__main__":
    main()
