"""The `hf` adapter on the embedded model, which loads as a 7B model does."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.registry import load_adapter
from harness.data.images.source import open_source
from harness.errors import MissingPackageError, SpecError
from harness.requests import Ask, Request, Response, Text, noise_seed
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec

PROMPT = "<image>\nWhat is the main object in this image? Reply with its name only."


@pytest.fixture(scope="module")
def adapter() -> HfAdapter:
    return HfAdapter(load_model(Catalogue(), "mini"), Setting())


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    source = open_source(load_task(Catalogue(), "mini_ow"))
    assert source.read is not None
    return [source.read(row) for row in range(0, 240, 20)]


def ask(adapter: HfAdapter, requests: Sequence[Request], size: int) -> list[Response]:
    return [
        response
        for start in range(0, len(requests), size)
        for response in adapter.respond(Ask(), requests[start : start + size])
    ]


def test_answers_are_the_same_alone_and_in_batches(
    adapter: HfAdapter, images: list[Image.Image]
) -> None:
    short = [Request((image,), PROMPT) for image in images]
    longer = [Request((image,), "Well, now, then: " + PROMPT) for image in images]
    mixed = [each for pair in zip(short, longer, strict=True) for each in pair]
    alone = ask(adapter, mixed, 1)
    assert ask(adapter, mixed, 5) == alone
    assert all(isinstance(answer, Text) and answer.text for answer in alone)
    assert len({answer.text for answer in alone}) > 1


def test_tokens_are_counted_to_the_end_of_each_answer(
    adapter: HfAdapter, images: list[Image.Image]
) -> None:
    for answer in adapter.respond(Ask(), [Request((image,), PROMPT) for image in images[:3]]):
        assert answer.tokens is not None and 1 <= answer.tokens <= 33
    one = GenerationSpec(max_new_tokens=1)
    (answer,) = adapter.respond(Ask(one), [Request((images[0],), PROMPT)])
    assert answer.tokens == 1


def test_an_answer_that_the_limit_cut_off_says_so(
    adapter: HfAdapter, images: list[Image.Image]
) -> None:
    whole = adapter.respond(Ask(), [Request((image,), PROMPT) for image in images])
    assert [answer.truncated for answer in whole] == [False] * len(images)
    for most in (1, 2, 3):
        limit = GenerationSpec(max_new_tokens=most)
        found = adapter.respond(Ask(limit), [Request((image,), PROMPT) for image in images])
        assert [each.truncated for each in found] == [(each.tokens or 0) > most for each in whole]
    stop = GenerationSpec(max_new_tokens=1, until=((whole[0].text or "")[:1],))
    (stopped,) = adapter.respond(Ask(stop), [Request((images[0],), PROMPT)])
    assert (stopped.text, stopped.truncated) == ("", False)


def test_several_images_in_one_prompt(adapter: HfAdapter, images: list[Image.Image]) -> None:
    text = "1: <image>\n2: <image>\nWhich?"
    inputs = adapter._maker.make([adapter._form.render(text)], [images[:2]], True)
    assert inputs["pixel_values"].shape[0] == 2


def test_sampling_follows_its_seed(adapter: HfAdapter, images: list[Image.Image]) -> None:
    def sample(seed: int) -> list[str | None]:
        generation = GenerationSpec(do_sample=True, temperature=5.0, seed=seed)
        requests = [
            Request((image,), PROMPT, noise_seed(seed, [str(n)])) for n, image in enumerate(images)
        ]
        return [answer.text for answer in adapter.respond(Ask(generation), requests)]

    assert sample(1) == sample(1) != sample(2)


def test_what_is_known_of_the_model_is_told(adapter: HfAdapter) -> None:
    facts = adapter.facts
    assert facts.architecture == "LlavaForConditionalGeneration"
    assert facts.dtype == "float32" and facts.device == "cpu"
    assert facts.parameters is not None and 1e6 < facts.parameters < 2e6


def test_padding_on_the_right_is_not_let_through(
    adapter: HfAdapter, images: list[Image.Image]
) -> None:
    """Batches are padded here; what a processor pads itself is looked at."""
    requests = [Request((images[0],), PROMPT), Request((images[0],), "Much longer. " + PROMPT)]
    expected = adapter.respond(Ask(), requests)
    prompts = [adapter._form.render(each.text) for each in requests]
    adapter._tokenizer.padding_side = "right"
    try:
        assert adapter.respond(Ask(), requests) == expected
        with pytest.raises(RuntimeError, match="pads on the right"):
            adapter._maker.make(prompts, [each.images for each in requests])
    finally:
        adapter._tokenizer.padding_side = "left"


def test_adapters_are_found_by_name_or_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean `hf`"):
        load_adapter(ModelSpec(model="m", adapter="hff"), Setting())
    with pytest.raises(MissingPackageError, match="make `nowhere` importable"):
        load_adapter(ModelSpec(model="m", adapter="nowhere:Thing"), Setting())
    with pytest.raises(SpecError, match="has no class `Thing`"):
        load_adapter(ModelSpec(model="m", adapter="json:Thing"), Setting())
    with pytest.raises(SpecError, match="needs `pretrained`"):
        load_adapter(ModelSpec(model="m", adapter="hf"), Setting())
