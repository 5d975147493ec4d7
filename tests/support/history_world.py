"""What random histories of runs happen to: tasks of every kind, a model, and what is expected."""

import atexit
import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

import harness.runner.processes
from harness.adapters.base import ALL_OUTPUTS, CLASSIFY, PROMPTED, Abilities, Setting
from harness.cli import main
from harness.requests import Ask, Failed, ModelFacts, Request, Response, Scores, Text
from harness.runner.processes import Rank
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from support.faults import NO_FAULT, Ended, Fault, asked, run_forked

N = 10
NAMES = ("ant", "bär", "雪豹", "eel", "fox")
_SAID = (*NAMES, "Bär!", "an ant, I think", "snow leopard 😀", "ein großer Bär", "nothing", "")
_TIMES = {"started", "ended", "seconds", "processes", "hardware", "versions", "git"}
_CLASSES = 'Classes: {{ classes | join("; ") }}.'
_SEVERAL = "{% for i in images %}{{ i }}: <image> {% endfor %}"
_OPTIONS = "{% for letter in letters %}{{ letter }}: {{ options[loop.index0] }}\n{% endfor %}"
_CARD = "---\nmodel: tiny\nkind: mllm\ntraining_data: {imagenet_train: no, imagenet_val: no}\n---\n"


@dataclass(frozen=True)
class Config:
    """What a history is about."""

    protocol: str
    output_type: str = "generate_until"
    images: int = 1
    repeats: int = 1

    @property
    def task(self) -> str:
        return f"{self.protocol}-{self.output_type}-{self.images}-{self.repeats}"

    @property
    def text(self) -> str:
        """The task's YAML."""
        lines = [
            f"task: {self.task}", f"protocol: {self.protocol}", "dataset_path: images",
            "class_list: history", "label_sets: [history_first, history_better]",
            "mapping: {encoder: lexical}", "metadata: {version: 1}", f"repeats: {self.repeats}",
            f"images_per_prompt: {self.images}",
        ]  # fmt: skip
        if self.images > 1:
            lines.append("image_order: shuffled")
        if self.protocol == "mc":
            lines.append("distractors: {strategy: random, n_options: 3}")
        if self.protocol != "classify":
            asks = {"ow": "", "mc": _OPTIONS}.get(self.protocol, _CLASSES)
            lines.append(f"output_type: {self.output_type}")
            lines.append(f"doc_to_text: {json.dumps(f'{asks} {_SEVERAL} Which?')}")
        return "\n".join(lines) + "\n"


CONFIGS = (
    *(Config(protocol, images=images) for protocol in ("ow", "cw", "cw_plus") for images in (1, 3)),
    *(Config("cw", output) for output in ("multiple_choice", "constrained")),
    *(Config("mc", output) for output in ("generate_until", "multiple_choice")),
    Config("classify"),
    Config("ow", repeats=2),
    Config("cw_plus", images=2, repeats=2),
)


class HistoryAdapter:
    """Knows an image by its pixel, and says the same of it in any company."""

    abilities: ClassVar = Abilities(PROMPTED | CLASSIFY, ALL_OUTPUTS)

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self.broken = os.environ.get("HISTORY_BROKEN") == "1"

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(architecture="History", revision="7")

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        asked()
        return [self._answer(ask, request) for request in requests]

    def _answer(self, ask: Ask, request: Request) -> Response:
        numbers = [image.getpixel((0, 0))[0] for image in request.images]  # type: ignore[index]
        if self.broken and any(number % 3 == 1 for number in numbers):
            return Failed("the server stumbled")
        k = len(ask.choices)
        scores = tuple(-((numbers[0] * 7 + place * 3) % 11) / 10 for place in range(k))
        if not request.text:
            return Scores(scores)
        if ask.output_type == "multiple_choice":
            return Scores(scores, (2,) * k)
        if ask.output_type == "constrained":
            return Text(ask.choices[numbers[0] % k], outside=0.25, tokens=2)
        said = [_said(number, request.text) for number in numbers]
        if len(said) == 1:
            return Text(said[0], tokens=3)
        return Text(json.dumps(dict(enumerate(said, 1)), ensure_ascii=False), tokens=5)


def _said(number: int, prompt: str) -> str:
    return "ABC"[number % 3] if "A: " in prompt else _SAID[number % len(_SAID)]


def preload() -> None:
    """Import what the commands import late, so that no forked process has to."""
    for module in (
        "runs.importing", "runner.repeats", "runs.finish", "runs.remap", "scores.scoring",
        "leaderboard.entries.pack", "leaderboard.build", "export.hf.folder", "report.show",
        "report.results_table", "scores.compare", "encoders.registry",
    ):  # fmt: skip
        importlib.import_module(f"harness.{module}")
    Image.init()
    done = command(Path("/nonexistent"), ["list", "tasks"], NO_FAULT)
    assert done.codes == (0,), done.said


