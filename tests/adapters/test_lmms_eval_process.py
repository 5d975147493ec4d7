"""The process of a class of lmms-eval: launches of several, deaths, interrupts, no orphans."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.lmms_eval.adapter import LmmsEvalAdapter, alone
from harness.adapters.registry import load_adapter
from harness.errors import RunError
from harness.requests import Ask, Request, Response
from harness.runner.asking import Asker
from harness.specs.model import ModelSpec
from support.launching import TORCHRUN, finished, start, until_answered

pytestmark = pytest.mark.full
RUN = ["-m", "harness", "run", "--tasks", "mini_cw", "--limit", "64", "--model", "lmms-mini"]
PLAIN = [sys.executable, *RUN, "--batch_size", "4"]


def make() -> LmmsEvalAdapter:
    options = {"model": "support.lmms_classes.Rough"}
    spec = ModelSpec(model="m", adapter="lmms_eval", options=options)
    found = load_adapter(spec, Setting(device="cpu"))
    assert isinstance(found, LmmsEvalAdapter)
    return found


def ask(adapter: LmmsEvalAdapter, text: str) -> Response:
    image = Image.new("RGB", (4, 3))
    (response,) = Asker(adapter, Ask()).respond([Request((image,), f"<image>{text}")])
    return response


@pytest.mark.parametrize(("text", "said"), [("be killed", "SIGKILL"), ("leave", "exit code 3")])
def test_a_process_that_ends_ends_the_run(text: str, said: str) -> None:
    adapter = make()
    for _ in range(2):
        with pytest.raises(RunError) as caught:
            ask(adapter, text)
        assert said in str(caught.value)
        assert "fix: the same command goes on from here" in str(caught.value)


def test_errors_of_classes_that_only_the_other_process_knows() -> None:
    assert ask(make(), "own error").error == "OwnError: of two"


def test_an_interrupted_call_gives_the_next_one_no_answer() -> None:
    adapter = make()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(1)
    with pytest.raises(KeyboardInterrupt):
        ask(adapter, "sleep")
    signal.signal(signal.SIGALRM, before)
    with pytest.raises(RunError):
        ask(adapter, "b")


def test_an_adapter_that_is_dropped_takes_its_process_along() -> None:
    adapter = make()
    process = adapter._process
    del adapter
    assert process.returncode == 0


def test_a_class_knows_of_no_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_PORT"):
        monkeypatch.setenv(name, "1")
    assert ask(make(), "launch").text == "[]"


def test_of_several_processes_on_gpus_each_class_finds_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    environment, device = alone("cuda:1")
    assert (environment["CUDA_VISIBLE_DEVICES"], device) == ("4,6", "cuda:1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    environment, device = alone("cuda:1")
    assert (environment["CUDA_VISIBLE_DEVICES"], device) == ("6", "cuda:0")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    environment, device = alone("cuda:1")
    assert (environment["CUDA_VISIBLE_DEVICES"], device) == ("1", "cuda:0")


def begun(output: Path) -> tuple[subprocess.Popen[str], int]:
    """Begin a run of which some answers are on disk; give the class's process too."""
    running = start([*PLAIN, "--output", str(output)])
    until_answered(output, running)
    (child,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    return running, int(child)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    return finished(tmp_path_factory.mktemp("whole"), PLAIN)


def test_two_processes_have_a_class_each(expected: list[str | None], tmp_path: Path) -> None:
    assert finished(tmp_path, [*TORCHRUN, "2", *RUN]) == expected


def test_a_killed_class_ends_the_run_which_goes_on_later(
    expected: list[str | None], tmp_path: Path
) -> None:
    running, child = begun(tmp_path)
    os.kill(child, signal.SIGKILL)
    told, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert told.count("error:") == 1 and "Traceback" not in told
    assert "the process of its class has ended" in told and "SIGKILL" in told
    assert finished(tmp_path, PLAIN) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_stops_behind_the_batch_in_hand(
    number: signal.Signals, tmp_path: Path
) -> None:
    running, child = begun(tmp_path)
    os.kill(child, number)
    os.kill(running.pid, number)
    told, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert f"stopped by {number.name}" in told and "Traceback" not in told
    assert not Path(f"/proc/{child}").exists()


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    running, child = begun(tmp_path)
    running.kill()
    running.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()
