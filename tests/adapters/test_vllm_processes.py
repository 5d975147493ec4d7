"""Adapter `vllm` as a command: several processes, an engine that is killed, an interrupt."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("vllm")

from harness.store.lines import read_predictions
from support.launching import ROOT

RUN = ["-m", "harness", "run", "--tasks", "mini_cw", "--limit", "400", "--batch_size", "32"]
ANSWERED = 40


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("specs") / "models"
    folder.mkdir()
    text = f"model: engine\nadapter: vllm\npretrained: {ROOT / 'models' / 'mini'}\ndtype: float32\n"
    (folder / "engine.yaml").write_text(text + "options: {enforce_eager: true}\n")
    return folder.parent


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    output = tmp_path_factory.mktemp("hf")
    subprocess.run(
        [sys.executable, *RUN, "--model", "mini", "--output", str(output)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return answers(output / "mini")


def answers(folder: Path) -> list[str | None]:
    return [row.answer for row in read_predictions(folder / "mini_cw" / "predictions.jsonl")]


def start(specs: Path, output: Path, launcher: Sequence[str] = ()) -> subprocess.Popen[str]:
    words = [*RUN, "--model", "engine", "--include_path", str(specs), "--output", str(output)]
    command = [*launcher, *words] if launcher else [sys.executable, *words]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def until_answered(output: Path, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and running.poll() is None:
        parts = output.glob("engine/mini_cw/parts/*.jsonl")
        if sum(part.read_bytes().count(b"\n") for part in parts) >= ANSWERED:
            return
        time.sleep(0.1)
    raise AssertionError(running.communicate()[1])


def engines_of(session: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "-s", str(session)], capture_output=True, text=True, check=False
    ).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "EngineCor" in line]


def test_two_processes_have_an_engine_each(
    specs: Path, expected: list[str | None], tmp_path: Path
) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    running = start(specs, tmp_path, torchrun)
    told = running.communicate(timeout=500)[1]
    assert running.returncode == 0, told
    assert answers(tmp_path / "engine") == expected


def test_a_killed_engine_ends_the_run_with_one_message_and_the_run_goes_on(
    specs: Path, expected: list[str | None], tmp_path: Path
) -> None:
    running = start(specs, tmp_path)
    until_answered(tmp_path, running)
    (engine,) = engines_of(running.pid)
    os.kill(engine, signal.SIGKILL)
    told = running.communicate(timeout=120)[1]
    assert running.returncode == 1
    assert told.count("error:") == 1 and "vLLM's engine has died" in told
    assert "Traceback" not in told
    again = start(specs, tmp_path)
    told = again.communicate(timeout=500)[1]
    assert again.returncode == 0, told
    assert answers(tmp_path / "engine") == expected


def test_an_interrupt_at_the_terminal_leaves_the_engine_to_the_run(
    specs: Path, tmp_path: Path
) -> None:
    running = start(specs, tmp_path)
    until_answered(tmp_path, running)
    os.killpg(running.pid, signal.SIGINT)
    told = running.communicate(timeout=120)[1]
    assert running.returncode == 130, told
    assert "stopped by SIGINT" in told
    assert not engines_of(running.pid)
