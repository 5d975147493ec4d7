"""The command as a person uses it, in processes of its own."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from support import command as here

TASKS = ("--tasks", "mini_cw,mini_ow", "--model", "mini", "--limit", "12")


def harness(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def rows(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    timing = ("seconds", "batch")
    return [
        {key: value for key, value in json.loads(line).items() if key not in timing}
        for line in lines
    ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of a plain run, to which every other way of launching must be equal."""
    output = tmp_path_factory.mktemp("plain")
    done = here.harness("run", *TASKS, "--output", output)
    assert done.code == 0, done.stderr
    assert "Accuracy (%)" in done.stdout and f"files: {output}" in done.stdout
    return output


def launchers() -> dict[str, list[str]]:
    folder = Path(sys.executable).parent
    accelerate = [str(folder / "accelerate"), "launch", "--cpu", "--num_processes", "1"]
    torchrun = [str(folder / "torchrun"), "--standalone", "--nproc-per-node", "1"]
    return {
        "accelerate launch harness": [*accelerate, "harness"],
        "accelerate launch -m harness": [*accelerate, "-m", "harness"],
        "torchrun -m harness": [*torchrun, "-m", "harness"],
        "harness": [str(folder / "harness")],
    }


@pytest.mark.slow  # of a quicker model: tests/reliability/test_processes.py
@pytest.mark.parametrize("way", launchers())
def test_every_way_of_launching_gives_the_same_rows(
    way: str, plain: Path, root: Path, tmp_path: Path
) -> None:
    command = [*launchers()[way], "run", *TASKS, "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    for task in ("mini_cw", "mini_ow"):
        assert rows(tmp_path / "mini" / task) == rows(plain / "mini" / task)


def test_json_is_for_machines(plain: Path) -> None:
    done = here.harness("score", plain / "mini" / "mini_cw", "--json")
    (results,) = json.loads(done.stdout)
    assert results["task"] == "mini_cw" and results["n"] == 12
    assert results == json.loads((plain / "mini" / "mini_cw" / "results.json").read_text())


@pytest.mark.slow  # of a quicker model: tests/reliability/
def test_a_killed_process_loses_nothing(plain: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", "run", *TASKS, "--batch_size", "1"]
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    part = tmp_path / "mini" / "mini_cw" / "parts" / "rank-0000-of-0001.jsonl"
    deadline = time.monotonic() + 120
    while not (part.is_file() and part.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "mini" / "mini_cw" / "predictions.jsonl").exists()
    done = here.harness("run", *TASKS, "--output", tmp_path)
    assert done.code == 0, done.stderr
    for task in ("mini_cw", "mini_ow"):
        assert rows(tmp_path / "mini" / task) == rows(plain / "mini" / task)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--tasks", "mini_cww", "--model", "mini"), "did you mean `mini_cw`?"),
        (("run", "--tasks", "mini_cw", "--model", "min"), "did you mean `mini`?"),
        (("run", "--tasks", "mini_cw", "--model", "mini", "--set", "limt=3"), "`limit`"),
        (("run", "--tasks", "mini_cw", "--model", "mini", "--label_set", "x="), "NAME=PATH"),
        (
            ("run", "--tasks", "mini_cw", "--model", "mini", "--label_set", "mini_reg"),
            "`mini_regt`",
        ),
        (
            ("run", "--tasks", "mini_cw", "--model", "mini", "--label_set", "regt"),
            "of other classes",
        ),
        (("run", "--tasks", "mini_cw", "--model", "mini", "--include_path", "/gone"), "/gone"),
        (("run", "--tasks", "mini_cw", "--model", "mini", "--limit", "0"), "--limit"),
        (("score", "nowhere"), "is not a run directory"),
        (("check", "mini_cww"), "did you mean `mini_cw`?"),
        (("rnu",), "No such command"),
    ],
)
def test_mistakes_end_with_code_2_and_one_message(
    words: Sequence[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = here.harness(*words)
    assert done.code == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--tasks", "mini_cww", "--model", "mini"), "did you mean `mini_cw`?"),
        (("run", "--tasks", "mini_cw", "--model", "mini", "--limit", "0"), "--limit"),
        (("rnu",), "No such command"),
    ],
)
def test_a_process_of_its_own_ends_so_too(
    words: Sequence[str], message: str, tmp_path: Path
) -> None:
    done = harness(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_images_with_errors_end_with_code_1(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "image 1.png").write_bytes(b"no image")
    shutil.copy(root / "tests" / "support" / "colour.png", folder / "image 2.png")
    (folder / "labels.jsonl").write_text(
        '{"image_id": "image 1", "labels": [0]}\n{"image_id": "image 2", "labels": [1]}\n'
    )
    (folder / "l.yaml").write_text(
        "label_set: two\nformat: jsonl\npath: labels.jsonl\nclass_list: mini\n"
    )
    (folder / "t.yaml").write_text(
        "task: two\nprotocol: ow\ndataset_path: .\nclass_list: mini\nlabel_sets: two\n"
        "doc_to_text: '<image> What is it?'\nmetadata: {version: 1}\nmapping: {encoder: lexical}\n"
    )
    words = ("--tasks", "two", "--model", "mini", "--include_path", folder)
    done = here.harness("run", *words, "--output", tmp_path / "runs")
    assert done.code == 1, done.stderr
    written = rows(tmp_path / "runs" / "mini" / "two")
    assert [row["status"] for row in written] == ["error", "ok"]
    assert "image 1.png: not an image" in str(written[0]["error"])
