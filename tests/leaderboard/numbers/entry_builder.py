"""A small benchmark of one's own, and entries for it, made by hand or drawn from a seed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.answers.outcome import Status
from harness.data.classes import ClassList
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import OpenTask, open_task, task_classes
from harness.encoders.registry import open_encoder
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.format import CARD, MANIFEST, EntryManifest, EntryRun, FileFacts
from harness.leaderboard.entries.ledger import LEDGER
from harness.leaderboard.entries.pack import row_values, write_lines
from harness.leaderboard.entries.rules.replay import claims_of
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.prompts.options import options_of
from harness.prompts.plan import Planner
from harness.runs.mapping import map_rows
from harness.runs.rows import SCORES, read_answer
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec, load_task
from harness.store.identity import Identity
from harness.store.lines import write_json
from harness.store.manifest import (
    MAPPING_VERSION,
    ClassListFacts,
    DataFacts,
    Manifest,
    MappingFacts,
)
from harness.store.prediction import Prediction
from support.drafts import entry_in

LEXICAL = open_encoder(load_encoder_spec(Catalogue(), "lexical"))
K, N = 6, 90
IDS = tuple(f"img_{place:03d}" for place in range(N))
ORIGINAL = [place % K for place in range(N)]
_PROMPTS = {
    "cw": "doc_to_text: \"<image> Which of {{ classes | join('; ') }}?\"",
    "cw_plus": "doc_to_text: \"<image> Which of {{ classes | join('; ') }}?\"",
    "ow": 'doc_to_text: "<image> What is this?"',
    "mc": "doc_to_text: \"<image> {{ options | join(', ') }}\"\n"
    "distractors: {strategy: random, n_options: 3}",
    "classify": "",
}


def corrected() -> dict[str, list[int]]:
    """Of every ten images: two have no line, one no label, one two, one another; the rest agree."""
    found: dict[str, list[int]] = {}
    for place, image_id in enumerate(IDS):
        own = ORIGINAL[place]
        kinds = {0: None, 1: None, 2: [], 3: [own, (own + 1) % K], 4: [(own + 2) % K]}
        labels = kinds.get(place % 10, [own])
        if labels is not None:
            found[image_id] = labels
    return found


def make_catalogue(folder: Path, task_lines: str = "") -> Catalogue:
    """Write classes, labels and one task for each protocol (`toy_cw`, …), and open them."""
    folder.mkdir(exist_ok=True)
    classes = "".join(f"  - {{id: {i}, name: thing {i}}}\n" for i in range(K))
    (folder / "classes.yaml").write_text(f"class_list: toy\nclasses:\n{classes}")
    for name, labels in (
        ("original", {key: [own] for key, own in zip(IDS, ORIGINAL, strict=True)}),
        ("corrected", corrected()),
    ):
        lines = [json.dumps({"image_id": key, "labels": ids}) for key, ids in labels.items()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    for protocol, lines in _PROMPTS.items():
        (folder / f"{protocol}.yaml").write_text(
            f"task: toy_{protocol}\ndescription: A toy.\nprotocol: {protocol}\n"
            "dataset_path: images\nclass_list: toy\n"
            "label_sets: [original.jsonl, corrected.jsonl]\nmapping: {encoder: lexical}\n"
            f"metadata: {{version: 1}}\n{task_lines}{lines}\n"
        )
    return Catalogue((folder,))


def draw_rows(seed: int, skill: float = 0.7, out: float = 0.1) -> list[Prediction]:
    """Answers to all images as a model gives them; those out of prompt are near a name."""
    generator = np.random.default_rng(seed)
    rows = []
    for image_id, own in zip(IDS, ORIGINAL, strict=True):
        class_id = own if generator.random() < skill else int(generator.integers(K))
        is_out = generator.random() < out
        text = f"thong {class_id}" if is_out else f"thing {class_id}"
        rows.append(Prediction(image_id, Status.OK, answer=text))
    return rows


@dataclass(frozen=True)
class Toy:
    """The benchmark, and the folder of its entries."""

    catalogue: Catalogue
    entries: Path

    def opened(self, task: str) -> OpenTask:
        spec = load_task(self.catalogue, task)
        return open_task(self.catalogue, spec, NO_OVERRIDES, images="none")

    def finished(self, task: str, answers: Sequence[Prediction]) -> list[Prediction]:
        """Give the rows of a run in which a model answered so: read, mapped, with their prompts."""
        return _finished(self.opened(task), answers)

    def manifest(self, task: str, rows: Sequence[Prediction], **changed: Any) -> Manifest:
        """The manifest of a run; `changed` are keys of its identity's task."""
        spec = load_task(self.catalogue, task)
        classes = task_classes(self.catalogue, spec)
        how = spec.mapping
        facts = MappingFacts(
            version=MAPPING_VERSION,
            encoder=how.encoder,
            encoder_sha256=LEXICAL.digest,
            class_template=how.class_template,
            answer_template=how.answer_template,
            class_list_sha256=classes.digest,
        )
        return Manifest(
            harness_version="0",
            status="complete",
            task=task,
            model="a model",
            identity=Identity(
                task=spec.identity() | changed, model={}, class_list=classes.digest, data=""
            ),
            class_list=ClassListFacts(
                name="toy", name_set=classes.name_set, n=K, sha256=classes.digest
            ),
            data=DataFacts(dataset_path="", split="test", fingerprint="", n=N),
            n=len(rows),
            mapping=facts if spec.protocol in ("ow", "cw", "cw_plus") else None,
            batch_size=1,
            processes=1,
            started="2026-11-24T00:00:00+00:00",
        )

    def add(
        self,
        name: str,
        runs: Mapping[str, Sequence[Prediction]],
        manifests: Mapping[str, Manifest] | None = None,
        model: str | None = None,
    ) -> Entry:
        """Write an entry: task to the answers, or to rows that are finished already."""
        folder = self.entries / name
        packed = []
        for task, given in runs.items():
            opened = self.opened(task)
            protocol = opened.task.protocol
            rows = given if any(row.rule for row in given) else _finished(opened, given)
            manifest = (manifests or {}).get(task) or self.manifest(task, rows)
            claims = claims_of(score_run(opened, manifest, rows, draws=1))
            run = EntryRun(task=task, protocol=protocol, run=manifest, claims=claims)
            write_lines(folder / run.predictions, map(row_values, rows))
            prompts = render_prompts(opened.task, opened.classes, rows)
            asked = {row.prompt_sha256 for row in rows}
            lines = [{"sha256": key, "text": prompts[key]} for key in prompts if key in asked]
            if lines:
                write_lines(folder / run.prompts, lines)
            packed.append(run)
        card = "---\n" + json.dumps(
            {
                "model": model or name,
                "kind": "mllm",
                "training_data": {"imagenet_train": "no", "imagenet_val": "unknown"},
            }
        )
        (folder / CARD).write_text(f"{card}\n---\nAbout it.\n")
        names = [CARD, *(path.relative_to(folder).as_posix() for path in folder.rglob("*.gz"))]
        entry = EntryManifest(
            entry=name,
            model=model or name,
            harness_version="0",
            date="2026-11-20",
            runs=tuple(packed),
            files={each: _facts(folder / each) for each in names},
        )
        write_json(folder / MANIFEST, entry.model_dump(mode="json"))
        return entry_in(folder)

    def rows(self, entry: str, task: str) -> list[Prediction]:
        """Read the rows of an entry again."""
        found = entry_in(self.entries / entry)
        return list(found.rows(next(r for r in found.manifest.runs if r.task == task)))

    def decide(self, entry: str, decision: str, reason: str = "Because.", **more: str) -> None:
        """Add a line to the ledger."""
        line = {"date": "2026-11-21", "entry": entry, "manifest_sha256": "0" * 64}
        line |= {"decision": decision, "reason": reason, **more}
        with (self.entries / LEDGER).open("a") as file:
            file.write(json.dumps(line) + "\n")


