"""A small benchmark of one's own, and entries for it, made by hand or drawn from a seed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.answers.outcome import Status
from harness.catalogue import Catalogue
from harness.entries.ledger import LEDGER
from harness.entries.manifest import CARD, MANIFEST, EntryManifest, EntryRun, FileFacts
from harness.entries.pack import row_values, write_lines
from harness.entries.read import Entry, read_entry
from harness.run.bench import NO_OVERRIDES, task_classes
from harness.run.finish import Ending
from harness.run.rescore import open_ending
from harness.spec.load import load_task
from harness.store.lines import write_json
from harness.store.manifest import ClassListFacts, DataFacts, Identity, Manifest, MappingFacts
from harness.store.prediction import Prediction

K, N = 6, 90
IDS = tuple(f"img_{place:03d}" for place in range(N))
ORIGINAL = [place % K for place in range(N)]
_PROMPTS = {
    "cw": "doc_to_text: \"<image> Which of {{ classes | join('; ') }}?\"",
    "cw_plus": "doc_to_text: \"<image> Which of {{ classes | join('; ') }}?\"",
    "ow": 'doc_to_text: "<image> What is this?"',
    "mc": "doc_to_text: \"<image> {{ options | join(', ') }}\"\ndistractors: {n_options: 3}",
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
            "label_sets: [original.jsonl, corrected.jsonl]\n"
            f"metadata: {{version: 1}}\n{task_lines}{lines}\n"
        )
    return Catalogue((folder,))


def draw_rows(seed: int, skill: float = 0.7, out: float = 0.1) -> list[Prediction]:
    """Answers to all images; the out-of-prompt ones are mapped, one is an error."""
    generator = np.random.default_rng(seed)
    rows = []
    for place, image_id in enumerate(IDS):
        is_right = generator.random() < skill
        class_id = ORIGINAL[place] if is_right else int(generator.integers(K))
        row = Prediction(
            image_id, Status.OK, answer=f"thing {class_id}", class_id=class_id, rule="strict"
        )
        if generator.random() < out:
            row = replace(
                row, status=Status.OOP, answer="some thing", rule="mapped", similarity=0.5
            )
        rows.append(row)
    rows[seed % N] = Prediction(rows[seed % N].image_id, Status.ERROR, error="it failed")
    return rows


def unmapped(rows: Sequence[Prediction]) -> list[Prediction]:
    """The same rows before their answers were mapped."""
    return [
        replace(row, class_id=None, rule="no_match", similarity=None)
        if row.rule == "mapped"
        else row
        for row in rows
    ]


@dataclass(frozen=True)
class Toy:
    """The benchmark, and the folder of its entries."""

    catalogue: Catalogue
    entries: Path

    def ending(self, task: str) -> Ending:
        return open_ending(self.catalogue, load_task(self.catalogue, task), NO_OVERRIDES)

    def manifest(self, task: str, rows: Sequence[Prediction], **changed: Any) -> Manifest:
        """The manifest of a run; `changed` are keys of its identity's task."""
        spec = load_task(self.catalogue, task)
        classes = task_classes(self.catalogue, spec)
        how = spec.mapping
        facts = MappingFacts(
            encoder=how.encoder,
            encoder_sha256="0" * 64,
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
            mapping=facts if any(row.rule == "mapped" for row in rows) else None,
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
        """Write an entry: task to rows."""
        folder = self.entries / name
        packed = []
        for task, rows in runs.items():
            manifest = (manifests or {}).get(task) or self.manifest(task, rows)
            protocol = load_task(self.catalogue, task).protocol
            run = EntryRun(task=task, protocol=protocol, run=manifest, claims={})
            write_lines(folder / run.predictions, map(row_values, rows))
            packed.append(run)
        card = "---\n" + json.dumps(
            {
                "model": model or name,
                "kind": "mllm",
                "training_data": {"imagenet_train": "no", "imagenet_val": "unknown"},
            }
        )
        (folder / CARD).write_text(f"{card}\n---\nAbout it.\n")
        names = [CARD, *(run.predictions for run in packed)]
        entry = EntryManifest(
            entry=name,
            model=model or name,
            harness_version="0",
            date="2026-11-20",
            runs=tuple(packed),
            files={each: _facts(folder / each) for each in names},
        )
        write_json(folder / MANIFEST, entry.model_dump(mode="json"))
        return read_entry(folder)

    def rows(self, entry: str, task: str) -> list[Prediction]:
        """Read the rows of an entry again."""
        opened = read_entry(self.entries / entry)
        return list(opened.rows(next(r for r in opened.manifest.runs if r.task == task)))

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


def _facts(path: Path) -> FileFacts:
    data = path.read_bytes()
    return FileFacts(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
