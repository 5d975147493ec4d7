"""Any image-text-to-text model of transformers, through its own processor and chat template."""

import json
from collections.abc import Iterator, Sequence

import torch

from harness.adapters.base import ALL_OUTPUTS, Abilities, OutOfMemoryError, Setting
from harness.adapters.hf.batch import Batch, BatchMaker
from harness.adapters.hf.checkpoint_settings import neutralise
from harness.adapters.hf.choices import ChoiceTokens, choices_of, longest
from harness.adapters.hf.constrained import OnlyNames
from harness.adapters.hf.inputs import InputMaker
from harness.adapters.hf.loading import LOADING, facts_of, load_model, load_processor
from harness.adapters.hf.prefix_cache import PrefixCache
from harness.adapters.hf.preview import HfPreview
from harness.adapters.hf.prompt import PromptOptions, prompt_form
from harness.adapters.hf.ranking import TREE_ATTENTION, log_likelihoods, read_prompts
from harness.adapters.hf.reading import AnswerReader, ends_of, markers_of
from harness.adapters.hf.shared_attention import use_shared_attention
from harness.adapters.hf.shared_prefix import Asked, SharedPrefix, prefix_cache
from harness.adapters.hf.writing import Writer
from harness.errors import Problem, SpecError
from harness.requests import Ahead, Ask, Failed, ModelFacts, Request, Response, Scores, misfit
from harness.specs.model import ModelSpec
from harness.weights import find


class HfOptions(PromptOptions):
    """Keys under `options` of a model with adapter `hf`."""

    shared_prefix: bool = True
    """Compute the prompt's part before the first image once for all images. The answers are the
    same; to measure what it gives, say false."""


class HfAdapter:
    """A model of `AutoModelForImageTextToText` and its processor."""

    abilities = Abilities(
        output_types=ALL_OUTPUTS,
        options=HfOptions,
        keys=LOADING | {"system_prompt", "generation"},
        counts_tokens=True,
    )

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._spec = spec
        options = HfOptions(**spec.options)
        weights = find(spec)
        self._commit = weights.commit
        self._processor = load_processor(spec, weights)
        self._model = load_model(spec, weights, torch.device(setting.device))
        self._brought = neutralise(self._model, spec.generation, spec.model)
        self._tokenizer = self._processor.tokenizer
        self._ends = ends_of(self._model.generation_config, self._tokenizer)
        self._form = prompt_form(spec, options, self._processor, self._model.config.model_type)
        self._markers = markers_of(options, self._tokenizer, self._form.template)
        self._reader = AnswerReader(self._tokenizer, self._ends, self._markers)
        self._writer = Writer(spec, self._model, self._tokenizer, self._reader)
        self._choice_tokens = ChoiceTokens(self._tokenizer, self._form.ending)
        self._maker = InputMaker(self._processor, self._form, self._model)
        self._prefix: SharedPrefix | None = None
        if options.shared_prefix and spec.generation.num_beams == 1:
            use_shared_attention(self._model)
            self._prefix = SharedPrefix(self._model, self._maker.make_ahead, self._form.mark)
        self._batches = BatchMaker(self._maker, self._prefix)

    @classmethod
    def preview(cls, spec: ModelSpec) -> HfPreview:
        """Open processor and config, and no weights."""
        return HfPreview(spec, HfOptions(**spec.options))

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return facts_of(self._model, self._commit, notes=tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        config = self._model.config
        yield f"attention: {config._attn_implementation}"
        yield f"prompt: {self._form}"
        if self._prefix is not None:
            yield f"shared prefix: {self._prefix}"
        if not self._maker.joins:
            yield "inputs: made a batch at a time, as the processor's batches are no sum of parts"
        yield from self._brought.notes()
        if self._markers:
            yield f"reasoning: {self._markers}"
        quantised = getattr(config, "quantization_config", None)
        if quantised is not None:
            values = quantised if isinstance(quantised, dict) else quantised.to_diff_dict()
            yield f"quantisation: {json.dumps(values, sort_keys=True, default=str)}"
        if self._spec.device_map is not None:
            yield f"device map: {getattr(self._model, 'hf_device_map', self._spec.device_map)}"

    def prepare(self, request: Request) -> Ahead:
        """Render the prompt and make its inputs. ValueError where images do not fit the text."""
        wrong = misfit(request)
        if wrong is not None:
            raise ValueError(wrong)
        asked = self._batches.ask(self._form.render(request.text), request.images)
        memory = sum(each.nbytes for each in asked.inputs.values())
        return Ahead(asked, asked.size, memory)

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch; a request that cannot be made ready is an error of its own."""
        asked, failed = [], {}
        for place, request in enumerate(requests):
            try:
                asked.append((request.ahead or self.prepare(request)).inputs)
            except (ValueError, TypeError, OSError) as error:
                failed[place] = Failed(f"{type(error).__name__}: {error}")
        good = [each for place, each in enumerate(requests) if place not in failed]
        try:
            answers = iter(self._respond(ask, good, asked) if good else ())
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        return [failed.get(place) or next(answers) for place in range(len(requests))]

    @torch.inference_mode()
    def _respond(
        self, ask: Ask, requests: Sequence[Request], asked: Sequence[Asked]
    ) -> Sequence[Response]:
        prompts = [each.prompt for each in asked]
        batch = self._batches.batch(asked)
        generation = ask.generation
        tokens = choices_of(ask, prompts[0], self._choice_tokens, self._reader)
        seeds = [each.noise for each in requests]
        if ask.output_type == "multiple_choice":
            return self._ranked(batch, tokens)
        if ask.output_type == "constrained":
            enough = {"max_new_tokens": longest(tokens) + 1, "until": ()}
            only = OnlyNames(tokens, batch.width, self._ends)
            generation = generation.model_copy(update=enough)
            return self._writer.write(prompts, batch, generation, seeds, only)
        most = generation.most_tokens(longest(tokens) if tokens else None)
        generation = generation.model_copy(update={"max_new_tokens": most})
        return self._writer.write(prompts, batch, generation, seeds)

    def _ranked(self, batch: Batch, tokens: tuple[tuple[int, ...], ...]) -> list[Scores]:
        cache = self._shared_by_names(batch.cache or prefix_cache(self._model))
        prompted = read_prompts(self._model, batch.inputs, cache)
        sums = log_likelihoods(self._model, prompted, tokens).tolist()
        lengths = tuple(map(len, tokens))
        return [Scores(tuple(row), lengths) for row in sums]

    def _shared_by_names(self, cache: PrefixCache | None) -> PrefixCache:
        where, attention = f"model `{self._spec.model}`", self._model.config._attn_implementation
        if cache is None:
            what = "the model's memory is more than keys and values, which names could share"
            fix = "use another `output_type`, as text or constrained"
            raise SpecError(Problem(where, f"cannot rank: {what}", fix=fix))
        if attention not in TREE_ATTENTION:
            what = "its attention takes no mask of names that share their beginnings"
            got, expected = f"attn_implementation: {attention}", " or ".join(sorted(TREE_ATTENTION))
            fix = "write `attn_implementation: sdpa` into the model's YAML, or "
            fix += "`--set_model attn_implementation=sdpa`"
            raise SpecError(Problem(where, f"cannot rank: {what}", got, expected, fix))
        return cache
