"""Text that an `hf` model writes to a batch: what `generate` is given, and its tokens read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from harness.adapters.hf.batch import Batch
from harness.adapters.hf.constrained import OnlyNames
from harness.adapters.hf.prefix_cache import as_argument
from harness.adapters.hf.reading import AnswerReader
from harness.adapters.hf.sampling import SeededSampling, warpers
from harness.errors import SpecError
from harness.requests import Text
from harness.specs.model import SAMPLING_ONLY, ModelSpec
from harness.specs.task import GenerationSpec


class Writer:
    """Has one model write, as the task says and with what the model's YAML keeps by name."""

    def __init__(self, spec: ModelSpec, model: Any, tokenizer: Any, reader: AnswerReader) -> None:
        self._spec = spec
        self._model = model
        self._reader = reader
        self._padding = tokenizer.pad_token_id
        named = spec.generation.named
        self._kept = {key: value for key, value in named.items() if key not in SAMPLING_ONLY}

    def write(
        self,
        prompts: Sequence[str],
        batch: Batch,
        generation: GenerationSpec,
        seeds: Sequence[int],
        only: OnlyNames | None = None,
    ) -> list[Text]:
        """Answer a batch; `seeds` is for each row the seed of its noise, where the task samples.

        Raises SpecError where beams are asked to sample.
        """
        kept = {} if only else self._kept
        beams = "num_beams" in kept
        if beams and generation.do_sample:
            what = "beams are searched, and the task samples"
            raise SpecError(self._spec.problem("generation.num_beams", what, fix="remove one"))
        options: dict[str, Any] = {
            "max_new_tokens": generation.most_tokens(),
            "do_sample": False,  # what is sampled is drawn by a processor
            "pad_token_id": self._padding,
            **kept,
            **as_argument(self._model, batch.cache),
        }
        if processors := self._processors(generation, seeds, batch.width, only):
            options["logits_processor"] = LogitsProcessorList(processors)
        if generation.until and not beams:
            done = AllEnded(self._reader, prompts, batch.width, generation.until)
            options["stopping_criteria"] = StoppingCriteriaList([done])
        output = self._model.generate(**batch.inputs, **options)
        rows = output[:, batch.width :].tolist()  # the one time that the GPU is waited for
        outside = only.outside if only else [None] * len(rows)
        found = []
        for prompt, row, share, length in zip(prompts, rows, outside, batch.lengths, strict=True):
            read = self._reader.read(prompt, row, generation.until)
            found.append(replace(read, prompt_tokens=length, outside=share))
        return found

    def _processors(
        self, generation: GenerationSpec, seeds: Sequence[int], width: int, only: OnlyNames | None
    ) -> list[Any]:
        found: list[Any] = [only] if only else []
        if generation.do_sample:
            device = torch.device(self._model.device)
            found += warpers(generation, self._spec.generation, device)
            found.append(SeededSampling(seeds, width))
        return found


class AllEnded(StoppingCriteria):  # type: ignore[misc]  # mypy does not read transformers
    """Ends a batch when every answer has ended; until then none, so that no answer is touched."""

    def __init__(
        self, reader: AnswerReader, prompts: Sequence[str], width: int, until: Sequence[str]
    ) -> None:
        """`width` is how many tokens a row of the prompts has."""
        self._reader = reader
        self._open = list(enumerate(prompts))
        self._width = width
        self._until = until

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: Any) -> Tensor:
        """Give whether each row is done: all of them, or none."""
        rows = input_ids[:, self._width :].tolist()
        self._open = [
            (place, prompt)
            for place, prompt in self._open
            if not self._reader.has_ended(prompt, rows[place], self._until)
        ]
        return torch.full((len(rows),), not self._open, device=input_ids.device)
