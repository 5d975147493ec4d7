"""A directory has one writer: a whole run, or slices of one count."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.errors import RunError, UserError
from harness.store.lock import WHOLE, Shard, locked

FIRST, SECOND, OF_THREE = Shard(0, 2), Shard(1, 2), Shard(0, 3)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [(WHOLE, WHOLE), (WHOLE, FIRST), (FIRST, WHOLE), (FIRST, FIRST), (FIRST, OF_THREE)],
)
def test_who_may_not_come_in(held: Shard, wanted: Shard, tmp_path: Path) -> None:
    refused = pytest.raises(RunError, match=r"another run writes into this directory\n.*process")
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


def test_the_directory_itself_may_be_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run", WHOLE):
        (tmp_path / "run").rename(tmp_path / "run.old-1")
        with pytest.raises(RunError), locked(tmp_path / "run", WHOLE):
            raise AssertionError("two writers")


def test_what_a_dead_process_left_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / ".run.lock").write_text('{"pid": 1, "host": "gone", "since": "2020"}\n')
    with locked(tmp_path / "run", WHOLE):
        assert '"gone"' not in (tmp_path / ".run.lock").read_text()


@pytest.mark.parametrize("path", ["file/model/task", "task"])
def test_a_place_that_cannot_be_written_is_told(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / ".task.lock").mkdir()
    refused = pytest.raises(UserError, match="no run can be written there")
    with refused, locked(tmp_path / path, WHOLE):
        raise AssertionError("there is no such place")
