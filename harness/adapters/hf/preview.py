"""An `hf` model without its weights: its prompts and how many tokens they are."""

from collections.abc import Sequence

from harness.adapters.base import Counting
from harness.adapters.hf.choices import ChoiceTokens, longest
from harness.adapters.hf.inputs import InputMaker
from harness.adapters.hf.loading import load_config, load_processor
from harness.adapters.hf.prompt import PromptOptions, prompt_form
from harness.adapters.hf.reading import markers_of
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec
from harness.weights import find

_TOGETHER = 1024  # texts that are tokenized at a time


class HfPreview:
    """The processor and config of a model; inputs are made by the code that makes them in a run."""

    def __init__(self, spec: ModelSpec, options: PromptOptions) -> None:
        weights = find(spec)
        processor = load_processor(spec, weights)
        config = load_config(spec, weights)
        self._tokenizer = processor.tokenizer
        self._form = prompt_form(spec, options, processor, config.model_type)
        self._maker = InputMaker(processor, self._form)
        self._choices = ChoiceTokens(self._tokenizer, self._form.ending)
        self.counting = Counting(
            exact=True,
            how=f"by the model's own processor ({type(processor).__name__}, {self._form})",
            reasons=markers_of(options, self._tokenizer, self._form.template) is not None,
            context=getattr(config.get_text_config(), "max_position_embeddings", None),
        )

    def prompt(self, request: Request) -> str:
        """Give the prompt, with the mark of an image where its tokens will stand."""
        return self._form.render(request.text)

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each prompt with the bare mark of each image."""
        found: list[int] = []
        for start in range(0, len(texts), _TOGETHER):
            prompts = [self._form.render(text) for text in texts[start : start + _TOGETHER]]
            found += map(len, self._form.tokens(prompts))
        return found

    def image_tokens(self, request: Request) -> int:
        """Count what the processor makes of a request beyond the tokens of its bare prompt."""
        inputs = self._maker.make([self._form.render(request.text)], [request.images])
        return int(inputs["input_ids"].shape[1]) - self.text_tokens([request.text])[0]

    def answer_tokens(self, text: str, answers: Sequence[str]) -> list[int]:
        """Count the tokens of each answer where it follows the prompt, and of its end."""
        tokens = self._choices.after(self._form.render(text), tuple(answers))
        return [len(each) + 1 for each in tokens]

    def most_tokens(self, ask: Ask, text: str) -> int:
        """Give the limit of the task, or that of the longest name; ranking writes nothing."""
        if ask.output_type == "multiple_choice":
            return 0
        if not ask.choices:
            return ask.generation.most_tokens()
        most = longest(self._choices.after(self._form.render(text), ask.choices))
        return most + 1 if ask.output_type == "constrained" else ask.generation.most_tokens(most)

    def cost(self, prompt_tokens: int, answer_tokens: int, cached_tokens: int = 0) -> None:
        """Nobody charges for it."""
        return
