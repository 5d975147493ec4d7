"""The text of an answer: what an "Answer:" announces, its opening, its clauses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from harness.answers.parts import take_apart
from harness.answers.vocabulary import ANNOUNCES, COPULA, COUNTS
from harness.data.classes import undress

_NOUN = (
    r"(?:answer|class(?:ification)?|label|category|prediction|object|species|breed|choice|option"
    r"|letter|digit|numeral|selection|selected|guess|pick|result|conclusion|verdict"
    r"|identification)(?:[ _]name)?"
)
_ADJECTIVES = (
    r"(?:(?:the|my|final|correct|best|right|predicted|likely|most|class|category)[ _]+){0,6}"
)
_WHOSE = r"(?:\s+(?:of|for|in|to)\s+(?:the|this)\s+\w+)?"
_LABEL = re.compile(
    rf"(?:^|(?<=[\n{{,])|(?<=[.!?:,]\s))[\s#>*\-\"'“‘«(\[|$_~{{]{{0,8}}(?:(?:so|therefore|thus|hence),?\s+)?"
    rf"{_ADJECTIVES}{_NOUN}[\"']?{_WHOSE}\s*(?P<sign>[:=]|\bis\b:?)\s*(?P<tail>\S[^\n]*)",
    re.IGNORECASE,
)
# "### Answer" with the answer on the next line
_HEADING = re.compile(
    rf"(?:^|(?<=\n))[\W_]{{0,8}}{_ADJECTIVES}{_NOUN}[^\w\n]{{0,4}}\n(?P<tail>\S[^\n]*)",
    re.IGNORECASE,
)
# of bounded length, as a text may begin a field again and again and end none
_FIELD = re.compile(
    rf"[\"']{_ADJECTIVES}{_NOUN}[\"']\s*:\s*(?P<quote>[\"'])(?P<tail>.{{1,2000}}?)(?P=quote)\s*[,}}\n]",
    re.IGNORECASE,
)

# {"answer": null}: a field of an object without an answer
_EMPTY_FIELD = re.compile(
    rf"[\"']{_ADJECTIVES}{_NOUN}[\"']\s*:\s*(?:null|none|\"\s*\"|'\s*'|\[\s*\]|\{{\s*\}})\s*[,}}\n]",
    re.IGNORECASE,
)

# "Answer: Class: dog": a label that announces only another one
_DOUBLED = re.compile(
    rf"\b{_ADJECTIVES}{_NOUN}\s?[:=]\s+(?=[^\w\n]{{0,4}}{_ADJECTIVES}{_NOUN}\s?[:=])", re.IGNORECASE
)
_BARE_LABEL = re.compile(rf"\W*{_ADJECTIVES}{_NOUN}\s*:\W*", re.IGNORECASE)
_NOTHING = " \t\r\n\"'`´‘’“”«»*_~#.,;:!?()[]{}<>|$•·-–—。、！？"

_SUBJECT = (
    r"(?:it|this|that|there|here|i|(?:the|this)\s+(?:main\s+)?(?:image|picture|photo(?:graph)?"
    r"|object|animal|subject)(?:\s+(?:shown|here|(?:in|of)\s+the\s+\w+))?)"
)
_VERB = (
    r"(?:'s|is|are|shows?|depicts?|contains?|features?|displays?|sees?|resembles?|represents?"
    r"|looks?\s+like|(?:appears|seems)\s+to\s+(?:be|show)|(?:must|might|may|could|would)\s+(?:also\s+)?be)"
)
_OPENING = re.compile(
    rf"^\W*(?:(?:i\s+(?:think|believe|would\s+say)|i'd\s+say|yes|sure|well)[,:]?\s+(?:that\s+)?)?"
    rf"(?:{_SUBJECT}\s*(?:(?:probably|likely|most\s+likely|clearly)\s+)?{_VERB}"
    r"|an?\s+(?:photo(?:graph)?|image|picture|close[ -]?up)\s+of)"
    rf"(?:\s+(?:probably|likely|most\s+likely|clearly|definitely))?\s+(?=\S)",
    re.IGNORECASE,
)

_CLAUSE_END = re.compile(
    r"[.!?;]+(?=\s|$)|\n+"
    r"|(?<!\banything )(?<!\beverything )(?<!\ball )\bbut\b"
    r"|\b(?:however|although|though|instead(?!\s+of)|rather(?!\s+than))\b"
    r"|,\s+(?=(?:it|this|that|probably|perhaps|maybe|possibly|likely|most\s+likely|i|so|making)\b)",
    re.IGNORECASE,
)

_JOINED = re.compile(r"\s*(?:,|[&/+]|(?:and|or)\b)", re.IGNORECASE)

_LONGEST_OPENING = 80
_NEXT = "…"
_NEXTS = frozenset({_NEXT, f"a {_NEXT}", f"an {_NEXT}", f"the {_NEXT}"})


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of text within which a negation or a refusal reaches; `start` is its offset."""

    text: str
    start: int


