"""A benchmark of 200 tiny images and ten classes, a model for it, and entries of its runs."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from harness.adapters.base import Setting
from harness.data.labels.of_task import NO_OVERRIDES
from harness.leaderboard.entries.pack import PackOptions, pack
from harness.requests import Ask, ModelFacts, Request, Response, Scores, Text
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec

N = 200
NAMES = ("ant", "bear", "crane", "dingo", "eel", "fox", "goose", "hare", "ibis", "jay")
TASKS = ("tiny_cw", "tiny_ow", "tiny_mc", "tiny_pairs")
MODEL = ModelSpec(model="tiny", adapter="support.tiny_benchmark:TinyAdapter")
_ALONE = Rank(0, 1, Setting())
_CLASSES = 'Classes: {{ classes | join("; ") }}.'
_PROTOCOLS = {
    "tiny_cw": f"protocol: cw\ndoc_to_text: '{_CLASSES} <image> Which?'\n",
    "tiny_cw_plus": f"protocol: cw_plus\ndoc_to_text: '{_CLASSES} <image> Which?'\n",
    "tiny_ow": "protocol: ow\ndoc_to_text: '<image> What is it?'\n",
    "tiny_mc": "protocol: mc\ndistractors: {strategy: random, n_options: 3}\ndoc_to_text: |\n"
    "  <image>\n  {% for letter in letters %}\n  {{ letter }}: {{ options[loop.index0] }}\n"
    "  {% endfor %}\n",
    "tiny_pairs": "protocol: cw\nimages_per_prompt: 2\ndoc_to_text: |\n"
    f"  {_CLASSES}\n  {{% for each in images %}}{{{{ each }}}}: <image>{{% endfor %}}\n",
    "tiny_classify": "protocol: classify\n",
}
_CARD = """---
model: tiny
kind: mllm
training_data: {imagenet_train: no, imagenet_val: no}
---

# tiny

For tests.
"""
Answer = Callable[[int], str]
"""From the number of an image to what the model says is on it."""


def original(number: int) -> int:
    return number * 7 % 10


def headline(number: int) -> list[int]:
    """One image has no label; for each tenth one the original label is wrong."""
    if number == N - 1:
        return []
    return [(original(number) + (number % 10 == 3)) % 10]


def chance(number: int, of: str = "") -> float:
    return hashlib.sha256(f"{of}{number}".encode()).digest()[0] / 256


def honest(number: int) -> str:
    """Right on 72 %, out of prompt on 2 %, wrong in other ways on the rest."""
    luck = chance(number)
    if luck < 0.02:
        return "zebra crossing"
    if luck < 0.74:
        return NAMES[(headline(number) or [original(number)])[0]]
    return NAMES[int(10 * chance(number, "other"))]


class TinyAdapter:
    """Knows an image by its pixel. In a prompt of two it now and then forgets the second."""

    def __init__(self, answer: Answer = honest) -> None:
        self._answer = answer

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(architecture="Tiny")

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        return [self._respond(request) for request in requests]

    def _respond(self, request: Request) -> Response:
        numbers = [_number(image) for image in request.images]
        names = [self._answer(number) for number in numbers]
        if not request.text:
            scores = [float(name == names[0]) for name in NAMES]
            return Scores(tuple(scores), logits=tuple(scores))
        options = re.findall(r"^([A-Z]): (\w+)$", request.text, re.MULTILINE)
        if options:
            letters = {name: letter for letter, name in options}
            return Text(letters.get(names[0], "A"))
        if len(names) == 1:
            return Text(names[0])
        kept = names[:1] if numbers[0] % 50 == 8 else names
        return Text(json.dumps(dict(enumerate(kept, start=1))))


def _number(image: Image.Image) -> int:
    pixel = image.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


def write_benchmark(folder: Path) -> Catalogue:
    """Write images, labels, classes and tasks."""
    (folder / "images").mkdir(parents=True)
    for number in range(N):
        Image.new("RGB", (2, 2), (number, 7, 7)).save(folder / "images" / f"t{number:03d}.png")
    labels: dict[str, Callable[[int], list[int]]] = {
        "tiny_first": lambda number: [original(number)],
        "tiny_better": headline,
    }
    for name, of in labels.items():
        lines = [{"image_id": f"t{number:03d}", "labels": of(number)} for number in range(N)]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
        (folder / f"{name}.yaml").write_text(
            f"label_set: {name}\nformat: jsonl\npath: {name}.jsonl\nclass_list: tiny\n"
            f"original: {'true' if name == 'tiny_first' else 'false'}\n"
        )
    classes = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (folder / "classes.yaml").write_text(f"class_list: tiny\nclasses:\n{classes}")
    for name, text in _PROTOCOLS.items():
        (folder / f"{name}.yaml").write_text(
            f"task: {name}\ndataset_path: images\nclass_list: tiny\nmetadata: {{version: 1}}\n"
            f"label_sets: [tiny_first, tiny_better]\nmapping: {{encoder: lexical}}\n{text}"
        )
    return Catalogue((folder,))


def tiny_runs(
    catalogue: Catalogue,
    output: Path,
    answer: Answer = honest,
    tasks: Sequence[str] = TASKS,
    settings: tuple[str, ...] = (),
) -> list[Path]:
    """Run tasks; gives the run directories."""
    options = RunOptions(output, 16, settings, NO_OVERRIDES, False, False)
    specs = [load_task(catalogue, task, settings) for task in tasks]
    return [
        run_task(catalogue, spec, MODEL, lambda: TinyAdapter(answer), _ALONE, options).path
        for spec in specs
    ]


def tiny_entry(
    catalogue: Catalogue, folder: Path, answer: Answer = honest, tasks: Sequence[str] = TASKS
) -> Path:
    """Make the entry `folder` of runs; gives its path."""
    runs = tiny_runs(catalogue, folder.parent.with_name(f"runs-{folder.name}"), answer, tasks)
    card = folder.parent.with_name(f"card-{folder.name}.md")
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(_CARD)
    pack(catalogue, runs, PackOptions(folder, card=card))
    return folder
