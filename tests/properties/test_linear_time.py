"""Reading takes time linear in the text: texts made of the rungs' own pieces, over and over."""

import time
from collections.abc import Callable

import pytest

from harness.answers.parse import answer_text, parse_batch, parse_letter, parse_name, parse_open
from harness.data.classes import Class, ClassList
from support.calls import calls

NAMES = ("cat", "dog", "cow", "pig", "St. Bernard", "red wolf or maned wolf", "<5 mm", "C#", "can")
CLASSES = ClassList("n", "test", tuple(Class(i, name) for i, name in enumerate(NAMES)))

PIECES = (
    *("A, B, C, D, ", "A ", "A. cat ", "A. cat\n", "B\n", "Option B ", "A-", "either ", "option "),
    *(
        "(",
        "[",
        "{",
        '{"1": ',
        '"a" ',
        '["a" ',
        '[["1", "cat"], ',
        '{"image": 1, "class": "cat"}, ',
    ),
    *("<", "<a ", "<answer>", "</answer>", "<think>", "</think>", "<|channel|>analysis", "<|a|>"),
    *("</s>", "~~a~~", "```", "\\boxed{", "\\text{", "&lt;", "**", "*", "_", "$", "!", "- ", "."),
    *("Answer: ", "the final ", "The answer is ", "It is ", "I think ", "is ", "so ", "the "),
    *(
        "cat ",
        "cat, ",
        "cat (",
        "cat and ",
        "cat. ",
        "cat\n",
        "1. cat\n",
        "1: cat, ",
        "or ",
        "not ",
    ),
    *("St. ", "red wolf or ", "<5 ", "'s ", "x-", "é", "ক", "\u200b", "\n", " ", "\t", "1", "1. "),
    *(
        "I cannot ",
        "no image ",
        "please upload ",
        "none of the ",
        "if you ",
        "image ",
        "죄송",
        "选",
    ),
    *(
        "cat? No. ",
        "no, ",
        ": no ",
        "(wrong",
        "i doubt ",
        "it looks like a ",
        "while it may be a ",
        "but it is a ",
        "the a b c d e f ",
        "if it were ",
        "would ",
        "as well ",
        "❌ ",
        "is it a cat? ",
        "is it ",
        "than ",
        "B, not C, ",
        "(0.0",
        "you might ",
        "maybe C\n",
        '"answer": ',
        "null",
        "error ",
        "content ",
    ),
    *("| 1 | cat |\n", "Image 1: cat\n", "it, this, ", "2nd "),
)
READERS: dict[str, Callable[[str], object]] = {
    "mc": lambda text: parse_letter(text, range(4), CLASSES),
    "cw": lambda text: parse_name(text, CLASSES),
    "ow": lambda text: (parse_open(text), answer_text(text)),
    "batch": lambda text: parse_batch(text, 3),
}


def seconds(reader: Callable[[str], object], text: str) -> float:
    """Give the processor time of one reading."""
    start = time.process_time()
    reader(text)
    return time.process_time() - start


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_makes_about_twice_the_calls(reader: str) -> None:
    """And a regular expression that would take its square or worse takes seconds."""
    read = READERS[reader]
    for piece in PIECES:
        short, long = (piece * (length // len(piece)) for length in (500, 1_000))
        assert calls(read, long) < 2.5 * calls(read, short) + 1_000, piece
        assert seconds(read, piece * (3_000 // len(piece))) < 3, piece


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_takes_about_twice_the_time(reader: str) -> None:
    read = READERS[reader]
    for piece in PIECES:
        short, long = (piece * (length // len(piece)) for length in (5_000, 10_000))
        if seconds(read, long) < 0.25:
            continue  # no room for a square: at most a quarter of a second for 10,000 characters
        took = min(seconds(read, long) for _ in range(2))
        assert took < min(1, 3.5 * min(seconds(read, short) for _ in range(2))), piece
