"""The reasoning of a thinking model is kept beside its answer, found by the model's own markers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import PreTrainedTokenizerFast

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.reading import AnswerReader, Markers, find_markers
from harness.answers.outcome import Status
from harness.errors import SpecError
from harness.requests import Ask, Request, Response
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from harness.store.lines import read_predictions
from support.tiny_checkpoints import make_thinking_checkpoint
from support.tiny_tokenizer import make_tokenizer

PLAIN = make_tokenizer({}, plain=("<think>", "</think>"))
SPECIAL = make_tokenizer({"begin_token": "[THINK]", "end_token": "[/THINK]"})
UNKNOWN = make_tokenizer({})
OPENED = "user: what?\nassistant: <think>\n"


def reader(tokenizer: PreTrainedTokenizerFast, markers: Markers | None) -> AnswerReader:
    return AnswerReader(tokenizer, [tokenizer.eos_token_id], markers)


def ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize(
    ("tokenizer", "template", "expected"),
    [
        (PLAIN, None, Markers("<think>", "</think>")),
        (SPECIAL, None, Markers("[THINK]", "[/THINK]")),
        (UNKNOWN, "{{ '◁think▷' if x else '◁think▷◁/think▷' }}", Markers("◁think▷", "◁/think▷")),
        (UNKNOWN, "{{ '</think>' }}", None),  # nothing that begins it
        (UNKNOWN, None, None),
    ],
)
def test_markers_are_found_in_the_models_own_files(
    tokenizer: PreTrainedTokenizerFast, template: str | None, expected: Markers | None
) -> None:
    assert find_markers(tokenizer, template) == expected


def test_a_declared_response_template_comes_first() -> None:
    fields = {"reasoning_content": {"open": ["<|channel>thought\n"], "close": "<channel|>"}}
    declared = SimpleNamespace(response_template={"fields": fields}, get_added_vocab=dict)
    assert find_markers(declared, "<think></think>") == Markers("<|channel>thought\n", "<channel|>")


@pytest.mark.parametrize(
    ("prompt", "generated", "text", "reasoning"),
    [
        ("user: what?", "a cat</s>", "a cat", None),
        ("user: what?", "<think>has fur</think>\n\na cat</s>", "a cat", "has fur"),
        ("user: what?", "<think>has fur", "", "has fur"),
        (OPENED, "has fur\n</think>\n\na cat</s>", "a cat", "has fur"),
        (OPENED, "has fur, and", "", "has fur, and"),
        (OPENED, "has fur</s>", "", "has fur"),
        (OPENED + "\n</think>\n\n", "a cat</s>", "a cat", None),  # thinking was turned off
        (OPENED, "</think>a cat", "a cat", ""),
    ],
)
def test_reasoning_is_taken_out_of_the_answer(
    prompt: str, generated: str, text: str, reasoning: str | None
) -> None:
    tokens = ids(PLAIN, generated)
    padded = [*tokens, *[PLAIN.pad_token_id] * 3] if tokens[-1] == PLAIN.eos_token_id else tokens
    read = reader(PLAIN, Markers("<think>", "</think>")).read(prompt, padded, ())
    assert (read.text, read.reasoning, read.tokens) == (text, reasoning, len(tokens))


def test_markers_that_are_special_tokens_are_found_too() -> None:
    read = reader(SPECIAL, Markers("[THINK]", "[/THINK]")).read(
        "what?", ids(SPECIAL, "[THINK]fur[/THINK]cat</s>"), ()
    )
    assert (read.text, read.reasoning) == ("cat", "fur")


def test_markers_of_several_tokens_are_found_too() -> None:
    read = reader(UNKNOWN, Markers("(think)", "(/think)")).read(
        "what?", ids(UNKNOWN, "(think)fur(/think) cat"), ()
    )
    assert (read.text, read.reasoning) == ("cat", "fur")


def test_stop_strings_cut_the_answer_and_not_the_reasoning() -> None:
    tokens = ids(PLAIN, "one\ntwo</think>cat\ndog")
    read = reader(PLAIN, Markers("<think>", "</think>")).read(OPENED, tokens, ["\n"])
    assert (read.text, read.reasoning) == ("cat", "one\ntwo")


def test_a_token_of_the_end_is_counted_where_it_is_the_padding_too() -> None:
    tokens = ids(UNKNOWN, "cat") + [UNKNOWN.eos_token_id] * 4
    assert reader(UNKNOWN, None).read("", tokens, ()).tokens == len(ids(UNKNOWN, "cat")) + 1


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_thinking_checkpoint(tmp_path_factory.mktemp("thinking"))


def load(checkpoint: Path, **options: Any) -> HfAdapter:
    spec = ModelSpec(model="tiny", adapter="hf", pretrained=str(checkpoint), options=options)
    return HfAdapter(spec, Setting())


def ask(adapter: HfAdapter, tokens: int, count: int = 6) -> list[Response]:
    limited = Ask(GenerationSpec(max_new_tokens=tokens))
    pictures = []
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        pixels = torch.randint(0, 255, (56, 56, 3), generator=generator, dtype=torch.uint8)
        pictures.append(Image.fromarray(pixels.numpy()))
    return adapter.respond(limited, [Request((each,), "<image>\nWhat?") for each in pictures])


def test_a_model_that_thinks_and_one_that_runs_out_of_tokens(checkpoint: Path) -> None:
    adapter = load(checkpoint)
    assert any("'<think>'" in note for note in adapter.facts.notes)
    answers = ask(adapter, 24)
    assert all(answer.reasoning is not None for answer in answers)
    done = [answer for answer in answers if answer.text]
    undone = [answer for answer in answers if answer.text == ""]
    assert done and undone
    assert all(answer.reasoning for answer in undone)
    assert not any("think>" in (answer.text or "")[:10] for answer in undone)


def test_a_row_of_unfinished_reasoning_is_empty_and_keeps_it(
    checkpoint: Path, tmp_path: Path
) -> None:
    adapter = load(checkpoint)
    finished = run_task(
        Catalogue(),
        load_task(Catalogue(), "mini_ow", ["limit=24", "generation_kwargs.max_new_tokens=24"]),
        ModelSpec(model="tiny", adapter="hf", pretrained=str(checkpoint)),
        lambda: adapter,
        Rank(0, 1, Setting()),
        RunOptions(tmp_path, batch_size=4, show_progress=False),
    )
    rows = list(read_predictions(finished.path / "predictions.jsonl"))
    assert all(row.reasoning is not None for row in rows)
    empty = [row for row in rows if row.status is Status.EMPTY]
    assert empty and all(row.tokens == 24 and row.reasoning for row in empty)
    assert len(empty) < len(rows)


def test_thinking_can_be_turned_off_by_an_argument_of_the_template(checkpoint: Path) -> None:
    adapter = load(checkpoint, chat_template_kwargs={"enable_thinking": False})
    assert "<think>\n\n</think>" in adapter._form.render("<image>\nWhat?")
    answers = ask(adapter, 1)
    assert any(answer.text and answer.reasoning is None for answer in answers)


def test_an_argument_that_the_template_does_not_know_is_refused(checkpoint: Path) -> None:
    with pytest.raises(SpecError, match="did you mean `enable_thinking`"):
        load(checkpoint, chat_template_kwargs={"enable_thinkin": False})


def test_a_choice_cannot_be_asked_for_inside_reasoning(checkpoint: Path) -> None:
    only_cats = Ask(output_type="constrained", choices=("cat",))
    request = Request((Image.new("RGB", (56, 56)),), "<image>\nWhat?")
    with pytest.raises(ValueError, match="begins a reasoning part"):
        load(checkpoint).respond(only_cats, [request])
    off = load(checkpoint, chat_template_kwargs={"enable_thinking": False})
    (answer,) = off.respond(only_cats, [request])
    assert (answer.text or "").strip() == "cat"
