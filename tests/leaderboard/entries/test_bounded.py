"""Files of strangers are read without believing their sizes."""

import gzip
import os
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.leaderboard.entries.format import Limits, gzip_lines, read_bounded


def packed(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data))
    return path


def test_lines_come_back_without_their_ends(tmp_path: Path) -> None:
    lines = [b"%d" % number * 5000 for number in range(60)]  # several chunks
    path = packed(tmp_path / "a.gz", b"".join(line + b"\n" for line in lines))
    assert list(gzip_lines(path)) == lines


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert list(gzip_lines(packed(tmp_path / "a.gz", b""))) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no gzip", "is no gzip file"),
        (gzip.compress(b"a\n", mtime=0)[:-4], "is cut off"),
        (gzip.compress(b"a\n", mtime=0) * 2, "goes on after its end"),
        (gzip.compress(b"a\n", mtime=0) + b"\0", "goes on after its end"),
        (gzip.compress(b"a\nb", mtime=0), "does not end with the end of a line"),
        (gzip.compress(b"\n" * (64 << 20), mtime=0), "decompresses to too much"),
        (gzip.compress(b"a" * (3 << 20), mtime=0), "decompresses to too much"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(gzip_lines(path))


def test_a_long_line_and_a_large_total_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.gz", os.urandom(200_000).hex().encode() + b"\n")
    assert len(list(gzip_lines(path))) == 1
    with pytest.raises(DataError, match="a line that is too long"):
        list(gzip_lines(path, Limits(line=100_000)))
    with pytest.raises(DataError, match="decompresses to too much"):
        list(gzip_lines(path, Limits(total=100_000)))


def test_a_link_a_pipe_and_a_large_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(tmp_path / "a", 5) == b"12345"
    with pytest.raises(DataError, match="too large"):
        read_bounded(tmp_path / "a", 4)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(DataError, match="cannot be read"):
        read_bounded(tmp_path / "link", 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="no plain file"):
        read_bounded(tmp_path / "pipe", 5)
