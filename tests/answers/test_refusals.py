"""The words that are looked for before a pattern of refusals is: no phrase is passed over."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.answers import refusal
from harness.answers.outcome import Status
from harness.answers.parse import parse_name, parse_open
from harness.data.classes import Class, ClassList

CLASSES = ClassList("zoo", "test", tuple(Class(i, n) for i, n in enumerate(("cat", "dog", "cow"))))
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


NO_ANSWERS = (
    *('{"answer": null}', '{"answer": ""}', "It is a", "The image shows", "Answer: unknown"),
    *("The answer is: N/A", '{"label": "none"}', "Unknown animal", "nan", "[no response]"),
    *("Error 429: rate limit", "openai.RateLimitError: slow down", "API error", "[content_filter]"),
    *("The response was blocked.", "I need more context.", "The image is completely black."),
    *("What would you like to know?", "Ich weiß nicht.", "我不知道", "не знаю", "desconocido"),
    *("Hard to say.", "It is unclear", "Not a clue", "It is impossible to tell", "Content removed"),
)


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_what_is_no_answer_is_mapped_to_no_class(text: str) -> None:
    """Neither in an open world, nor in a closed one with mapping, which maps what is `oop`."""
    assert parse_open(text).status in (Status.REFUSED, Status.EMPTY)
    assert parse_name(text, CLASSES).status in (Status.REFUSED, Status.EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        *("hard to say, maybe a lynx", "unclear water", "It is hard"),
        *("It is black.", "an error message on a screen", "server", "no smoking sign", "the"),
        *(
            "an empty bottle",
            "Nothing but a dog",
            "dark chocolate",
            "a content dog",
            "500 euro bill",
        ),
    ],
)
def test_what_only_sounds_like_none_is_an_answer(text: str) -> None:
    assert parse_open(text).status is Status.OK
