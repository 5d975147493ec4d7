"""What says that a name is not meant: a negation before it, a denial behind it, a verdict after its
clause, and a statement of what only seems so or would be so.
"""

import re
from collections.abc import Iterator

from harness.answers.vocabulary import DENIES

CROSSES = "✗✘❌🚫👎"
ZERO = r"[:=(]\s?0(?:\.0\d*)?\s?%?(?=[),;]|\W*$)"
"""A probability of nothing or next to it, behind a name."""

NEGATION = re.compile(
    r"\b(?:not(?!\s+(?:only|just)\b)|no(?!\s+doubt\b|,|:|\s+[-–—])|never|neither|nor|none|without|unlike|except"
    r"|whether|cannot|(?:rather|other)\s+than|instead\s+of"
    r"|different\s+from|as\s+opposed\s+to|(?:anything|everything|all)\s+but|used\s+to\s+be"
    r"|(?:say|tell|me|sure|know|clear|determine|check|confirm|decide|specify)\s+if"
    r"|nothing\s+like|far\s+from\s+(?:being\s+)?an?|lack(?:s|ing)?"
    r"|(?:confused|mistaken)\s+(?:with|for)|(?:mistak(?:e|es|ing)|mistook)\s+(?:\w+\s+){0,2}for"
    r"|(?:people|one|you|some|many|others)\s+(?:\w+\s+){0,2}?(?:think|assume|expect)"
    r"|i\s+(?:\w+\s+)?(?:thought|assumed)\s+(?:it|this|that)"
    r"|hardly|unlikely\s+(?:to\s+be|that|an?)|improbable|i\s+(?:\w+\s+)?doubt|excludes?|excluding|eliminat(?:es?|ing)"
    r"|rul(?:es?|ing)\s+out|ruled\s+out(?=\s*:)|(?:is|are|was|were|do|does|did|could|would)nt)\b"
    rf"|n't\b|\b0\s?%\s|[{CROSSES}](?=\W{{0,3}}\w)",
    re.IGNORECASE,
)
"""Says that what is named after it in the clause is not meant."""
COMPARISON = re.compile(
    r"\b(?:(?<!\belse\s)than(?!\s+(?:just|one|two|three|a\s+(?:dozen|hundred)|\d))|similar\s+to|related\s+to)\b",
    re.IGNORECASE,
)
"""Says that what is named after it in the clause is something else's measure, and may be meant
elsewhere: "The bird is larger than the other bird".
"""
DENIAL = re.compile(
    r"\b(?:(?:is|are|was|seems|looks|would\s+be)\s+(?:wrong|incorrect|false|excluded|unlikely|ruled\s+out|eliminated"
    r"|absent|missing|out(?=\W*$|,|\s+(?:and|so|because)\b))"
    r"|(?:(?:is|are|does|do|would)\s?(?:not|n't)|can(?:\s?not|'t))\s+(?:the\s+)?(?:be\s+)?(?:it|one|correct|right|shown|present"
    r"|visible|possible|likely|fit|match|apply|answer|here|seen|in)|not\s+(?:present|applicable)|can\s+be\s+(?:ruled\s+out|excluded))\b"
    rf"|(?:\s[-–—]\s|\(|:\s)(?:no|{DENIES})(?=[,)]|\W*$)|,\s(?:no|{DENIES})\W*$|:\sout\W*$|[{CROSSES}]"
    rf"|{ZERO}",
    re.IGNORECASE,
)
"""Says that what was named before it is not meant: "the cat does not fit", "cat (wrong)"."""
DENIED_TOO = re.compile(r"\b(?:too|as\s+well|likewise)\W*$", re.IGNORECASE)
"""Ends a clause whose denial is of all that it names: "the cat is wrong, and the dog as well"."""
VERDICT = re.compile(
    rf"\?\W{{0,6}}(?:no(?!\s+doubt)|{DENIES})\b"
    rf"|\W{{0,6}}(?:but\s+)?(?:no|{DENIES})[^\w\n]{{0,6}}(?:\n|$)",
    re.IGNORECASE,
)
"""Follows a clause that is asked and not said, or taken back: "A cat? No.", "Cat ... nope"."""

# "If it were smaller, I would say cat"; not "If I had to guess" or "If it had to be one of them"
_STATEMENT = re.compile(r"[^.!?;\n]+")
_TURN = re.compile(r"\b(?:but|however)\b", re.IGNORECASE)
_IF_UNREAL = re.compile(
    r"\bif\s+(?:only\s+)?(?:it|this|that|they|there|the\s+\w+)\s+(?:were|had(?!\s+to\b)|did|weren't|hadn't|didn't)\b"
    r"(?!\s+one\b)",
    re.IGNORECASE,
)
_WOULD = re.compile(r"\b(?:would|could|might)\b|'d\b", re.IGNORECASE)
_SEEMS = (
    r"\b(?:look(?:s|ed)?\s+(?:\w+\s+)?like|resembl\w{1,4}|(?:appears?|seems?)\s+to\s+be\s+an?"
    r"|(?:may|might|could)\s+be\s+an?|(?:at\s+)?first\s+(?:glance|sight|thought|impression)|initially)\b"
)
_IDENTITY = (
    r"(?:it|this|that|the\s+(?:[\w'-]+\s+){1,6}?)\s?(?:'s|\bis|\bmust\s+be|\bhas\s+to\s+be"
    r"|\b(?:indicate|suggest|confirm|show)s?)\s+(?:(?:that|it|this|is|actually|really|clearly|in\s+fact"
    r"|most|more|likely|probably|of|closer\s+to)\s+){0,5}(?:an?|the)\s+(?!(?:bit|little|photo|picture|image)\b)"
)
# "It looks like a cat, but it is a lynx", "While it resembles a cat, the ears indicate a lynx"
_SEEMED = re.compile(
    rf"(?P<seems>{_SEEMS}[^.!?\n]{{0,160}}?)[.,;]?\s+(?:but|however|yet),?\s+{_IDENTITY}"
    rf"|(?P<while>\b(?:while|although|though)\b[^.!?\n,]{{0,100}}?{_SEEMS}[^.!?\n,]{{0,100}}),\s+{_IDENTITY}",
    re.IGNORECASE,
)

# "Is this a cat?", which nothing confirms
_ASKED = re.compile(
    r"(?:^|(?<=[.!?\n])|(?<=[.!?]\s))[^\w.!?\n]{0,6}(?:is|are|was|can|could|may|might|would|should|do|does|did|have"
    r"|what|which|who|whose|how|why)\b[^.!?\n]*\?"
    r"(?!\W{0,6}(?:yes|yep|yeah|yup|indeed|correct|sure|definitely|absolutely|of\s+course|likely|probably(?!\s+not)"
    r"|it\s+is|true|exactly|i\s+(?:think|believe)\s+so)\b)",
    re.IGNORECASE,
)


def unreal(text: str) -> Iterator[tuple[int, int]]:
    """Give the stretches of a text that ask, or say what only seems so or would be so."""
    yield from (match.span() for match in _ASKED.finditer(text))
    for match in _SEEMED.finditer(text):
        yield match.span("seems" if match["seems"] else "while")
    for statement in _STATEMENT.finditer(text):
        start = statement.start()
        for turn in (*_TURN.finditer(text, start, statement.end()), None):
            end = turn.start() if turn else statement.end()
            piece = text[start:end]
            if _IF_UNREAL.search(piece) and _WOULD.search(piece):
                yield start, end
            start = end