def _folder(prefix: str) -> Path:
    """Make a folder that is gone when this process ends; its forked ones leave it alone."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def world() -> Path:
    """Make images, labels, classes, tasks and the answers of an import, once a process."""
    folder = _folder("histories-")
    (folder / "images").mkdir()
    for number in range(N):
        Image.new("RGB", (2, 2), (number, 7, 7)).save(folder / "images" / f"t{number:02d}.png")
    for name, step in (("first", 7), ("better", 8)):
        rows = [{"image_id": f"t{i:02d}", "labels": [i * step % 5]} for i in range(N)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / f"{name}.yaml").write_text(
            f"label_set: history_{name}\nformat: jsonl\npath: {name}.jsonl\n"
            f"class_list: history\noriginal: {'true' if name == 'first' else 'false'}\n"
        )
    classes = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (folder / "classes.yaml").write_text(f"class_list: history\nclasses:\n{classes}")
    (folder / "card.md").write_text(_CARD)
    (folder / "tiny.yaml").write_text(
        "model: tiny\nadapter: support.history_world:HistoryAdapter\n"
    )
    answers = [{"image_id": f"t{i:02d}", "answer": _said(i, "")} for i in range(N)]
    text = "".join(json.dumps(each) + "\n" for each in answers)
    (folder / "answers.jsonl").write_text(text)
    for config in CONFIGS:
        (folder / f"{config.task}.yaml").write_text(config.text)
    return folder


def command(folder: Path, words: Sequence[object], *faults: Fault, broken: bool = False) -> Ended:
    """Run `harness` in as many processes as there are faults, which share the work."""
    here = world()
    ready, go = os.pipe(), os.pipe()

    def act(number: int) -> int:
        rank = Rank(number, len(faults), Setting())
        harness.runner.processes.current_rank = lambda device=None: rank
        Rank.start_together = lambda _: _meet(ready, go, len(faults))  # type: ignore[method-assign]
        Rank.leave = lambda _: None  # type: ignore[method-assign]
        os.environ["HISTORY_BROKEN"] = str(int(broken))
        sys.argv = ["harness", *map(str, words), "--include_path", str(here)]
        main()

    try:
        return run_forked(act, faults, folder)
    finally:
        for end in (*ready, *go):
            os.close(end)


def _meet(ready: tuple[int, int], go: tuple[int, int], processes: int) -> None:
    """Wait for the other processes, as Accelerate does over the network."""
    os.write(ready[1], b".")
    if processes > 1:
        arrived = b""
        while len(arrived) < processes:
            arrived += os.read(ready[0], processes)
            if len(arrived) < processes:
                os.write(ready[1], arrived)
                arrived = b""
        os.write(ready[1], arrived)


@dataclass(frozen=True)
class Snapshot:
    """What a run's files say, but for times."""

    rows: Mapping[str, Mapping[str, Any]]
    results: Mapping[str, Any] | None
    manifest: Mapping[str, Any]


def snapshot(path: Path) -> Snapshot:
    """Read a run's files as they are."""
    rows = {image: _timeless(row.to_json()) for image, row in RunDirectory(path).rows().items()}
    results = path / "results.json"
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    return Snapshot(
        rows,
        json.loads(results.read_text(encoding="utf-8")) if results.exists() else None,
        {key: value for key, value in manifest.items() if key not in _TIMES},
    )


def _timeless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("seconds", "batch", "attempt")}


def run_words(config: Config, output: Path, limit: int) -> list[object]:
    words = ["run", "--tasks", config.task, "--model", "tiny", "--output", output]
    return [*words, "--batch_size", 2, "--limit", limit, "--max_errors", "100", "--json"]


def import_words(config: Config, output: Path) -> list[object]:
    words = ["import", world() / "answers.jsonl", "--task", config.task, "--model", "imported"]
    return [*words, "--output", output, "--json"]


@cache
def undisturbed(config: Config, limit: int) -> Mapping[str, Snapshot]:
    """Give what a run makes that nothing happens to, by the name of its folder."""
    folder = _folder("undisturbed-")
    ended = command(folder, run_words(config, folder, limit), NO_FAULT)
    assert ended.codes == (0,), ended.said
    return {path.name: snapshot(path) for path in runs_in(folder / "tiny" / config.task)}


@cache
def undisturbed_import(config: Config) -> Snapshot:
    folder = _folder("undisturbed-")
    ended = command(folder, import_words(config, folder), NO_FAULT)
    assert ended.codes == (0,), ended.said
    return snapshot(folder / "imported" / config.task)


def runs_in(folder: Path) -> list[Path]:
    here = [folder] if (folder / "manifest.json").exists() else []
    return here or sorted(path.parent for path in folder.glob("repeat-*/manifest.json"))
