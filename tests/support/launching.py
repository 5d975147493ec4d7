"""Runs in processes of their own, over the task of four colours, with adapters that misbehave."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from harness.store.lines import read_predictions
from support.command import harness

ROOT = Path(__file__).resolve().parent.parent.parent
TIMING = ("seconds", "batch")
BIN = Path(sys.executable).parent
TORCHRUN = [str(BIN / "torchrun"), "--standalone", "--nproc-per-node"]
ACCELERATE = [str(BIN / "accelerate"), "launch", "--multi_gpu", "--num_processes"]


def words(folder: Path, output: Path, *more: str) -> list[str]:
    """Give the words behind `harness` of a run of the task in `folder`."""
    model = ["--model", "support.colours:SlowAdapter", "--include_path", str(folder)]
    start = ["run", "--tasks", "colours", *model, "--output", str(output), "--batch_size", "2"]
    return [*start, *more]


def start(
    command: Sequence[str], before: Callable[[], object] | None = None, **slow: object
) -> subprocess.Popen[str]:
    """Start a command offline, in a session of its own; `slow` tells SlowAdapter what to do.

    Both of its streams are one. `before` is called in the new process.
    """
    own = {"PYTHONPATH": str(ROOT / "tests"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | own | _told(slow) | {"TERM": "dumb"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=before,
    )


def _told(slow: Mapping[str, object]) -> dict[str, str]:
    return {f"SLOW_{key.upper()}": str(value) for key, value in slow.items()}


def plain(
    arguments: Sequence[str], before: Callable[[], object] | None = None, **slow: object
) -> subprocess.CompletedProcess[str]:
    """Run `harness` in one process to its end, in this one where nothing is to happen to it; both
    streams are in `stdout`.
    """
    if before is None and not slow.keys() - {"broken"}:
        with pytest.MonkeyPatch.context() as patch:
            for key, value in _told(slow).items():
                patch.setenv(key, value)
            said = harness(*arguments)
        return subprocess.CompletedProcess(arguments, said.code, said.text)
    process = start([sys.executable, "-m", "harness", *arguments], before, **slow)
    told, _ = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, told)


def until_it_answers(process: subprocess.Popen[str], pids: Path, rank: int = 0) -> int:
    """Wait until a process has loaded its model; give its number."""
    path = pids / f"rank-{rank}"
    deadline = time.monotonic() + 60
    while not path.is_file() or not path.read_text():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())


def until_answered(output: Path, process: subprocess.Popen[str], least: int = 1) -> None:
    """Wait until so many answers of a run are on disk."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        parts = output.glob("*/*/parts/*.jsonl")
        if sum(part.read_bytes().count(b"\n") for part in parts) >= least:
            return
        time.sleep(0.02)
    raise AssertionError(process.communicate()[0])


def finished(output: Path, command: Sequence[str]) -> list[str | None]:
    """Make the one run in `output` to its end; give the answers."""
    process = start([*command, "--output", str(output)])
    told, _ = process.communicate(timeout=500)
    assert process.returncode == 0, told
    (path,) = output.glob("*/*/predictions.jsonl")
    return [row.answer for row in read_predictions(path)]


def rows(output: Path) -> list[Mapping[str, object]]:
    """Read the final rows of a run, without what depends on time."""
    path = output / "SlowAdapter" / "colours" / "predictions.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        {key: value for key, value in json.loads(line).items() if key not in TIMING}
        for line in lines
    ]
