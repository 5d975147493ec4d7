"""The command on consoles that lack characters, and where its output is closed, full or not read.

Most of it runs in this process, on streams of other encodings; what ends a process is a process.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli import main
from harness.runs.importing import ImportOptions, import_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import NAMES, N

MODEL = "modèle-雪"
ENCODINGS = ("utf-8", "ascii", "latin-1", "cp1252", "cp932", "cp437")
FULL = Path("/dev/full")


@dataclass(frozen=True)
class Said:
    code: object
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run the command on streams of an encoding, strict as Python's own are."""

    def run(encoding: str, *words: str | Path) -> Said:
        streams = {name: io.BytesIO() for name in ("stdout", "stderr")}
        for name, buffer in streams.items():
            monkeypatch.setattr(sys, name, io.TextIOWrapper(buffer, encoding=encoding))
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = (buffer.getvalue().decode(encoding) for buffer in streams.values())
        return Said(caught.value.code, out, err)

    return run


@pytest.fixture
def run(catalogue: Catalogue, folder: Path) -> Path:
    """A run with an answer that is no Unicode text."""
    said = (*NAMES[:3], "dog \ud83d")
    rows = [{"image_id": f"i{i:02d}", "answer": said[i % 4]} for i in range(N)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = load_task(catalogue, "colours")
    options = ImportOptions(MODEL, folder / "runs")
    return import_answers(catalogue, task, folder / "answers.jsonl", options).path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_scores_are_told_on_every_console(command, run: Path, folder: Path, encoding: str) -> None:  # type: ignore[no-untyped-def]
    done = command(encoding, "score", "--include_path", folder, run)
    assert (done.code, done.err) == (0, "")
    assert "75.00" in done.out
    assert "files: " in done.out
    by_hand = MODEL.encode(encoding, "backslashreplace").decode(encoding)
    assert by_hand in done.out
    dash = "–" if encoding in ("utf-8", "cp1252") else "-"
    assert f"{dash} (0)" in done.out  # a group of no images


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932"])
@pytest.mark.parametrize(
    "words",
    [
        ("--help",), ("run", "--help"), ("merge", "--help"), ("score", "--help"),
        ("import", "--help"), ("map", "--help"), ("compare", "--help"), ("check", "--help"),
        ("plot", "--help"),
        ("list", "--help"), ("export", "lmms-eval", "--help"), ("export", "hf", "--help"),
        ("leaderboard", "build", "--help"), ("submit", "pack", "--help"),
        ("submit", "check", "--help"), ("list", "tasks"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_command_speaks_on_every_console(  # type: ignore[no-untyped-def]
    command, words: Sequence[str], encoding: str
) -> None:
    done = command(encoding, *words)
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_machines_get_the_same_json_everywhere(command, run: Path, folder: Path) -> None:  # type: ignore[no-untyped-def]
    words = ("score", "--json", "--include_path", folder, run)
    told = {command(encoding, *words).out for encoding in ENCODINGS}
    assert len(told) == 1
    assert json.loads(told.pop())[0]["model"] == MODEL


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp932"])
def test_a_name_that_is_not_utf_8_is_shown_escaped(command, tmp_path: Path, encoding: str) -> None:  # type: ignore[no-untyped-def]
    done = command(encoding, "check", tmp_path / os.fsdecode(b"no\xff.yaml"))
    assert done.code == 2
    assert "no\\udcff.yaml" in done.out + done.err
    assert "Traceback" not in done.err


def test_a_mistake_in_the_call_is_told_on_an_ascii_console(command) -> None:  # type: ignore[no-untyped-def]
    done = command("ascii", "score", "été")
    assert done.code == 2
    assert "\\xe9t\\xe9" in done.err


def process(words: str, **streams: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *words.split()]
    return subprocess.run(command, text=True, stderr=subprocess.PIPE, **streams)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(("encoding", "unbuffered"), [("utf-8", ""), ("ascii", "1")])
@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_in_one_message(encoding: str, unbuffered: str) -> None:
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": unbuffered}
    with FULL.open("w") as full:
        done = process("--help", stdout=full, env=env)
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output: cannot be written\n  got: [Errno 28]")
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_gone_ends_the_command_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = process("list tasks", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_without_standard_output_the_command_does_its_work() -> None:
    done = process("list tasks", preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_messages_that_cannot_be_written_change_no_exit_code() -> None:
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "harness", "list", "nonsense"]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=full)
    assert (done.returncode, done.stdout) == (2, "")


def test_nothing_is_said_while_python_ends() -> None:
    """What is registered before the command is called after it, as a library's own end is."""
    code = (
        "import atexit, os, sys; atexit.register(os.write, 2, b'leaked'); from harness.cli import "
        "main; sys.argv = ['harness', *sys.argv[1:]]; main()"
    )
    for words, said in (["--version"], ""), (["list", "nothing-of-the-kind"], "error"):
        command = [sys.executable, "-c", code, *words]
        done = subprocess.run(command, text=True, capture_output=True)
        assert "leaked" not in done.stderr and said.lower() in done.stderr.lower()
        assert bool(done.returncode) == bool(said)
