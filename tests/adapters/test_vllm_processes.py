"""Adapter `vllm` as a command: several processes, an engine that is killed, an interrupt."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("vllm")

from support.launching import ROOT, finished, start, until_answered

RUN = ["-m", "harness", "run", "--tasks", "mini_cw", "--limit", "400", "--batch_size", "32"]
ANSWERED = 40


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("specs")
    (folder / "models").mkdir()
    text = f"model: engine\nadapter: vllm\npretrained: {ROOT / 'models' / 'mini'}\ndtype: float32\n"
    (folder / "models" / "engine.yaml").write_text(text + "options: {enforce_eager: true}\n")
    return [*RUN, "--model", "engine", "--include_path", str(folder)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    return finished(tmp_path_factory.mktemp("hf"), [sys.executable, *RUN, "--model", "mini"])


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine in processes of its own, as it is on a GPU."""
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")


def begun(words: Sequence[str], output: Path) -> subprocess.Popen[str]:
    running = start([sys.executable, *words, "--output", str(output)])
    until_answered(output, running, ANSWERED)
    return running


def engines_of(session: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "-s", str(session)], capture_output=True, text=True, check=False
    ).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "EngineCor" in line]


def test_two_processes_have_an_engine_each(
    words: list[str], expected: list[str | None], tmp_path: Path
) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    assert finished(tmp_path, [*torchrun, *words]) == expected


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_an_engine_over_two_devices_answers_as_one(
    words: list[str],
    expected: list[str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "0|1")
    more = ["--set_model", "options.tensor_parallel_size=2"]
    assert finished(tmp_path, [sys.executable, *words, *more]) == expected


@pytest.mark.usefixtures("apart")
def test_a_killed_engine_ends_the_run_with_one_message_and_the_run_goes_on(
    words: list[str], expected: list[str | None], tmp_path: Path
) -> None:
    running = begun(words, tmp_path)
    (engine,) = engines_of(running.pid)
    os.kill(engine, signal.SIGKILL)
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    assert told.count("error:") == 1 and "vLLM's engine has died" in told
    assert "Traceback" not in told and "leaked" not in told
    assert finished(tmp_path, [sys.executable, *words]) == expected


@pytest.mark.parametrize("separate", [False, True])
def test_an_interrupt_at_the_terminal_leaves_the_engine_to_the_run(
    words: list[str], tmp_path: Path, separate: bool, request: pytest.FixtureRequest
) -> None:
    if separate:
        request.getfixturevalue("apart")
    running = begun(words, tmp_path)
    assert bool(engines_of(running.pid)) == separate
    os.killpg(running.pid, signal.SIGINT)
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert "stopped by SIGINT" in told
    assert not engines_of(running.pid)
