"""Write answers that others published as a task and files for `harness import`.

Usage: python tools/real_answers.py FILE -o FOLDER [--labels FILE]

FILE holds answers of GPT-4V (whwu95/GPT4Vis, JSON), or replies to the shape-bias pictures
(paulgavrikov/vlm_shapebias, CSV). The task bears the folder's name. See docs/real_answers.md.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final

import yaml

CLOSED: Final = "Classes: {{ classes | join('; ') }}.\n<image>\nWhich of the classes is shown?"
LETTERED: Final = (
    "<image>\nWhich is shown?\n"
    "{% for letter in letters %}{{ letter }}. {{ options[loop.index0] }}\n{% endfor %}"
)
CAPTION: Final = "<image>\nDescribe the image."
SHAPES: Final = (
    "airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat", "chair", "clock", "dog",
    "elephant", "keyboard", "knife", "oven", "truck",
)  # fmt: skip
"""The 16 classes of the shape-bias pictures, in the order of the question's letters."""
CUES: Final = ("shape", "texture", "either")
"""The label sets of the shape-bias pictures."""
LETTERS: Final = dict(zip(ascii_uppercase, range(len(SHAPES)), strict=False))

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PublicAnswers:
    """Answers with their question: what is written into a folder."""

    protocol: str
    prompt: str
    """Stands for the publishers' own, which their answers do not repeat; no model is asked."""
    classes: Sequence[str]
    labels: Mapping[str, Mapping[str, Sequence[str]]]
    """Label set to image id to names of classes; the first label set is the original one."""
    files: Mapping[str, Sequence[Row]]
    """File name to rows for `harness import`; all are of the same images."""


def read_gpt4v(path: Path, labels: Path | None) -> PublicAnswers:
    """Read answers that are ranked, best first: an object of image to answers, with the labels in
    a file of their own, as published; or `classes` and `rows` in one file.

    Of published labels `_` is a blank, and images without a label are left out, as there.
    """
    given = json.loads(path.read_text("utf-8"))
    if labels is None:
        if "rows" not in given:
            raise SystemExit(f"{path}: no labels in it; name their file with --labels")
        truth = {row["image_id"]: row["label"] for row in given["rows"]}
        answers = {row["image_id"]: row["answers"] for row in given["rows"]}
        classes = given["classes"]
        if len(truth) < len(given["rows"]):
            raise SystemExit(f"{path}: an image_id stands in two rows")
    else:
        found = json.loads(labels.read_text("utf-8"))
        truth = {key: name.replace("_", " ") for key, name in found.items() if key in given}
        answers = {key: given[key] for key in truth}
        classes = sorted({name.replace("_", " ") for name in found.values()})
        without = f"{len(given) - len(truth)} answers without a label"
        print(f"left out: {without}, {len(found) - len(truth)} labels without an answer")
    return PublicAnswers(
        "cw",
        CLOSED,
        classes,
        {"label": {key: [name] for key, name in truth.items()}},
        {"answers": [{"image_id": key, "answers": texts} for key, texts in answers.items()]},
    )


def read_shape_bias(path: Path) -> PublicAnswers:
    """Read letters of a 16-option question, or captions, of pictures with the shape of one class
    and the texture of another; those of one class alone are left out, as the publishers do.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for key in ("image", "response", "pred_label"):
        if not rows or key not in rows[0]:
            raise SystemExit(f"{path}: no rows with a column `{key}`")
    cues = {row["image"]: re.sub(r"\d", "", row["image"]).split("-") for row in rows}
    rows = [row for row in rows if len(set(cues[row["image"]])) == 2]
    cues = {row["image"]: cues[row["image"]] for row in rows}
    captions = "pred_llm_judge" in rows[0]
    asked: Row = {} if captions else {"options": list(range(len(SHAPES)))}

    def answers(key: str, values: Iterable[Any]) -> list[Row]:
        pairs = zip(rows, values, strict=True)
        return [{"image_id": row["image"], key: value, **asked} for row, value in pairs]

    nearest = (SHAPES.index(r["pred_label"]) if r["pred_label"] in SHAPES else -1 for r in rows)
    files = {
        "answers": answers("answer", (row["response"] for row in rows)),
        "published": answers("class_id", nearest),
    }
    if captions:
        files["judge"] = answers("class_id", (judged(row["pred_llm_judge"]) for row in rows))
    shown = (slice(1), slice(1, None), slice(None))
    labels = {
        label_set: {image: cue[part] for image, cue in cues.items()}
        for label_set, part in zip(CUES, shown, strict=True)
    }
    protocol, prompt = ("ow", CAPTION) if captions else ("mc", LETTERED)
    return PublicAnswers(protocol, prompt, SHAPES, labels, files)


def judged(text: str) -> int | list[int]:
    """Give the classes whose letters a judge wrote, all of which are meant; -1 for none."""
    found = dict.fromkeys(re.findall(rf"\b[A-{ascii_uppercase[len(SHAPES) - 1]}]\b", text))
    return [LETTERS[letter] for letter in found] or -1


def write(found: PublicAnswers, folder: Path) -> None:
    """Write class list, label sets, task and answers into a folder, and say what to do next."""
    place = {name: number for number, name in enumerate(found.classes)}
    name = folder.resolve().name
    folder.mkdir(parents=True, exist_ok=True)
    for label_set, by_image in found.labels.items():
        missing = {each for names in by_image.values() for each in names} - place.keys()
        if missing:
            raise SystemExit(f"labels that are no class: {sorted(missing)}")
        labels = [{"image_id": k, "labels": [place[e] for e in v]} for k, v in by_image.items()]
        write_lines(folder / f"{label_set}.jsonl", labels)
        spec = {
            "label_set": f"{name}_{label_set}",
            "format": "jsonl",
            "path": f"{label_set}.jsonl",
            "class_list": f"{name}_names",
            "original": label_set == next(iter(found.labels)),
        }
        write_yaml(folder / f"{label_set}.yaml", spec)
    for file, rows in found.files.items():
        write_lines(folder / f"{file}.jsonl", rows)
    ids = [{"image_id": row["image_id"]} for row in found.files["answers"]]
    write_lines(folder / "ids.jsonl", ids)
    classes = [{"id": number, "name": each} for each, number in place.items()]
    write_yaml(folder / "classes.yaml", {"class_list": f"{name}_names", "classes": classes})
    task = {
        "task": name,
        "description": "Answers that others published; the prompt stands for theirs.",
        "protocol": found.protocol,
        "dataset_path": "ids.jsonl",
        "doc_to_id": "image_id",
        "class_list": f"{name}_names",
        "label_sets": [f"{name}_{each}" for each in found.labels],
        "doc_to_text": found.prompt,
        "metadata": {"version": 1},
    }
    more: Row = {}
    if found.protocol == "mc":
        more = {"distractors": {"n_options": len(SHAPES)}}
    elif found.protocol == "cw":  # the second is the figure as published
        more = {"metric_list": [{"metric": "accuracy"}, {"metric": "accuracy_first_in_list"}]}
    write_yaml(folder / "task.yaml", task | more)
    for file in found.files:
        what = f"{folder / file}.jsonl --task {name} --include_path {folder}"
        print(f"next: harness import {what} --model {file}")


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_yaml(path: Path, value: Row) -> None:
    """Write one YAML file."""
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), "utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--labels", type=Path, help="labels in a file of their own")
    options = parser.parse_args()
    if options.file.suffix == ".csv":
        found = read_shape_bias(options.file)
    else:
        found = read_gpt4v(options.file, options.labels)
    write(found, options.output)


if __name__ == "__main__":
    main()