def make_toy(folder: Path) -> Toy:
    """A benchmark without entries."""
    (folder / "entries").mkdir()
    return Toy(make_catalogue(folder / "toy"), folder / "entries")


def _scored(row: Prediction, classes: ClassList) -> Prediction:
    """The row of a classifier."""
    class_id = classes.lookup((row.answer or "").replace("thong", "thing"))[0]
    return Prediction(
        row.image_id, Status.OK, class_id=class_id, rule=SCORES, top=(class_id,), top_scores=(1.0,)
    )


def _lettered(row: Prediction, options: tuple[int, ...], classes: ClassList) -> Prediction:
    """The answer by its letter, or A where it is none of the options."""
    said = classes.lookup((row.answer or "").replace("thong", "thing"))[0]
    letter = "ABC"[options.index(said)] if said in options else "A"
    return replace(row, answer=letter, options=options)


def _facts(path: Path) -> FileFacts:
    data = path.read_bytes()
    return FileFacts(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def _finished(opened: OpenTask, answers: Sequence[Prediction]) -> list[Prediction]:
    spec, classes = opened.task, opened.classes
    if spec.protocol == "classify":
        return [_scored(row, classes) for row in answers]
    if spec.protocol == "mc":
        ids = [row.image_id for row in answers]
        drawn = options_of(opened, ids).by_image
        asked = [each for each in answers if each.image_id in drawn]
        answers = [_lettered(row, drawn[row.image_id], classes) for row in asked]
    found = []
    for row in answers:
        read = read_answer(spec.protocol, row.answer, row.options, classes)
        prompt = Planner(spec, classes, {row.image_id: row.options})
        sha = prompt.request((0,), (row.image_id,)).prompt_sha256
        found.append(
            replace(row, status=read.status, class_id=read.class_id, also=read.also,
                    rule=read.rule, removed=read.removed, prompt_sha256=sha)
        )  # fmt: skip
    return map_rows(spec, found, classes, LEXICAL)
