"""The parser's front: one function for each protocol, from a verbatim answer to an outcome."""

from collections.abc import Sequence

from harness.answers.batch import parse_batch
from harness.answers.letters import read_letter
from harness.answers.names import read_name
from harness.answers.outcome import EXACT, Outcome, Status
from harness.answers.question import Names
from harness.answers.refusal import denies_list, only_declines
from harness.answers.text import answer_text, is_blank, plain
from harness.data.classes import ClassList

__all__ = ["answer_text", "parse_batch", "parse_letter", "parse_name", "parse_open"]


def parse_name(answer: str | None, classes: ClassList) -> Outcome:
    """Give the outcome of a closed-world answer: which of the listed names it is.

    The rules, in order: `strict` (lower case and stripped, the paper's matching), `normalized`,
    `empty`, `spelling`, `numbered`, `answer_prefix`, `first_line`, then over the names mentioned in
    longer text `refused`, `none_listed`, `several_names`, `hedged`, `single_mention`, `negated`,
    and `oop` when nothing of the list is named.
    """
    return read_name(answer, Names(classes))


def parse_letter(answer: str | None, options: Sequence[int], classes: ClassList) -> Outcome:
    """Give the outcome of a multiple-choice answer; `options` are the class ids of A, B, C, ….

    The rules, in order: `strict` (the letter alone), `empty`, `option_name`, `answer_prefix`,
    `position`, `letter`, `letter_name`, each of which may end in `other_letter`, `other_name`,
    `several_letters`, `letter_conflict` or `negated`; for text without a letter those of
    `parse_name`. ValueError for more than 26 options.
    """
    return read_letter(answer, options, classes)


def parse_open(answer: str | None) -> Outcome:
    """Give the outcome of an open-world answer: EMPTY, REFUSED, or OK without a class id.

    The class is found later, by the nearest class name under a text encoder; see `answer_text`.
    """
    text = plain(answer)
    said = answer_text(text)
    if is_blank(said):
        return Outcome(Status.EMPTY, rule="empty")
    if only_declines(text) or only_declines(said) or denies_list(text):
        return Outcome(Status.REFUSED, rule="refused")
    return Outcome(Status.OK, rule="open")


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
