"""Requests of an `hf` model as it reads them: made ready one by one, then put into a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.adapters.hf.inputs import Images, InputMaker, Inputs
from harness.adapters.hf.prefix_cache import PrefixCache
from harness.adapters.hf.shared_prefix import Asked, Beginning, SharedPrefix, with_prefix


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs of a batch on the model's device; their beginning is in `cache` already, if any."""

    inputs: Inputs
    cache: PrefixCache | None
    lengths: tuple[int, ...]
    """Tokens of each prompt, images included and padding not."""

    @property
    def width(self) -> int:
        """Tokens of a row, padding included."""
        return int(self.inputs["input_ids"].shape[1])


class BatchMaker:
    """Makes batches, from inputs that were made ahead where the processor allows it."""

    def __init__(self, maker: InputMaker, prefix: SharedPrefix | None) -> None:
        self._maker = maker
        self._prefix = prefix

    def ask(self, prompt: str, images: Images) -> Asked:
        """Make a request ready. May be called in several threads at once."""
        if not self._maker.joins:
            return Asked(prompt, images)
        beginning = self._prefix.find(prompt, images) if self._prefix else None
        if beginning is None or beginning.tokens is None:
            return Asked(prompt, images, self._maker.make_ahead(prompt, images))
        tail = self._maker.make_ahead(prompt[len(beginning.text) :], images, False)
        return Asked(prompt, images, tail, beginning)

    def batch(self, asked: Sequence[Asked]) -> Batch:
        """Put requests into a batch."""
        if not self._maker.joins:
            return self._at_once(asked)
        lengths = tuple(each.size for each in asked)
        beginning = self._prefix.common(asked) if self._prefix else None
        cache = self._take(beginning, len(asked))
        if beginning is None or cache is None:
            return Batch(self._maker.join([each.whole() for each in asked]), None, lengths)
        tails = [tail for tail in (each.after(beginning) for each in asked) if tail is not None]
        return Batch(with_prefix(self._maker.join(tails), beginning), cache, lengths)

    def _at_once(self, asked: Sequence[Asked]) -> Batch:
        """Let the processor make the batch, where it does so in a way of its own."""
        prompts, images = [each.prompt for each in asked], [each.images for each in asked]
        found = self._prefix.find(prompts[0], images[0]) if self._prefix else None
        same = found and all(prompt.startswith(found.text) for prompt in prompts)
        beginning = found if found and same and found.tokens is not None else None
        cache = self._take(beginning, len(asked))
        if beginning is None or cache is None:
            inputs = self._maker.make_batch(prompts, images)
        else:
            tails = [prompt[len(beginning.text) :] for prompt in prompts]
            inputs = with_prefix(self._maker.make_batch(tails, images, False), beginning)
        return Batch(inputs, cache, tuple(inputs["attention_mask"].sum(dim=1).tolist()))

    def _take(self, beginning: Beginning | None, rows: int) -> PrefixCache | None:
        return self._prefix.take(beginning, rows) if self._prefix and beginning else None
