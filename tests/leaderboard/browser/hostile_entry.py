"""An entry that passes the schema and tries to take over the page in every field it may fill."""

import hashlib
import json
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_letters
from typing import Any

from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import OpenTask, open_task
from harness.encoders.registry import open_encoder
from harness.leaderboard.entries.format import EntryRun, gzip_lines, rows_of
from harness.leaderboard.entries.pack import row_values, write_lines
from harness.leaderboard.entries.rules.replay import claims_of
from harness.runs.mapping import map_rows
from harness.runs.rows import read_answer
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec, load_task
from harness.store.prediction import Prediction
from support.drafts import prompts_in

NAME = "hostile"
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></title>"
OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"
JUMP = "{{ 7*7 }} ](javascript:alert(3)) ../../etc/passwd"
SHORT = f"{MARKUP}{OVERRIDE}{JUMP}"
"""For answers and prompts, which are verbatim; nothing else of an entry may turn text."""
SEEN = f"{MARKUP}{JUMP}"
LONG = SHORT + "".join(random.Random(0).choices(ascii_letters, k=10_000))
"""One word of ten thousand letters, not alike: what decompresses to too much is refused."""
ONE_WORD = SEEN + "W" * (200 - len(SEEN))


def add_hostile_entry(submissions: Path, *models: str) -> None:
    """Write the entry, made of the runs of `models`, and decide on it in the ledger."""
    folder = submissions / NAME
    manifest: dict[str, Any] = {"runs": [], "files": {}}
    for model in models:
        shutil.copytree(submissions / model, folder, dirs_exist_ok=True)
        own = json.loads((folder / "manifest.json").read_text("utf-8"))
        own["runs"] = manifest["runs"] + own["runs"]
        own["files"] = manifest["files"] | own["files"]
        manifest = own
    manifest |= {"entry": NAME, "model": ONE_WORD, "harness_version": MARKUP}
    for run in manifest["runs"]:
        facts = run["run"]
        facts["model_facts"].pop("kind", None)  # that of the card, though one run is of k-NN
        _say_it(folder, run)
        facts |= {"model": ONE_WORD, "harness_version": MARKUP}
        facts["model_facts"] |= {"notes": [SEEN * 30], "architecture": MARKUP, "device": MARKUP}
        facts["versions"] = {MARKUP: MARKUP}
        facts["git"] = {"commit": MARKUP, "dirty": True}
        facts["hardware"] |= {"machine": MARKUP}
    (folder / "MODEL_CARD.md").write_text(_card(), encoding="utf-8")
    for path, known in manifest["files"].items():
        data = (folder / path).read_bytes()
        known |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    text = json.dumps(manifest)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    decision = {
        "date": "2026-11-25",
        "entry": NAME,
        "manifest_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "decision": "accepted",
        "level": "re-scored",
        "reason": LONG[:2000],
    }
    with (submissions / "decisions.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(decision) + "\n")


def _card() -> str:
    front = {
        "model": ONE_WORD,
        "kind": "mllm",
        "training_data": {"imagenet_train": "unknown", "imagenet_val": "unknown"},
        "organization": ONE_WORD,
        "url": "https://example.org/" + MARKUP,
        "license": MARKUP[:100],
    }
    links = f"[{MARKUP}](javascript:alert(4)) ![x](http://example.org/x.png)"
    body = f"# {MARKUP}\n\n{links}\n\n{LONG.replace(OVERRIDE, '')}\n"
    return f"---\n{json.dumps(front)}\n---\n{body}"


def _say_it(folder: Path, run: dict[str, Any]) -> None:
    """Put hostile words into answers and prompts: read, mapped, hashed and claimed as honest ones,
    or the leaderboard would refuse the entry.
    """
    parsed = EntryRun.model_validate(run)
    catalogue = Catalogue()
    opened = open_task(catalogue, load_task(catalogue, parsed.task), NO_OVERRIDES, images="none")
    path = folder / parsed.predictions
    rows = list(rows_of(gzip_lines(path), path))
    if (folder / parsed.prompts).exists():
        texts = {sha256: LONG + sha256 for sha256 in prompts_in(folder, parsed)}
        new = {old: hashlib.sha256(text.encode()).hexdigest() for old, text in texts.items()}
        rows = _answered(opened, rows, new)
        lines = [{"sha256": new[old], "text": text} for old, text in texts.items()]
        write_lines(folder / parsed.prompts, lines)
    write_lines(folder / parsed.predictions, map(row_values, rows))
    run["claims"] = {
        protocol: {name: each.model_dump() for name, each in claims.items()}
        for protocol, claims in claims_of(score_run(opened, parsed.run, rows, draws=1)).items()
    }


def _answered(
    opened: OpenTask, rows: Sequence[Prediction], prompts: Mapping[str, str]
) -> list[Prediction]:
    task, classes = opened.task, opened.classes
    found = []
    for place, row in enumerate(rows):
        text = LONG if place == 10 else {1: SHORT, 2: MARKUP}.get(place % 12, row.answer)
        read = read_answer(task.protocol, text, row.options, classes)
        told = Prediction(
            row.image_id, read.status, text, read.class_id, read.also, read.rule,
            options=row.options, image_sha256=row.image_sha256, removed=read.removed,
            prompt_sha256=prompts[row.prompt_sha256 or ""], reasoning=MARKUP,
        )  # fmt: skip
        found.append(told)
    if task.protocol == "mc":
        return found
    encoder = open_encoder(load_encoder_spec(opened.catalogue, task.mapping.encoder))
    return map_rows(task, found, classes, encoder)
