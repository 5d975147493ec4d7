"""The words that are looked for before a pattern of refusals is: no phrase is passed over."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.answers import refusal

ASCII = st.characters(codec="ascii")


def alternatives(pattern: str) -> list[str]:
    """Cut a pattern at the bars that stand in no bracket."""
    found, depth, in_class = [""], 0, False
    for piece in re.findall(r"\\.|.", pattern, flags=re.S):
        if in_class:
            in_class = piece != "]"
        elif piece == "[":
            in_class = True
        elif piece in "()":
            depth += 1 if piece == "(" else -1
        elif piece == "|" and depth == 0:
            found.append("")
            continue
        found[-1] += piece
    return found


PHRASES = [each for pattern, _ in refusal._PHRASES for each in alternatives(pattern.pattern)]


@pytest.mark.parametrize("phrase", PHRASES, ids=range(len(PHRASES)))
def test_every_phrase_in_ascii_has_one_of_the_words(phrase: str) -> None:
    pattern = re.compile(phrase, re.IGNORECASE)
    try:
        texts = st.from_regex(pattern, alphabet=ASCII)
        texts.validate()
    except InvalidArgument:  # a phrase of another script
        assert not phrase.isascii()
        return

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def declines(text: str) -> None:
        assert refusal.declines(text)

    declines()


def test_a_sentence_that_declines_nothing_is_searched_by_no_pattern() -> None:
    assert list(refusal._phrases("This is a photo of a dog.")) == []
    assert len(list(refusal._phrases("Das ist ein Käfer."))) == 3
