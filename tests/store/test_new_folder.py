"""Folders that appear whole or not at all, and take the place of an older one."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import RunError, UserError
from harness.store import new_folder
from harness.store.lock import locked
from support.faults import Ended, Fault, run_forked


def make(folder: Path, text: str, how: Callable[..., object] | None = None) -> None:
    with (how or new_folder.replaced_folder)(folder) as hidden:  # type: ignore[attr-defined]
        for name in ("one", "two"):
            (hidden / name).write_text(text)


def said(folder: Path) -> set[str]:
    """What the files of the folder say: one text, where it is whole."""
    return {(folder / name).read_text() for name in ("one", "two")}


@pytest.fixture(params=[True, False], ids=["in one step", "in two"])
def in_one_step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(new_folder, "exchange", lambda one, other: False)
    return bool(request.param)


def test_two_folders_change_names_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not new_folder.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot")
    assert (tmp_path / "a" / "b").exists() and (tmp_path / "b" / "a").exists()
    assert not new_folder.exchange(tmp_path / "a", tmp_path / "nothing")


def test_an_older_folder_is_replaced_whole(tmp_path: Path, in_one_step: bool) -> None:
    for text in ("old", "new", "newer"):
        make(tmp_path / "site", text)
        assert said(tmp_path / "site") == {text}
        assert [each.name for each in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("kind", ["kill", "full"])
def test_whenever_it_is_killed_there_is_the_old_one_or_the_new(
    tmp_path: Path, in_one_step: bool, kind: str
) -> None:
    ended = Ended((1,), "")
    for at in range(1, 25):
        if ended.codes == (0,):
            break
        place = tmp_path / str(at)
        make(place / "site", "old")

        def again(_: int, place: Path = place) -> int:
            make(place / "site", "new")
            return 0

        ended = run_forked(again, [Fault(kind, at)], place)  # type: ignore[arg-type]
        if in_one_step:
            assert said(place / "site") in ({"old"}, {"new"})
        with locked(place / "site"):  # the next command for the same folder
            assert said(place / "site") in ({"old"}, {"new"})
            left = [each.name for each in place.iterdir() if ".lock" not in each.name]
            assert left == ["site"]
    assert ended.codes == (0,) and said(place / "site") == {"new"}


def test_a_reader_always_finds_one(tmp_path: Path) -> None:
    make(tmp_path / "site", "0")
    (tmp_path / "x").mkdir()
    if not new_folder.exchange(tmp_path / "site", tmp_path / "x"):
        pytest.skip("this file system cannot exchange two folders")
    new_folder.exchange(tmp_path / "site", tmp_path / "x")
    missing, done = [], threading.Event()

    def read() -> None:
        while not done.is_set():
            if not (tmp_path / "site").is_dir():
                missing.append(1)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(50):
        make(tmp_path / "site", str(number))
    done.set()
    thread.join()
    assert missing == []


@pytest.mark.parametrize("how", [new_folder.new_folder, new_folder.replaced_folder])
def test_two_commands_do_not_make_one_folder(tmp_path: Path, how: Callable[..., object]) -> None:
    refused = pytest.raises(RunError, match="another command writes into this directory")
    with locked(tmp_path / "site"), refused:
        make(tmp_path / "site", "new", how)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_leaves_the_old_one(tmp_path: Path, in_one_step: bool) -> None:
    make(tmp_path / "site", "old")
    refused = pytest.raises(UserError, match="cannot be written")
    with refused, new_folder.replaced_folder(tmp_path / "site") as hidden:
        (hidden / "not" / "there").write_text("new")
    assert said(tmp_path / "site") == {"old"}
    assert [each.name for each in tmp_path.iterdir()] == ["site"]
