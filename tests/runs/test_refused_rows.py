"""A refusal of the service is a refusal, whatever its text says and however many images it had."""

import pytest

from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.prompts.plan import PlannedRequest
from harness.requests import Text
from harness.runs.rows import REFUSED_BY_SERVICE, answered_rows
from harness.specs.task import Protocol

CLASSES = ClassList("two", "clean", (Class(0, "cat"), Class(1, "dog")))


@pytest.mark.parametrize("protocol", ["ow", "cw", "cw_plus", "mc"])
@pytest.mark.parametrize("text", ["", "cat", "A", "I see a cat"])
def test_no_class_is_read_from_a_refusal(protocol: Protocol, text: str) -> None:
    asked = PlannedRequest((0,), ("a",), "which?", (0, 1) if protocol == "mc" else ())
    (row,) = answered_rows(protocol, CLASSES, asked, ["x"], Text(text, refused=True))
    assert (row.status, row.rule, row.class_id) == (Status.REFUSED, REFUSED_BY_SERVICE, None)
    assert row.answer == text


def test_it_is_one_for_every_image_of_the_prompt() -> None:
    asked = PlannedRequest((0, 1), ("a", "b"), "which?")
    response = Text('{"1": "cat", "2": "dog"}', refused=True, truncated=False)
    rows = answered_rows("cw", CLASSES, asked, ["x", "y"], response)
    assert [row.status for row in rows] == [Status.REFUSED] * 2
    assert [row.truncated for row in rows] == [False, False]
