"""The embedded model behind `transformers serve`, a real OpenAI-compatible server, on loopback."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.specs.catalogue import own_root
from harness.specs.model import ModelSpec

MINI = own_root() / "models" / "mini"
NEEDS = ("openai", "fastapi", "uvicorn")
_PATIENCE = 240.0  # seconds; a start takes some ten on an idle machine


@contextmanager
def served_mini(log: Path) -> Iterator[str]:
    """Serve the embedded model while entered; gives the address. The server's output goes to `log`.

    The port is chosen by the system, and read from what the server says when it has started.
    """
    program = Path(sys.executable).parent / "transformers"
    command = [str(program), "serve", str(MINI), "--device", "cpu", "--dtype", "float32"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
        try:
            yield f"{_address(process, log)}/v1"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def served_spec(url: str) -> ModelSpec:
    """The spec of the served model: `transformers serve` knows it by the path it was given."""
    return ModelSpec(
        model="mini-served",
        adapter="openai",
        pretrained=str(MINI),
        options={"base_url": url, "concurrency": 4, "max_retries": 1, "backoff_s": 0.1},
    )


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text())
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
