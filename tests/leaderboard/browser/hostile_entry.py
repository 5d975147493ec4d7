"""An entry that passes the schema and tries to take over the page in every field it may fill."""

import gzip
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from string import ascii_letters
from typing import Any

NAME = "hostile"
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></title>"
OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"
JUMP = "{{ 7*7 }} ](javascript:alert(3)) ../../etc/passwd"
SHORT = f"{MARKUP}{OVERRIDE}{JUMP}"
LONG = SHORT + "".join(random.Random(0).choices(ascii_letters, k=10_000))
"""One word of ten thousand letters, not alike: what decompresses to too much is refused."""
ONE_WORD = SHORT + "W" * (200 - len(SHORT))
N_FAILED = 7


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
        facts |= {"model": ONE_WORD, "harness_version": MARKUP}
        facts["model_facts"] |= {"notes": [LONG], "architecture": MARKUP, "device": MARKUP}
        facts["versions"] = {MARKUP: MARKUP}
        facts["git"] = {"commit": MARKUP, "dirty": True}
        facts["hardware"] |= {"machine": MARKUP}
        _rewrite(folder / "runs" / run["task"] / "predictions.jsonl.gz", _hostile_row)
        prompts = folder / "runs" / run["task"] / "prompts.jsonl.gz"
        if prompts.exists():
            _rewrite(prompts, _hostile_prompt)
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
    body = (
        f"# {MARKUP}\n\n[{MARKUP}](javascript:alert(4)) ![x](http://example.org/x.png)\n\n{LONG}\n"
    )
    return f"---\n{json.dumps(front)}\n---\n{body}"


def _rewrite(path: Path, change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> None:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    rows = [json.dumps(change(place, json.loads(line))) for place, line in enumerate(lines)]
    path.write_bytes(gzip.compress(("\n".join(rows) + "\n").encode(), mtime=0))


def _hostile_row(place: int, row: dict[str, Any]) -> dict[str, Any]:
    if place < N_FAILED:
        kept = ("image_id", "image_sha256", "prompt_sha256", "options")
        failed = {key: value for key, value in row.items() if key in kept}
        return failed | {"status": "error", "error": LONG}
    answer = LONG if place % 50 == 10 else (row.get("answer", LONG), SHORT, MARKUP)[place % 3]
    return row | {"answer": answer, "reasoning": MARKUP}


def _hostile_prompt(place: int, prompt: dict[str, Any]) -> dict[str, Any]:
    return prompt | {"text": LONG}
