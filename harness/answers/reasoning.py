"""Part what a thinking model wrote on its way to an answer from the answer.

Known are the markers of Qwen, DeepSeek and their like (`<think>`), Kimi (`◁think▷`), Mistral
(`[THINK]`), Cohere (`<|START_THINKING|>`), Seed (`<seed:think>`), MedGemma (`<unused94>`), and the
channels of gpt-oss and Gemma (`<|channel|>analysis`), also where the special tokens were dropped.
"""

import re
from collections.abc import Iterator, Sequence

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad)|analysis"
_OPEN = (
    rf"<\s?(?:{_NAMES})\s?>|◁(?:{_NAMES})▷|\[THINK(?:ING)?\]"
    r"|<\|(?:START_THINKING|begin_of_thought)\|>|<unused94>(?:thought\b)?"
    r"|<\|channel\|?>\s?(?:analysis|commentary|thought)\b[^<\n]{0,60}(?:<\|message\|>)?"
)
_CLOSE = (
    rf"<\s?/\s?(?:{_NAMES})\s?>|◁/(?:{_NAMES})▷|\[/THINK(?:ING)?\]"
    r"|<\|(?:END_THINKING|end_of_thought)\|>|<unused95>|<channel\|>"
    r"|<\|channel\|>\s?final\b[^<\n]{0,60}(?:<\|message\|>)?"
)
_MARK = re.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", re.IGNORECASE)
# gpt-oss decoded without its special tokens: "analysisThe user asks …assistantfinaldog"
_BARE_OPEN = re.compile(r"\s*analysis(?=[A-Z\s:])")
_BARE_CLOSE = re.compile(r"assistant\s?final(?:\s*:)?")
_ANSWER_TAG = re.compile(r"<(?:final_?)?answer>", re.IGNORECASE)
_TURN = re.compile(r"<\|(?:start|end|message|return|im_start)\|>(?:assistant\b)?")

MOST_WRITTEN = 400_000
"""Characters of what a model wrote that are kept and looked at, reasoning and answer together."""


def part_reasoning(text: str) -> tuple[str, str | None]:
    """Give the answer without its reasoning, and the reasoning (None where there is none).

    Of a text beyond `MOST_WRITTEN` the beginning alone is looked at.

    Reasoning that never ends takes the rest of the text, save an answer tag in it; an end without
    a beginning takes all that is before it, as a prompt may have begun it. A beginning within
    reasoning is part of it.

    >>> part_reasoning("<think>So: cat. No.</think>dog")
    ('dog', 'So: cat. No.')
    """
    text = text[:MOST_WRITTEN]
    bare = _BARE_OPEN.match(text)
    if bare:
        *_, last = [None, *_BARE_CLOSE.finditer(text)]
        if last is not None:
            return text[last.end() :].lstrip(), text[bare.end() : last.start()].strip()
    pieces = list(_pieces(text))
    if len(pieces) == 1:
        return text, None
    kept = "".join(piece for piece, is_thought in pieces if not is_thought)
    thought = (_TURN.sub("", piece).strip() for piece, is_thought in pieces if is_thought)
    return kept.lstrip(), "\n".join(filter(None, thought)) or None


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Give the text between the marks, and whether it is reasoning."""
    marks = list(_MARK.finditer(text))
    first = _behind_orphans(marks)
    inside, place = False, 0
    if first:
        yield _MARK.sub("", text[: marks[first - 1].start()]), True
        place = marks[first - 1].end()
    for mark in marks[first:]:
        if inside and mark["open"]:
            continue
        yield text[place : mark.start()], inside
        inside, place = bool(mark["open"]), mark.end()
    tag = _ANSWER_TAG.search(text, place) if inside else None
    if tag:
        yield text[place : tag.start()], True
        inside, place = False, tag.start()
    yield text[place:], inside


def _behind_orphans(marks: Sequence[re.Match[str]]) -> int:
    """Count the marks up to the last end without a beginning; what is before it is reasoning."""
    inside, count = False, 0
    for number, mark in enumerate(marks, start=1):
        if mark["close"] and not inside:
            count = number
        inside = bool(mark["open"])
    return count
