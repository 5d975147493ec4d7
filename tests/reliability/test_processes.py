"""Several processes, and processes that die: the rows are those of an undisturbed run."""

import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from support.colours import N
from support.launching import ACCELERATE, TORCHRUN, plain, rows, start, until_it_answers, words

Rows = Sequence[Mapping[str, object]]
LAUNCHES = {
    "accelerate launch harness, 2": [*ACCELERATE, "2", "harness"],
    "accelerate launch -m harness, 3": [*ACCELERATE, "3", "-m", "harness"],
    "torchrun -m harness, 3": [*TORCHRUN, "3", "-m", "harness"],
}


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=pytest.mark.slow if way.endswith("3") else ()) for way in LAUNCHES],
)
def test_the_rows_are_those_of_one_process(
    way: str, folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    process = start([*LAUNCHES[way], *words(folder, tmp_path / "many")])
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert rows(tmp_path / "many") == undisturbed
    count = int(way[-1])
    for number in range(1, count + 1):
        assert f"process {number} of {count} on cpu" in told
    assert told.count("Accuracy (%)") == 1
    assert not (tmp_path / "many" / "SlowAdapter" / "colours" / "parts").exists()


@pytest.mark.slow  # forked ones: test_histories.py
@pytest.mark.parametrize("seed", [0, 1])
def test_a_killed_process_ends_the_launch_and_loses_nothing(
    seed: int, folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    chosen = random.Random(seed)
    output, pids = tmp_path / "killed", tmp_path / "pids"
    pids.mkdir()
    command = [*TORCHRUN, "2", "-m", "harness", *words(folder, output)]
    process = start(command, seconds=0.3, pids=pids)
    victim = until_it_answers(process, pids, chosen.randrange(2))
    time.sleep(chosen.uniform(0, 1.5))
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    told, _ = process.communicate(timeout=60)
    assert process.returncode != 0, told
    assert time.monotonic() - killed < 60
    kept = sum(len(part.read_bytes().splitlines()) for part in output.rglob("rank-*.jsonl"))
    done = plain(words(folder, output))
    assert done.returncode == 0, done.stdout
    assert rows(output) == undisturbed
    assert f"{N - kept} prompts to answer" in done.stdout or kept == N


def test_slices_know_nothing_of_each_other_and_merge(
    folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output = tmp_path / "slices"
    for number in (3, 1):
        done = plain(words(folder, output, "--shard", f"{number}/3"))
        assert done.returncode == 0, done.stdout
        assert f"slice {number}/3 is done" in done.stdout
    run = output / "SlowAdapter" / "colours"
    early = plain(["merge", str(output), "--include_path", str(folder)])
    assert early.returncode == 1
    assert f"{run}: 8 of 12 images answered" in early.stdout
    assert plain(words(folder, output, "--shard", "2/3")).returncode == 0
    late = plain(["merge", str(run), "--include_path", str(folder)])
    assert late.returncode == 0, late.stdout
    assert rows(output) == undisturbed


def test_two_runs_in_one_directory_refuse_and_a_dead_one_is_forgotten(
    folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output, pids = tmp_path / "locked", tmp_path / "pids"
    pids.mkdir()
    command = [sys.executable, "-m", "harness", *words(folder, output)]
    first = start(command, seconds=9, pids=pids)
    until_it_answers(first, pids)
    for again in (
        words(folder, output),
        words(folder, output, "--shard", "1/2"),
        ["score", str(output / "SlowAdapter" / "colours"), "--include_path", str(folder)],
    ):
        done = plain(again)
        assert done.returncode == 1
        assert "another command writes into this directory" in done.stdout
        assert f"got: process {first.pid} on " in done.stdout
    first.kill()
    first.communicate()
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed
    assert list(output.rglob(".*.lock*")) == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_signal_ends_the_run_after_the_batch(
    number: signal.Signals, folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output, pids = tmp_path / "stopped", tmp_path / "pids"
    pids.mkdir()
    command = [sys.executable, "-m", "harness", *words(folder, output)]
    process = start(command, seconds=0.5, pids=pids)
    until_it_answers(process, pids)
    time.sleep(0.2)
    os.kill(process.pid, number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number, told
    assert f"stopped by {number.name}; the same command goes on from here" in told
    (part,) = output.rglob("rank-*.jsonl")
    assert len(part.read_bytes().splitlines()) == 2  # the batch in hand, whole
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed


@pytest.mark.slow
def test_a_signal_to_the_launcher_reaches_every_process(
    folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output, pids = tmp_path / "told", tmp_path / "pids"
    pids.mkdir()
    process = start(
        [*TORCHRUN, "2", "-m", "harness", *words(folder, output)], seconds=0.5, pids=pids
    )
    for rank in (0, 1):
        until_it_answers(process, pids, rank)
    os.kill(process.pid, signal.SIGTERM)
    told, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert told.count("stopped by SIGTERM; the same command goes on from here") == 2
    for part in output.rglob("rank-*.jsonl"):  # whole batches, or none where it had not begun
        assert len(part.read_bytes().splitlines()) in (0, 2)
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed
