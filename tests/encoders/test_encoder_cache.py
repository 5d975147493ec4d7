import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.encoders.base import TextEncoder, Vectors
from harness.encoders.cache import CachedEncoder, cache_folder
from harness.encoders.registry import LexicalEncoder
from harness.specs.model import EncoderSpec

ROOT = Path(harness.__file__).parents[1]


class Counting:
    """An encoder that remembers what it was asked for."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self.digest = encoder.digest
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        return self._encoder.encode(texts)


@pytest.fixture
def inner() -> Counting:
    return Counting(LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical")))


def test_each_text_is_embedded_once_ever(inner: Counting, tmp_path: Path) -> None:
    cached = CachedEncoder(inner, tmp_path)
    texts = ["tench", "shark", "tench", "日本", "\ud83d"]
    first = cached.encode(texts)
    assert inner.asked == [["tench", "shark", "日本", "\ud83d"]]
    again = CachedEncoder(inner, tmp_path).encode([*texts, "cat"])
    assert inner.asked[1:] == [["cat"]]
    np.testing.assert_array_equal(again[:5], first)
    np.testing.assert_array_equal(first, inner.encode(texts))
    assert first.dtype == np.float32
    assert (cached.name, cached.digest) == (inner.name, inner.digest)


def test_no_texts(inner: Counting, tmp_path: Path) -> None:
    assert CachedEncoder(inner, tmp_path).encode([]).shape == (0, 4096)


def test_other_encoders_do_not_share(inner: Counting, tmp_path: Path) -> None:
    other = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical", ngram_range=(1, 1)))
    CachedEncoder(inner, tmp_path).encode(["tench"])
    np.testing.assert_array_equal(
        CachedEncoder(other, tmp_path).encode(["tench"]), other.encode(["tench"])
    )


def test_the_folder_is_told_by_the_environment(
    inner: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "embeddings"
    CachedEncoder(inner).encode(["tench"])
    assert [path.suffix for path in (tmp_path / "embeddings").iterdir()] == [".sqlite"]
    monkeypatch.delenv("HARNESS_CACHE")
    assert cache_folder() == Path.home() / ".cache/mllm-classification-harness/embeddings"


@pytest.mark.parametrize("damage", ["not sqlite", "cut", "overwritten"])
def test_a_damaged_file_is_begun_anew(inner: Counting, tmp_path: Path, damage: str) -> None:
    cached = CachedEncoder(inner, tmp_path)
    texts = [f"name {i}" for i in range(50)]
    before = cached.encode(texts)
    whole = cached.path.read_bytes()
    middle = len(whole) // 2
    cached.path.write_bytes(
        {
            "not sqlite": b"nothing of the kind" * 100,
            "cut": whole[:middle],
            "overwritten": whole[:4096] + b"\xff" * (len(whole) - 4096),
        }[damage]
    )
    np.testing.assert_array_equal(cached.encode(texts), before)
    asked = len(inner.asked)
    np.testing.assert_array_equal(cached.encode(texts), before)
    assert len(inner.asked) == asked


def test_a_damaged_row_is_embedded_again(inner: Counting, tmp_path: Path) -> None:
    cached = CachedEncoder(inner, tmp_path)
    before = cached.encode(["tench", "shark"])
    with closing(sqlite3.connect(cached.path)) as file, file:
        file.execute("UPDATE embedding SET vector = zeroblob(length(vector))")
    np.testing.assert_array_equal(cached.encode(["tench", "shark"]), before)


def test_without_a_place_to_write_it_goes_on_and_says_so(
    inner: Counting, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        rows = CachedEncoder(inner, tmp_path / "file").encode(["tench"])
    np.testing.assert_array_equal(rows, inner.encode(["tench"]))
    assert "going on without the embeddings" in caplog.text


@pytest.mark.slow
def test_several_processes_at_once(inner: Counting, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from harness.encoders.cache import CachedEncoder\n"
        "from harness.encoders.registry import LexicalEncoder\n"
        "from harness.specs.model import EncoderSpec\n"
        "inner = LexicalEncoder(EncoderSpec(encoder='lexical', kind='lexical'))\n"
        "cached = CachedEncoder(inner, Path(sys.argv[1]))\n"
        "start = int(sys.argv[2])\n"
        "for i in range(start, start + 60):\n"
        "    cached.encode([f'name {i}', f'name {i + 1}'])\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(start)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for start in (0, 20, 40, 60)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert errors == ""  # no warning: nobody had to go on without
    texts = [f"name {i}" for i in range(121)]
    rows = CachedEncoder(inner, tmp_path).encode(texts)
    assert inner.asked == []
    np.testing.assert_array_equal(rows, inner.encode(texts))
