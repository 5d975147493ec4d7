"""An open-world answer that is a name of the list is that class, whatever the encoder."""

import pytest

from harness.answers.outcome import EXACT, Outcome, Status
from harness.answers.parse import read_open
from harness.data.classes import Class, ClassList

CLASSES = ClassList(
    "these",
    "given",
    (
        Class(1, "狗", aliases=("hound",)),
        Class(2, "강아지"),
        Class(3, "🐶"),
        Class(4, "great white shark"),
        Class(7, "Great_White-Shark"),
        Class(8, "unknown"),
        Class(9, "none of these"),
        Class(10, "sunglasses"),
    ),
)


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ("狗", (1,)),
        (" 狗.\n", (1,)),
        ("강아지", (2,)),
        ("\u1100\u1161\u11bc\u110b\u1161\u110c\u1175", (2,)),  # the same, decomposed
        ("🐶", (3,)),
        ("**A Great White Shark.**", (4, 7)),
        ("Answer: great white shark", (4, 7)),
        ("Unknown", (8,)),  # a name of the list is no refusal
        ("None of these", (9,)),
    ],
)
def test_a_name_of_the_list(answer: str, ids: tuple[int, ...]) -> None:
    assert read_open(answer, CLASSES) == Outcome(Status.OK, ids[0], ids[1:], EXACT)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("hound", Status.OK),  # an alias, which no prompt lists
        ("two sunglasses", Status.OK),
        ("shark", Status.OK),
        ("I don't know.", Status.REFUSED),
        ("", Status.EMPTY),
        (" \n", Status.EMPTY),
        (None, Status.EMPTY),
    ],
)
def test_anything_else_has_no_class_yet(answer: str | None, status: Status) -> None:
    found = read_open(answer, CLASSES)
    assert (found.status, found.class_id, found.also) == (status, None, ())
    assert found.rule != EXACT
