import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.encoders.registry import DIMENSION, LexicalEncoder
from harness.specs.model import EncoderSpec

SPEC = EncoderSpec(encoder="lexical", kind="lexical")
ROOT = Path(harness.__file__).parents[1]


def test_rows_are_unit_and_of_the_right_shape() -> None:
    rows = LexicalEncoder(SPEC).encode(["tench", "great white shark", " ", ""])
    assert rows.shape == (4, DIMENSION)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 0, 0], atol=1e-6)
    assert LexicalEncoder(SPEC).encode([]).shape == (0, DIMENSION)


def test_the_n_grams_of_a_word_are_counted_with_its_edges() -> None:
    encoder = LexicalEncoder(SPEC.model_copy(update={"ngram_range": (2, 2)}))
    # " a", "ab", "b " against " a", "ac", "c ": one in three is shared.
    first, second = encoder.encode(["ab", "ac"])
    assert first @ second == pytest.approx(1 / 3, abs=1e-6)


def test_spelling_is_what_counts() -> None:
    tench, tenches, dog, same = LexicalEncoder(SPEC).encode(
        ["tench", "tenches", "dog", "**A Tench**"]
    )
    assert tench @ tenches > 0.6
    assert abs(tench @ dog) < 0.1
    assert tench @ same == pytest.approx(1)


def test_what_is_embedded_has_not_changed_under_its_digest() -> None:
    names = ["C#", "<5 mm", "-10", "**A Great_White-Shark.**", "kite (bird)", "日本", "কালি", "café"]
    pieces = LexicalEncoder(SPEC).pieces(names)
    found = hashlib.sha256(repr(pieces).encode()).hexdigest()[:16]
    assert found == "e0a9a669d49ddd86", "raise _LEXICAL_FORMAT in weights.py, and put this here"


def test_it_is_the_same_in_another_process() -> None:
    code = (
        "from harness.encoders.registry import LexicalEncoder\n"
        "from harness.specs.model import EncoderSpec\n"
        "e = LexicalEncoder(EncoderSpec(encoder='lexical', kind='lexical'))\n"
        "print(e.digest, e.encode(['great white shark', '日本']).tobytes().hex())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_digest_depends_on_the_n_grams_and_the_prompt_and_not_on_the_name() -> None:
    def digest(**changes: object) -> str:
        return LexicalEncoder(SPEC.model_copy(update=changes)).digest

    assert digest(encoder="other", description="words") == digest()
    assert len({digest(), digest(ngram_range=(1, 3)), digest(prompt="x")}) == 3
