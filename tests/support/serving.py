"""The embedded model behind `transformers serve`, a real OpenAI-compatible server, on loopback."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.specs.catalogue import own_root
from harness.specs.model import ModelSpec

MINI = own_root() / "models" / "mini"
NEEDS = ("openai", "fastapi", "uvicorn")
_RUNNING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")
_PATIENCE = 240.0  # seconds; a start takes some ten on an idle machine


VLLM = Path(sys.executable).parent / "vllm"
"""The program `vllm`, where it is installed."""


@contextmanager
def served_mini(log: Path) -> Iterator[str]:
    """Serve the embedded model by `transformers serve` while entered; gives the address. The
    server's output goes to `log`.

    The port is chosen by the system, and read from what the server says when it has started.
    """
    program = Path(sys.executable).parent / "transformers"
    command = [str(program), "serve", str(MINI), "--device", "cpu", "--dtype", "float32"]
    with _served([*command, "--host", "127.0.0.1", "--port", "0"], log, _RUNNING) as address:
        yield address


@contextmanager
def served_by_vllm(log: Path) -> Iterator[str]:
    """Serve the embedded model by `vllm serve` while entered; gives the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(VLLM), "serve", str(MINI), "--dtype", "float32", "--max-model-len", "1024"]
    command += ["--enforce-eager", "--generation-config", "vllm", "--max-num-seqs", "16"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with _served(command, log, re.compile(rf"(http://127\.0\.0\.1:{port})")) as address:
        while not _is_healthy(address.removesuffix("/v1")):
            time.sleep(0.5)
        yield address


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


@contextmanager
def _served(command: list[str], log: Path, says: re.Pattern[str]) -> Iterator[str]:
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"},
        )
        try:
            yield f"{_address(process, log, says)}/v1"
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


def _address(process: subprocess.Popen[bytes], log: Path, says: re.Pattern[str]) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = says.search(log.read_text())
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
