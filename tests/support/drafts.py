"""An entry taken apart, to be changed and put together again with the right hashes."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from harness.leaderboard.entries.card import parse_card
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.format import (
    CARD,
    MANIFEST,
    EntryRun,
    gzip_lines,
    parse_manifest,
    prompts_of,
)
from harness.leaderboard.entries.pack import write_lines


def entry_in(folder: Path) -> Entry:
    """Open an entry, whatever the rules say of it: a card may not be filled in."""
    data, card = (folder / MANIFEST).read_bytes(), (folder / CARD).read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    return Entry(folder, parse_manifest(data, MANIFEST), *parse_card(card, folder / CARD), sha256)


def prompts_in(folder: Path, run: EntryRun) -> dict[str, str]:
    """Give the prompts of a run, SHA-256 to text."""
    path = folder / run.prompts
    return {each.sha256: each.text for each in prompts_of(gzip_lines(path), path)}


class Draft:
    """The parts of an entry as plain values."""

    def __init__(self, folder: Path, *, parts: bool = True) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        if not parts:  # they may be broken, and are signed as they lie there
            return
        self.card = (folder / "MODEL_CARD.md").read_text()
        self.rows = self._lines("predictions")
        self.prompts = self._lines("prompts")

    def run(self, task: str = "tiny_cw") -> dict[str, Any]:
        (found,) = (run for run in self.manifest["runs"] if run["task"] == task)
        return dict(found)

    def path(self, task: str, what: str = "predictions") -> Path:
        return self.folder / "runs" / task / f"{what}.jsonl.gz"

    def save(self) -> Path:
        """Write all parts, and the manifest with their hashes."""
        (self.folder / "MODEL_CARD.md").write_text(self.card)
        for what, by_task in (("predictions", self.rows), ("prompts", self.prompts)):
            for task, lines in by_task.items():
                write_lines(self.path(task, what), lines)
        return self.sign()

    def sign(self) -> Path:
        """Write the manifest with the hashes of the files as they lie there."""
        for name in self.manifest["files"]:
            path = self.folder / name
            if path.is_file():
                data = path.read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                self.manifest["files"][name] = {"sha256": digest, "bytes": len(data)}
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest))
        return self.folder

    def _lines(self, what: str) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for path in sorted(self.folder.glob(f"runs/*/{what}.jsonl.gz")):
            lines = gzip.decompress(path.read_bytes()).decode().splitlines()
            found[path.parent.name] = [json.loads(line) for line in lines]
        return found
