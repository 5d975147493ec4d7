"""Plain texts, clauses, the text that is embedded, and open-world answers."""

import pytest

from harness.answers.mentions import Stance, judged_mentions
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import answer_text, parse_open
from harness.answers.refusal import declines, denies_list, only_declines
from harness.answers.text import announced, clauses, plain, subject_of, without_opening
from harness.data.classes import Class, ClassList

EMBEDDED = (
    ("Dung beetle", "Dung beetle"),
    ("  Dung \n beetle\t", "Dung beetle"),
    ("**Dung beetle**.", "Dung beetle"),
    ("“Dung beetle”", "Dung beetle"),
    ("`Dung beetle`", "Dung beetle"),
    ("- Dung beetle;", "Dung beetle"),
    ("Answer: Dung beetle", "Dung beetle"),
    ("**Answer:** Dung beetle.", "Dung beetle"),
    ("The answer is a dung beetle.", "a dung beetle"),
    ("Ｃｌａｓｓ： Dung beetle", "Dung beetle"),
    ("It has six legs.\nFinal answer: Dung beetle", "Dung beetle"),
    ('{"label": "Dung beetle"}', "Dung beetle"),
    (r"\boxed{Dung beetle}", "Dung beetle"),
    ("Dung beetle<|im_end|>", "Dung beetle"),
    ("It is a dung beetle", "It is a dung beetle"),
    ("St. Bernard", "St. Bernard"),
    ("Geoffroy’s spider monkey", "Geoffroy's spider monkey"),
    ("ﬁsh", "fish"),
    ("...", ""),
    ("", ""),
)

OPEN = (
    (None, Status.EMPTY, "empty"),
    ("", Status.EMPTY, "empty"),
    ("**", Status.EMPTY, "empty"),
    ("Answer:", Status.EMPTY, "empty"),
    ("Dung beetle", Status.OK, "open"),
    ("🐞", Status.OK, "open"),
    ("It is difficult to see, probably a beetle.", Status.OK, "open"),
    ("I can't be sure, but it looks like a beetle.", Status.OK, "open"),
    ("I'm sorry, but this is a beetle.", Status.OK, "open"),
    ("A beetle. I cannot determine the species.", Status.OK, "open"),
    ("A robot, as an AI would draw it", Status.OK, "open"),
    ("An abstract painting in red.", Status.OK, "open"),
    ("The image is blurry. It shows a beetle.", Status.OK, "open"),
    (
        "The image is distorted, making it difficult to discern details of the beetle.",
        Status.OK,
        "open",
    ),
    ("A sorry sight", Status.OK, "open"),
    ("a tin can", Status.OK, "open"),
    ("I'm sorry, I can't assist with that request.", Status.REFUSED, "refused"),
    (
        "I’m sorry, but I cannot help with that. Please try another image.",
        Status.REFUSED,
        "refused",
    ),
    ("I'm sorry, but the image is not clear.", Status.REFUSED, "refused"),
    ("The image is too blurry. I cannot identify the object.", Status.REFUSED, "refused"),
    ("As an AI language model, I do not see images.", Status.REFUSED, "refused"),
    ("Unable to identify the object.", Status.REFUSED, "refused"),
    ("I don't know", Status.REFUSED, "refused"),
    ("Unknown.", Status.REFUSED, "refused"),
)


@pytest.mark.parametrize(("answer", "expected"), EMBEDDED)
def test_the_encoder_gets_the_bare_answer(answer: str, expected: str) -> None:
    assert answer_text(answer) == expected


@pytest.mark.parametrize(("answer", "status", "rule"), OPEN)
def test_open_world_answers(answer: str | None, status: Status, rule: str) -> None:
    assert parse_open(answer) == Outcome(status, rule=rule)


def test_plain_keeps_lines_and_nothing_else_of_the_layout() -> None:
    assert plain(" a  b\u200b\n\n\n**c**\r\n ```d``` ") == "a b\nc\nd"
    assert plain(None) == ""


def test_labels() -> None:
    assert announced("Class: cat. Label: dog") == ("cat. Label: dog",)
    assert announced("Class: cat\nThe correct label is dog") == ("cat", "dog")
    assert announced("a first class answer") == ()
    assert subject_of("Unlike the dog.\nAnswer: bobcat\nNot the cat.") == "bobcat"
    assert subject_of("The object is hidden.") == "The object is hidden."
    assert without_opening("I think that it is a dog") == "a dog"
    assert without_opening("a dog") == "a dog"


def test_clauses_cover_the_text() -> None:
    text = "It is a cat, a small one, but it is not a dog. No.\nDone"
    parts = tuple(clauses(text))
    assert all(text[part.start :].startswith(part.text) for part in parts)
    assert [part.text.strip() for part in parts if part.text.strip()] == [
        "It is a cat, a small one,",
        "it is not a dog",
        "No",
        "Done",
    ]


def test_refusals_are_narrow() -> None:
    assert declines("I can't tell what it is")
    assert not declines("a can't-miss view")
    assert not declines("The dog cannot reach the ball")
    assert only_declines("I'm sorry, I can't assist with that.")
    assert not only_declines("A dog. I can't tell the breed.")
    assert denies_list("It is not one of the classes")
    assert not denies_list("one of the dogs is not visible")


def test_mentions_know_how_they_are_meant() -> None:
    classes = ClassList(
        "t", "test", tuple(Class(i, n) for i, n in enumerate(("cat", "dog", "bear")))
    )
    text = "It is a cat, not a dog. I cannot tell whether a bear is near. A dog or so."
    found = [(item.ids[0], item.stance) for item in judged_mentions(text, classes)]
    assert found == [
        (0, Stance.AFFIRMED),
        (1, Stance.NEGATED),
        (2, Stance.DECLINED),
        (1, Stance.HEDGED),
    ]
    assert [text[item.start : item.end] for item in judged_mentions(text, classes)] == [
        "cat",
        "dog",
        "bear",
        "dog",
    ]
