"""An adapter of one's own that gives something else than responses ends the run, and says so."""

import pytest

from harness.adapters.base import Setting
from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.errors import RunError
from harness.prompts.plan import PlannedRequest
from harness.requests import Ask, Failed, Request, Response, Scores, Text
from harness.runner.asking import Asker
from harness.runs.rows import answered_rows
from harness.specs.model import ModelSpec
from support.colours import ColourAdapter

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")
CLASSES = ClassList("two", "clean", (Class(0, "cat"), Class(1, "dog")))


class Giving(ColourAdapter):
    """Gives the same for whatever it is asked."""

    def __init__(self, given: object) -> None:
        super().__init__(MODEL, Setting())
        self.given = given

    def respond(self, ask: Ask, requests: list[Request]) -> list[Response]:
        return self.given  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([Text("a")], "1 response for 2 requests"),
        ([Text("a"), "b"], "a str, which is no Text, Scores or Failed"),
        ([None, None], "a NoneType"),
        ([Text("a"), Text(3)], "a Text that holds a int"),
        (None, "no list of responses"),
        (Text("a"), "no list of responses"),
        ("ab", "no list of responses"),
    ],
)
def test_what_is_no_response_ends_the_run(given: object, words: str) -> None:
    with pytest.raises(RunError, match=words):
        Asker(Giving(given), Ask(), 2).respond([Request(()), Request(())])


def test_every_kind_of_response_passes() -> None:
    given: list[object] = [Text("a"), Scores((1.0,)), Failed("no")]
    assert Asker(Giving(given), Ask(), 3).respond([Request(())] * 3) == given


def test_ranked_text_needs_the_lengths_of_its_choices() -> None:
    asked = PlannedRequest((0,), ("a",), "which?")
    (row,) = answered_rows("cw", CLASSES, asked, ["x"], Scores((0.5, 0.1)))
    assert row.status is Status.ERROR and "without `lengths`" in (row.error or "")
