"""Requests of the `hf` adapter made ready ahead of the model: the answers are the same."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from harness.adapters.base import Preparing, Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.reading import AnswerReader
from harness.requests import Ask, Request, Response, Text
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from support.tiny_checkpoints import FAMILIES, make_checkpoint

NAMES = tuple(f"{a} {b}" for a in ("red", "blue", "big", "small") for b in ("cat", "dog", "car"))
LISTED = f"Classes: {'; '.join(NAMES * 3)}.\n<image>\nWhich one is it?"
ASK = Ask(GenerationSpec(max_new_tokens=6))


@pytest.fixture(scope="module", params=["idefics3", "llava", "llava_onevision", "qwen2_5_vl"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = str(request.param)
    if FAMILIES[name].missing:
        pytest.skip(f"its processor needs {', '.join(FAMILIES[name].missing)}")
    return make_checkpoint(name, tmp_path_factory.mktemp(name))


def load(checkpoint: Path) -> HfAdapter:
    return HfAdapter(ModelSpec(model="tiny", adapter="hf", pretrained=str(checkpoint)), Setting())


def requests(count: int) -> list[Request]:
    sizes = [(40, 40), (70, 40), (40, 90), (28, 28), (64, 64)]
    made = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number)
        width, height = sizes[number % len(sizes)]
        pixels = torch.randint(0, 255, (height, width, 3), generator=generator, dtype=torch.uint8)
        made.append(Request((Image.fromarray(pixels.numpy()),), LISTED))
    return made


def texts(responses: Sequence[Response]) -> list[str | None]:
    assert all(isinstance(each, Text) for each in responses)
    return [each.text for each in responses]


def ahead(adapter: HfAdapter, asked: Sequence[Request]) -> list[Request]:
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(adapter.prepare, asked)
        return [replace(each, ahead=one) for each, one in zip(asked, made, strict=True)]


def test_answers_are_those_of_requests_asked_alone(checkpoint: Path) -> None:
    asked = requests(10)
    adapter, fresh = load(checkpoint), load(checkpoint)
    assert isinstance(adapter, Preparing)
    expected = [response for each in asked for response in adapter.respond(ASK, [each])]
    ready = ahead(fresh, asked)  # some were made before the beginning of the prompts was known
    found = [*fresh.respond(ASK, ready[:6]), *fresh.respond(ASK, ready[6:])]
    assert texts(found) == texts(expected)
    assert [each.prompt_tokens for each in found] == [each.prompt_tokens for each in expected]
    assert fresh._prefix is not None and fresh._prefix.used > 100
    sizes = [each.ahead.size if each.ahead else 0 for each in ready]
    assert sizes == [each.prompt_tokens for each in expected]


def test_a_processor_whose_batches_are_no_sum_of_parts_makes_them_itself(checkpoint: Path) -> None:
    asked = requests(7)
    adapter, other = load(checkpoint), load(checkpoint)
    assert adapter._maker.joins
    assert not any("at a time" in note for note in adapter.facts.notes)
    other._maker.joins = False
    expected = texts(adapter.respond(ASK, asked))
    assert (
        texts([*other.respond(ASK, ahead(other, asked[:3])), *other.respond(ASK, asked[3:])])
        == expected
    )
    assert other._prefix is not None and other._prefix.used > 100
    assert any("inputs: made a batch at a time" in note for note in other.facts.notes)


def test_a_processor_that_pads_in_its_own_way_is_seen(checkpoint: Path) -> None:
    adapter = load(checkpoint)
    real = adapter._processor

    class Odd:
        """Turns the images of a batch of several upside down."""

        tokenizer = real.tokenizer

        def __call__(self, **arguments: Any) -> Any:
            if len(arguments["text"]) > 1:
                flip = Image.Transpose.FLIP_TOP_BOTTOM
                turned = [[image.transpose(flip) for image in row] for row in arguments["images"]]
                arguments["images"] = turned
            return real(**arguments)

    adapter._maker._processor = Odd()
    assert not adapter._maker._check()


def test_images_that_do_not_fit_the_text_are_told_ahead(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="0 images for 1 <image> in the text"):
        load(checkpoint).prepare(Request((), LISTED))


def test_writing_stops_when_all_answers_have_ended(checkpoint: Path) -> None:
    adapter = load(checkpoint)
    whole = adapter.respond(Ask(GenerationSpec(max_new_tokens=24)), requests(4))
    stops = tuple((each.text or "")[1:3] for each in whole)
    assert all(stops)
    widths: list[int] = []
    generate = adapter._model.generate

    def watched(**arguments: Any) -> torch.Tensor:
        output: torch.Tensor = generate(**arguments)
        widths.append(output.shape[1] - arguments["input_ids"].shape[1])
        return output

    adapter._model.generate = watched
    asked, ask = requests(4), Ask(GenerationSpec(max_new_tokens=24, until=stops))
    together = adapter.respond(ask, asked)
    assert widths[0] < 24
    for each, full in zip(together, whole, strict=True):
        text = full.text or ""
        assert each.text == text[: min(text.index(stop) for stop in stops if stop in text)]
    alone = [adapter.respond(ask, [each])[0] for each in asked]
    assert [(each.text, each.tokens) for each in together] == [
        (each.text, each.tokens) for each in alone
    ]
    assert widths[0] == max(each.tokens or 0 for each in together)


def test_the_longest_name_sets_the_limit(checkpoint: Path) -> None:
    adapter = load(checkpoint)
    ask = Ask(GenerationSpec(max_new_tokens="longest_name"), choices=NAMES)
    tokens = adapter._choice_tokens.after(adapter._form.render(LISTED), NAMES)
    most = max(map(len, tokens)) + 1
    found = adapter.respond(ask, requests(3))
    fixed = adapter.respond(Ask(GenerationSpec(max_new_tokens=most)), requests(3))
    assert texts(found) == texts(fixed)
    assert max(each.tokens or 0 for each in found) == most


def test_an_answer_has_ended_at_its_end_or_at_a_stop(checkpoint: Path) -> None:
    adapter = load(checkpoint)
    reader: AnswerReader = adapter._reader
    tokens = adapter._tokenizer("a red cat", add_special_tokens=False)["input_ids"]
    assert not reader.has_ended("", tokens, ("dog",))
    assert reader.has_ended("", tokens, ("dog", "red"))
    assert reader.has_ended("", [*tokens, adapter._ends[0]], ("dog",))
