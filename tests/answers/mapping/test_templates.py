import numpy as np
import pytest

from harness.answers.mapping.vectors import embed
from harness.encoders.base import TEMPLATES, sentences
from harness.encoders.registry import LexicalEncoder
from harness.errors import SpecError
from harness.specs.model import EncoderSpec

LEXICAL = LexicalEncoder(EncoderSpec(encoder="lexical", kind="lexical"))


def test_the_templates() -> None:
    assert list(TEMPLATES) == ["raw", "photo", "avg", "avg_raw"]
    assert [len(forms) for forms in TEMPLATES.values()] == [1, 1, 7, 8]
    assert all(form.count("{}") == 1 for forms in TEMPLATES.values() for form in forms)
    assert set(TEMPLATES["avg_raw"]) == {*TEMPLATES["avg"], "{}"}


def test_raw_and_photo_are_one_sentence() -> None:
    np.testing.assert_array_equal(embed(LEXICAL, ["tench"], "raw"), LEXICAL.encode(["tench"]))
    np.testing.assert_array_equal(
        embed(LEXICAL, ["tench"], "photo"), LEXICAL.encode(["a photo of a tench."])
    )


@pytest.mark.parametrize("name", ["avg", "avg_raw"])
def test_an_average_is_of_unit_rows_and_a_unit_row(name: str) -> None:
    rows = embed(LEXICAL, ["tench", "dog"], name)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    mean = np.mean([LEXICAL.encode([form.format("dog")])[0] for form in TEMPLATES[name]], axis=0)
    np.testing.assert_allclose(rows[1], mean / np.linalg.norm(mean), atol=1e-6)


def test_braces_in_a_text_are_text() -> None:
    np.testing.assert_array_equal(
        embed(LEXICAL, ["{} {0} %s"], "photo"), LEXICAL.encode(["a photo of a {} {0} %s."])
    )


def test_half_a_surrogate_pair_is_replaced() -> None:
    np.testing.assert_array_equal(
        embed(LEXICAL, ["dog\ud83d"], "raw"), LEXICAL.encode(["dog\ufffd"])
    )


def test_no_texts() -> None:
    assert embed(LEXICAL, [], "avg").shape[0] == 0


def test_a_sentence_is_its_own_template_and_a_wrong_name_gets_a_suggestion() -> None:
    assert sentences("a sketch of a {}") == ("a sketch of a {}",)
    with pytest.raises(SpecError, match="did you mean `photo`"):
        sentences("photos")
