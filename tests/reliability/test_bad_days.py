"""Calls that fail or never end, and disks that are full: told, written down, gone on from."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from support.colours import N
from support.launching import plain, rows, words

Rows = Sequence[Mapping[str, object]]


def test_too_many_errors_end_the_run_and_are_asked_again(
    folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output = tmp_path / "errors"
    done = plain(words(folder, output, "--max_errors", "1"), broken="blue")
    assert done.returncode == 1
    assert "2 images failed, more than --max_errors 1 allows (1)" in done.stdout
    assert "got: ValueError: this colour hurts" in done.stdout
    (part,) = output.rglob("rank-*.jsonl")
    statuses = [
        line.split('"status": "')[1].split('"')[0] for line in part.read_text().splitlines()
    ]
    assert statuses.count("error") == 2  # blue ones; whoever shared their batch has an answer
    assert len(statuses) == 8
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed


@pytest.mark.slow
def test_a_stuck_call_ends_the_run_with_its_batch_written_down(
    folder: Path, tmp_path: Path, undisturbed: Rows
) -> None:
    output = tmp_path / "stuck"
    done = plain(words(folder, output, "--call_timeout", "1"), stuck="blue")
    assert done.returncode == 1
    assert "the model gave no answer within 1 s (--call_timeout)" in done.stdout
    (part,) = output.rglob("rank-*.jsonl")
    lines = part.read_text().splitlines()
    assert len(lines) == 4  # the batch before, and the stuck one as errors
    assert sum('"status": "error"' in line for line in lines) == 2
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed


def test_a_file_that_may_not_grow(folder: Path, tmp_path: Path, undisturbed: Rows) -> None:
    """The system refuses a write in the middle of a row, as a full disk or a quota does."""
    output = tmp_path / "full"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = plain(words(folder, output), limit)
    assert done.returncode == 1
    assert "cannot be written" in done.stdout
    assert "make room or mend it, and give the same command" in done.stdout
    assert "Traceback" not in done.stdout
    assert plain(words(folder, output)).returncode == 0
    assert rows(output) == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB; the test is skipped where none can be mounted."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    try:
        made = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        pytest.skip("mounting a small disk needs root")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk(folder: Path, small_disk: Path, undisturbed: Rows) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 48 * 1024)
    done = plain(words(folder, small_disk / "runs"))
    assert done.returncode == 1, done.stdout
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stdout
    filler.unlink()
    again = plain(words(folder, small_disk / "runs"))
    assert again.returncode == 0, again.stdout
    assert rows(small_disk / "runs") == undisturbed


def test_a_run_without_a_single_readable_image(folder: Path, tmp_path: Path) -> None:
    for path in (folder / "images").iterdir():
        path.write_bytes(b"")
    done = plain(words(folder, tmp_path / "unread"))
    assert done.returncode == 1
    assert f"{N} images failed, more than --max_errors 0.1 allows (10)" in done.stdout
    assert "i11" in done.stdout and "0 bytes" in done.stdout
