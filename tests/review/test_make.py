"""The folder of a review that is made of real runs."""

from pathlib import Path

from harness.review.queue import Queue
from harness.review.sources import Sources
from support.reviews import made_review


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_command_makes_the_same_bytes(mini_sources: Sources, tmp_path: Path) -> None:
    one = made_review(mini_sources, tmp_path / "one")
    two = made_review(mini_sources, tmp_path / "two")
    assert files_of(one.folder) == files_of(two.folder)
    assert Queue.read(one.folder) == one.queue
