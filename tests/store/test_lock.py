"""A directory has one writer: a whole run, or slices of one count; on every kind of file system."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.errors import RunError, UserError
from harness.store import lock
from harness.store.lock import WHOLE, Shard, locked, reading

FIRST, SECOND, OF_THREE = Shard(0, 2), Shard(1, 2), Shard(0, 3)
IN_USE = r"another command writes into this directory\n.*process"
HOLDS = """
import sys, time
from pathlib import Path
from harness.store import lock
lock._NATIVE = sys.argv[2] == "native"
with lock.locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True, params=["native", "ENOLCK", "EOPNOTSUPP", "ENOSYS", "none"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Locks of the system; a file system that has none, by what it says; a system without any."""
    kind: str = request.param
    if kind == "none":
        monkeypatch.setattr(lock, "_NATIVE", False)
    elif kind != "native":

        def flock(file: int, how: int) -> None:
            raise OSError(getattr(errno, kind), "no locks here")

        monkeypatch.setattr(fcntl, "flock", flock)
    return kind


@pytest.mark.parametrize(
    ("held", "wanted"),
    [(WHOLE, WHOLE), (WHOLE, FIRST), (FIRST, WHOLE), (FIRST, FIRST), (FIRST, OF_THREE)],
)
def test_who_may_not_come_in(held: Shard, wanted: Shard, tmp_path: Path) -> None:
    refused = pytest.raises(RunError, match=f"{IN_USE} {os.getpid()} on ")
    with locked(tmp_path / "run", held), refused, locked(tmp_path / "run", wanted):
        raise AssertionError("two writers")
    with locked(tmp_path / "run", wanted):
        pass


def test_other_slices_and_other_runs_may(tmp_path: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(locked(tmp_path / "run", FIRST))
        stack.enter_context(locked(tmp_path / "run", SECOND))
        stack.enter_context(locked(tmp_path / "runs", WHOLE))
    assert list(tmp_path.iterdir()) == []


def test_slices_that_begin_at_one_time_all_come_in(tmp_path: Path) -> None:
    inside, everyone = threading.Barrier(9), threading.Barrier(9)

    def enter(index: int) -> None:
        with locked(tmp_path / "run", Shard(index, 8)):
            inside.wait(20)
            everyone.wait(20)

    threads = [threading.Thread(target=enter, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    inside.wait(20)
    with pytest.raises(RunError, match=IN_USE), locked(tmp_path / "run"):
        raise AssertionError("two writers")
    everyone.wait(20)
    for thread in threads:
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_who_reads_waits_for_readers_and_is_refused_by_writers(tmp_path: Path) -> None:
    entered = threading.Event()

    def read() -> None:
        with reading([tmp_path / "run"]):
            entered.set()

    with reading([tmp_path / "run", tmp_path / "run", tmp_path / "other"]):
        thread = threading.Thread(target=read)
        thread.start()
        assert not entered.wait(0.5)
    thread.join(20)
    assert entered.is_set()
    refused = pytest.raises(RunError, match=IN_USE)
    with locked(tmp_path / "run"), refused, reading([tmp_path / "run"]):
        raise AssertionError("read while it was written")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_read_without_a_lock(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with reading([tmp_path / "file" / "run"]):
        pass


def test_the_directory_itself_may_be_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run"):
        (tmp_path / "run").rename(tmp_path / "run.old-1")
        with pytest.raises(RunError), locked(tmp_path / "run"):
            raise AssertionError("two writers")


def test_one_directory_by_two_names_is_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with locked(tmp_path / "run"), pytest.raises(RunError), locked(tmp_path / "link"):
        raise AssertionError("two writers")


def test_what_a_dead_process_left_is_no_lock(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path / "run"), kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RunError, match=f"process {process.pid} on "), locked(tmp_path / "run"):
        raise AssertionError("two writers")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.iterdir())
    for shard in (FIRST, WHOLE):
        with locked(tmp_path / "run", shard):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_of_another_machine_is_held_until_it_is_removed(kind: str, tmp_path: Path) -> None:
    if kind == "native":
        pytest.skip("the system frees such a lock itself")
    (tmp_path / ".run.lock.soft").write_text("1\nanother-machine\n")
    who = {"pid": 1, "host": "another-machine", "since": "2020", "brief": False}
    (tmp_path / ".run.lock.by").write_text(json.dumps(who))
    told = r"(?s)process 1 on another-machine since 2020.*remove \.run\.lock\.soft beside"
    with pytest.raises(RunError, match=told), locked(tmp_path / "run"):
        raise AssertionError("two writers")


@pytest.mark.parametrize("path", ["file/model/task", "task"])
def test_a_place_that_cannot_be_written_is_told(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in (".task.lock", ".task.lock.soft"):
        (tmp_path / name).mkdir()
    refused = pytest.raises(UserError, match="nothing can be written there")
    with refused, locked(tmp_path / path):
        raise AssertionError("there is no such place")


def test_the_whole_takes_away_what_kills_have_left(tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "run2"
    names = (".run.importing-7", ".run.exporting-7", ".run.building-7", ".run2.building-7")
    for name in (*names, "run", "run2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".manifest.json.1.tmp").touch()
        (tmp_path / name / "manifest.json").touch()
    with locked(run, FIRST):  # another slice may be writing
        assert (run / ".manifest.json.1.tmp").exists()
    with locked(run):
        assert [each.name for each in run.iterdir()] == ["manifest.json"]
    assert sorted(each.name for each in tmp_path.iterdir()) == [".run2.building-7", "run", "run2"]
    assert (other / ".manifest.json.1.tmp").exists()


def test_what_was_moved_aside_comes_back_where_nothing_took_its_place(tmp_path: Path) -> None:
    (tmp_path / ".site.replaced-7").mkdir()
    (tmp_path / ".site.replaced-7" / "old").touch()
    (tmp_path / ".site.building-7").mkdir()
    with locked(tmp_path / "site"):
        assert (tmp_path / "site" / "old").exists()
    (tmp_path / ".site.replaced-8").mkdir()
    with locked(tmp_path / "site"):
        assert (tmp_path / "site" / "old").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["site"]
