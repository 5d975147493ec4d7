"""Tokens of a model whose tokenizer is not here, estimated by a rule that is said."""

from collections.abc import Sequence

from harness.adapters.base import Counting
from harness.requests import Ask, Request
from harness.specs.template import IMAGE_MARK

_BYTES = 4
RULE = f"a token for {_BYTES} bytes of text"
"""About what common tokenizers make of English; of other languages it is rougher."""


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of a text without `<image>` marks, by `RULE`."""
    return -(-len(text.replace(IMAGE_MARK, "").encode("utf-8", "surrogatepass")) // _BYTES)


class Estimate:
    """What can be said of the prompts of any model: the text as the task writes it."""

    def __init__(self, why: str, reasons: bool = False) -> None:
        """`why` says why no more is known; `reasons` whether the model may write reasoning."""
        self.counting = Counting(exact=False, how=f"{RULE}; {why}", reasons=reasons)

    def prompt(self, request: Request) -> str:
        """Give the text as the task writes it."""
        return request.text

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text."""
        return [estimated_tokens(text) for text in texts]

    def image_tokens(self, request: Request) -> int | None:
        """Not known."""
        return None

    def answer_tokens(self, text: str, answers: Sequence[str]) -> list[int]:
        """Estimate the tokens of each answer and of its end."""
        return [estimated_tokens(answer) + 1 for answer in answers]

    def most_tokens(self, ask: Ask, text: str) -> int:
        """Give the limit of the task; of `longest_name` an estimate."""
        if ask.output_type == "multiple_choice":
            return 0
        longest = max(self.answer_tokens(text, ask.choices), default=None)
        if ask.output_type == "constrained" and longest is not None:
            return longest
        return ask.generation.most_tokens(None if longest is None else longest - 1)

    def cost(self, prompt_tokens: int, answer_tokens: int, cached_tokens: int = 0) -> float | None:
        """Not known."""
        return None
