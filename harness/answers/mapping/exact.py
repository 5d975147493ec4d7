"""Open-world answers that are a name of the list: their class needs no text encoder."""

from harness.answers.mapping.rules import EXACT
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import answer_text, parse_open
from harness.data.classes import ClassList


def read_open(answer: str | None, classes: ClassList) -> Outcome:
    """Give the outcome of an open-world answer.

    Rule `exact`, status OK and the class where the answer, or what stands in it after "Answer:" and
    the like, is the name of a class after normalization; of several classes of that name the lowest
    id, the others `also`. Aliases are no names here: no prompt lists them and none is embedded.
    Else as `parse_open`, without a class.
    """
    text = answer or ""
    found = classes.lookup(text) or classes.lookup(answer_text(text)) if text.strip() else ()
    if found:
        return Outcome(Status.OK, found[0], found[1:], EXACT)
    return parse_open(answer)
