"""What may be answered, as tokens that follow a prompt: for ranking and constrained decoding."""

from collections.abc import Sequence
from typing import Any

from harness.adapters.hf.reading import AnswerReader
from harness.requests import Ask

_NEEDS_A_SPACE = (":", ".", "?", "!")
_THINKING = (
    "the chat template begins a reasoning part, so that no answer can stand where `{}` looks for "
    "one; if the template can do without, say so under `options: {{chat_template_kwargs: …}}`"
)


class ChoiceTokens:
    """Gives the tokens of names after a prompt; those of the last prompt are kept."""

    def __init__(self, tokenizer: Any, ending: str = "") -> None:
        """`ending` is what the processor puts behind every prompt."""
        self._tokenizer = tokenizer
        self._ending = ending
        self._last: tuple[tuple[str, ...], str] = ((), "")
        self._known: tuple[tuple[int, ...], ...] = ()

    def after(self, prompt: str, names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        """Give the tokens of each name where the answer to `prompt` begins.

        They are what the tokenizer makes of the prompt's last line with the name behind it, less
        what it makes of that line alone. Where the prompt ends with a word or a mark (`ASSISTANT:`)
        a space stands between, as models write it.
        """
        line = last_line(prompt + self._ending)
        if self._last[0] is not names or self._last[1] != line:
            self._known = tuple(self._tokens(line, name) for name in names)
            self._last = names, line
        return self._known

    def _tokens(self, line: str, name: str) -> tuple[int, ...]:
        text = beginning(line, name)
        before, both = self._encode(line), self._encode(line + text)
        if both[: len(before)] == before and len(both) > len(before):
            return both[len(before) :]
        return self._encode(text)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def beginning(line: str, name: str) -> str:
    """Give a name as an answer begins with it behind a prompt that ends with this line."""
    return f" {name}" if line[-1:].isalnum() or line.endswith(_NEEDS_A_SPACE) else name


def last_line(prompt: str) -> str:
    """Give the last line of a prompt; a line break that ends it is part of the line."""
    return prompt[prompt.rfind("\n", 0, -1) + 1 :]


def choices_of(
    ask: Ask, prompt: str, known: ChoiceTokens, reader: AnswerReader
) -> tuple[tuple[int, ...], ...]:
    """Give the tokens of what may be answered to a prompt; none where all may be.

    Raises ValueError where an answer comes too late, behind a reasoning part.
    """
    if not ask.choices:
        return ()
    if reader.begins_in_reasoning(prompt):
        free = ask.output_type == "generate_until"
        asked = "max_new_tokens: longest_name" if free else ask.output_type
        raise ValueError(_THINKING.format(asked))
    return known.after(prompt, ask.choices)


def longest(tokens: Sequence[Sequence[int]]) -> int:
    """Count the tokens of the longest choice."""
    return max(map(len, tokens))