def plain(answer: str | None) -> str:
    """Give what is read of an answer: see `harness.answers.parts`."""
    return take_apart(answer).text


def is_blank(text: str) -> bool:
    """Whether a plain text is nothing but punctuation, or announces an answer that does not come:
    a label ("Answer:"), an opening ("It is a"), a field of an object (`{"answer": null}`).
    """
    if not text.strip(_NOTHING) or _BARE_LABEL.fullmatch(text):
        return True
    begun = f"{text} {_NEXT}"
    if len(text) < _LONGEST_OPENING and without_opening(begun) in _NEXTS - {begun}:
        return True
    return _FIELD.search(text) is None and _EMPTY_FIELD.search(text) is not None


def announced(text: str) -> tuple[str, ...]:
    """Give what follows each label ("Answer:", "The class is", `{"label": …}`), to the line's end.

    >>> announced('It has fins. Answer: tench')
    ('tench',)
    """
    if _FIELD.search(text):
        return tuple(match["tail"].strip() for match in _FIELD.finditer(text))
    text = _DOUBLED.sub("", text)
    found = [
        *((match.start("tail"), match["tail"].strip()) for match in _LABEL.finditer(text)),
        *((match.start("tail"), match["tail"].strip()) for match in _HEADING.finditer(text)),
        *((match.start("tail"), _bare(match["tail"])) for match in ANNOUNCES.finditer(text)),
    ]
    return tuple(tail for _, tail in sorted(found))


def _bare(tail: str) -> str:
    return COPULA.sub("", tail, count=1).strip() or tail.strip()


def subject_of(text: str) -> str:
    """Give what the last explicit label ("Class: …") announces, or the text if there is none.

    What stands around an explicit answer ("It is not a cat.") must not be read as the answer.
    """
    if _FIELD.search(text):
        return announced(text)[-1]
    signed = (match for match in _LABEL.finditer(text) if match["sign"] in ":=")
    *_, last = [None, *chain(signed, _HEADING.finditer(text))]
    return last["tail"].strip() if last else text


def without_opening(text: str) -> str:
    """Drop a sentence's opening that only announces a name ("It is", "A photo of").

    >>> without_opening("This looks like a tench.")
    'a tench.'
    """
    return _OPENING.sub("", text, count=1)


def opens_at(text: str, place: int) -> bool:
    """Whether what begins at a place of a plain text is what the text opens with, but for words
    that count or colour it.

    >>> opens_at("The image shows a group of zebras.", 27)
    True
    """
    opening = text[len(text) - len(without_opening(text)) : place].casefold().split()
    return all(word in COUNTS or word.isdecimal() for word in opening)


def is_joined(text: str, place: int) -> bool:
    """Whether a text goes on with another thing at a place: "and", "or", a comma or a sign."""
    return _JOINED.match(text, place) is not None


def clauses(text: str) -> Iterator[Clause]:
    """Split a plain text at sentence ends, line ends and words that turn against what came before.

    A comma ends a clause only where a new statement begins ("…, it looks like"), because
    enumerations under one negation are common ("not an airplane, bear, bicycle or truck").
    """
    start = 0
    for end in _CLAUSE_END.finditer(text):
        yield Clause(text[start : end.start()], start)
        start = end.end()
    yield Clause(text[start:], start)


def answer_text(answer: str) -> str:
    """Give the part of an answer that a text encoder embeds.

    What `harness.answers.parts` leaves of it, on one line, outer quotes and punctuation off, and
    what a label announces instead of the whole when there is one ("Answer: Dung beetle" ->
    "Dung beetle"). The case is kept. An answer without content gives "".
    """
    text = plain(answer)
    if is_blank(text):
        return ""
    tails = announced(text)
    return undress(" ".join((tails[-1] if tails else text).split()))
