"""`harness review serve` in a process of its own, which tests may kill."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_ADDRESS = re.compile(r"(\S+)  (http://\S+?)/#token=(\S+)")


@dataclass(frozen=True)
class Served:
    """A server that runs: its address, and annotator to token."""

    process: "subprocess.Popen[str]"
    address: str
    tokens: Mapping[str, str]

    def link(self, name: str) -> str:
        return f"{self.address}/#token={self.tokens[name]}"

    def ask(self, path: str, token: str, body: bytes | None = None) -> tuple[int, Any]:
        """Ask for a path, or post a body; gives the status and the JSON that comes back."""
        request = urllib.request.Request(self.address + path, body, {"X-Review-Token": token})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[Served]:
    """Serve a review's folder while entered; port 0 is any that is free."""
    words = ["-m", "harness", "review", "serve", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _started(process, folder)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _started(process: "subprocess.Popen[str]", folder: Path) -> Served:
    assert process.stdout is not None
    annotators = json.loads((folder / "queue.json").read_text(encoding="utf-8"))["annotators"]
    tokens: dict[str, str] = {}
    said = []
    for line in process.stdout:
        said.append(line)
        if found := _ADDRESS.match(line):
            tokens[found[1]] = found[3]
            if len(tokens) == len(annotators):
                return Served(process, found[2], tokens)
    raise AssertionError("the server did not start:\n" + "".join(said))
