"""Take a raw answer apart before anything reads it, and note what was taken off: reasoning, then
the rest.

Known are the markers of Qwen, DeepSeek and their like (`<think>`), Kimi (`◁think▷`), Mistral
(`[THINK]`), Cohere (`<|START_THINKING|>`), Seed (`<seed:think>`), MedGemma (`<unused94>`), and the
channels of gpt-oss and Gemma (`<|channel|>analysis`), also where the special tokens were dropped.

In order: reasoning, control tokens (with what follows the end of the turn), what is struck out,
and markup, whose blocks become lines. The words that remain are the answer's own.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.answers.vocabulary import word_set
from harness.data.classes import INVISIBLE

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


REASONING, CONTROL, MARKUP = "reasoning", "control_tokens", "markup"
QUESTION, DRAFT, CUT = "question", "draft", "cut"

MOST_CHARACTERS = 20_000
"""So much of an answer is read, its reasoning apart: what is longer is cut, which is counted."""

# Squared, circled and flag letters (🅱) have no compatibility form of their own in Unicode.
_LETTERS = {
    first + place: chr(ord("A") + place)
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
    for place in range(26)
}
_ROLE = r"(?:assistant|model|gpt|ai)"
_TURN_BEGINS = re.compile(
    rf"\s*(?:<\|(?:im_start|start|start_header_id)\|>|<start_of_turn>)\s?{_ROLE}"
    r"\s?(?:<\|(?:end_header_id|message)\|>)?",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    r"<\|[^<>|\n]{1,40}\|>|\[/?INST\]|\[(?:EOS|BOS|PAD|SEP|CLS|UNK|MASK)\]|<0x[0-9A-F]{2}>"
    r"|<(?:eos|bos|pad|unk|sep|cls|mask|eo[tdsu]|endoftext|im_(?:start|end)|image|video|unused\d+"
    r"|(?:start|end)_of_(?:turn|utterance|text|image)|fake_token_around_image)>"
)
# An end of text in many tokenizers, struck-out text in HTML: what follows is kept, on its own line.
_SENTENCE_TOKEN = re.compile(r"</?s>")
_STRUCK = re.compile(
    r"~~[^~\n]{1,200}~~|<(del|strike)>[^<>\n]{0,200}</(?:del|strike)>", re.IGNORECASE
)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w:-]{0,30})(?P<rest>\s[^<>\n]{0,200})?\s?/?>")
_INLINE = word_set(
    "a abbr b big cite code em font i ins kbd mark q samp small span strong sub sup tt u"
)
_BLOCK = word_set(
    """
    article aside blockquote body br center dd details div dl dt footer h1 h2 h3 h4 h5 h6 head
    header hr html li main ol p pre section summary table tbody thead title tr ul
    """
)
_CELL = word_set("td th")
_ANSWER = word_set(
    """
    answer final final_answer finalanswer final-answer class class_name classname label prediction
    choice category
    """
)
_FENCE = re.compile(r"```(?:(?:json|text|txt|plaintext|markdown|md|python|yaml|xml|html)\b)?")
_EMPHASIS = re.compile(r"\*\*|`|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)")
_WORDING = re.compile(r"\\(?:text(?:bf|it|rm|tt)?|math(?:bf|it|rm|tt)|emph)\{([^{}\n]{0,200})\}")
_BOXED = re.compile(r"\${0,2}\\(?:boxed|fbox)\{([^{}\n]{0,200})\}\${0,2}")
_LITERAL_BREAK = re.compile(r"\\n(?![a-z])")
_LABEL = "\nAnswer: "


@dataclass(frozen=True, slots=True)
class Parts:
    """A raw answer taken apart."""

    answer: str
    """The text as the model wrote it, but for its reasoning."""
    text: str
    """What is read: NFKC, no markup, single blanks, line breaks kept, no empty lines."""
    reasoning: str | None = None
    removed: tuple[str, ...] = ()
    """What was taken off, of `reasoning`, `control_tokens`, `markup`, `cut`."""


def take_apart(raw: str | None) -> Parts:
    """Take a raw answer apart. Time is linear in its length."""
    answer, reasoning = part_reasoning(raw or "")
    removed = [REASONING] if reasoning else []
    if len(answer) > MOST_CHARACTERS:
        removed.append(CUT)
    shown = INVISIBLE.sub("", answer[:MOST_CHARACTERS]).translate(_LETTERS)
    shown = unicodedata.normalize("NFKC", shown).replace("’", "'").replace("\u2212", "-")
    turn = _own_turn(shown)
    bare = _without_markup(turn)
    removed += [CONTROL] if turn != shown else []
    removed += [MARKUP] if bare != turn else []
    return Parts(answer, _lines(bare), reasoning, tuple(removed))


def _own_turn(text: str) -> str:
    """Cut a text at the first control token behind visible text, and drop those before it."""
    begun = _TURN_BEGINS.match(text)
    place = begun.end() if begun else 0
    for token in _CONTROL.finditer(text, place):
        if text[place : token.start()].strip():
            return text[place : token.start()]
        place = token.end()
    return text[place:]


def _without_markup(text: str) -> str:
    text = _STRUCK.sub(" ", _SENTENCE_TOKEN.sub("\n", text))
    text = _announcing(_BOXED, _WORDING.sub(r"\1", text), lambda match: match[1])
    text = html.unescape(_without_tags(text)) if "<" in text or "&" in text else text
    text = _LITERAL_BREAK.sub("\n", text.replace("\t", "\n"))
    return _EMPHASIS.sub("", _FENCE.sub("\n", text))


def _announcing(
    pattern: re.Pattern[str], text: str, content: Callable[[re.Match[str]], str]
) -> str:
    """Put what a pattern marks as the answer behind a label, unless it is the whole text."""
    outside = pattern.sub("", text)
    label = _LABEL if any(letter.isalnum() for letter in outside) else "\n"
    return pattern.sub(lambda match: f"{label}{content(match)}\n", text)


def _without_tags(text: str) -> str:
    """Put a line break for each tag, a blank for inline ones, a label for those of an answer.

    What only looks like a tag ("<golden retriever>") keeps its words.
    """
    closed = {match["name"].lower() for match in _TAG.finditer(text) if match["end"]}
    wrapped = text.strip()
    whole = wrapped[:1] == "<" and wrapped[-1:] == ">" and len(_TAG.findall(text)) == 2

    def broken(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in _INLINE and (name in closed or not match["name"].isupper()):
            return " "
        if name in _CELL:
            return " | "
        if name in _ANSWER and (name in closed or "answer" in name) and not whole:
            return "\n" if match["end"] else _LABEL
        if name in _BLOCK or name in closed:
            return "\n"
        return f" {match['name']}{match['rest'] or ''} "

    return _TAG.sub(broken, text)


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
