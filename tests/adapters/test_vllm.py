"""Adapter `vllm` against adapter `hf`: the same model, the same prompts, the same answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("vllm")

import torch
from PIL import Image

from harness.adapters.base import Adapter, Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.vllm.adapter import VllmAdapter
from harness.answers.outcome import Status
from harness.errors import RunError, SpecError
from harness.requests import Ask, Failed, Request, Text
from harness.runner.asking import Asker
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction

MINI = load_model(Catalogue(), "mini")
IN_VLLM = MINI.model_copy(update={"adapter": "vllm"})


@pytest.fixture(scope="module")
def vllm() -> VllmAdapter:
    return VllmAdapter(IN_VLLM, Setting(images_per_prompt=4))


@pytest.fixture(scope="module")
def hf() -> HfAdapter:
    return HfAdapter(MINI, Setting())


def rows_of(
    adapter: Adapter, spec: ModelSpec, task: str, settings: Sequence[str], output: Path
) -> list[Prediction]:
    catalogue = Catalogue()
    options = RunOptions(output, batch_size=64, show_progress=False)
    rank = Rank(0, 1, Setting())
    done = run_task(
        catalogue, load_task(catalogue, task, settings), spec, lambda: adapter, rank, options
    )
    return list(read_predictions(done.path / "predictions.jsonl"))


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("mini_ow", ()),
        ("mini_cw", ()),
        ("mini_cw_b4", ()),
        ("mini_mc_hard", ()),
        ("mini_cw", ("output_type=constrained",)),
        ("mini_mc_hard", ("output_type=multiple_choice",)),
        ("mini_cw", ("output_type=multiple_choice",)),
    ],
)
def test_answers_are_those_of_hf(
    vllm: VllmAdapter, hf: HfAdapter, task: str, settings: tuple[str, ...], tmp_path: Path
) -> None:
    settings = (*settings, "limit=160")
    found = rows_of(vllm, IN_VLLM, task, settings, tmp_path / "vllm")
    expected = rows_of(hf, MINI, task, settings, tmp_path / "hf")
    assert len(found) == len(expected) > 100
    assert not [row.error for row in found if row.status is Status.ERROR]
    for one, other in zip(found, expected, strict=True):
        assert one.image_id == other.image_id and one.prompt_sha256 == other.prompt_sha256
        assert (one.answer, one.class_id, one.status) == (
            other.answer, other.class_id, other.status,
        )  # fmt: skip
        assert one.top == other.top and one.tokens == other.tokens
        assert one.outside == pytest.approx(other.outside, abs=1e-4)
        np.testing.assert_allclose(one.top_scores, other.top_scores, atol=2e-4)
        if not any("output_type" in each for each in settings):
            assert one.prompt_tokens == other.prompt_tokens


def test_the_prompt_is_what_vllm_itself_makes_of_the_chat_template(vllm: VllmAdapter) -> None:
    text = "Is it a dog? <image> Or this? <image>"
    images = [Image.new("RGB", (56, 56), colour) for colour in ("red", "blue")]
    content = [
        {"type": "text", "text": "Is it a dog? "},
        {"type": "image_pil", "image_pil": images[0]},
        {"type": "text", "text": " Or this? "},
        {"type": "image_pil", "image_pil": images[1]},
    ]
    engine = vllm._engine.llm
    (output,) = engine.chat([{"role": "user", "content": content}], use_tqdm=False)
    own = vllm._asked([vllm._form.render(text)], [Request(tuple(images), text)])
    (asked,) = engine.generate(own, use_tqdm=False)
    assert output.prompt_token_ids == asked.prompt_token_ids
    assert asked.prompt_token_ids.count(vllm._tokenizer.convert_tokens_to_ids("<image>")) == 32


def test_it_is_said_once_whether_vllm_reads_the_prompt_as_hf_does(
    vllm: VllmAdapter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request((Image.new("RGB", (56, 56)),), "<image>What is it?")
    vllm.respond(Ask(), [request])
    assert "prompt tokens: those of transformers' processor" in vllm.facts.notes
    monkeypatch.setattr(vllm, "_compared", None)
    monkeypatch.setattr(vllm, "_seen", None)
    monkeypatch.setattr(vllm._inputs, "make", lambda *_: {"input_ids": torch.tensor([[1, 2, 3]])})
    ask = Ask()
    for _ in range(2):
        (found,) = vllm.respond(ask, [request])
    assert isinstance(found, Text) and found.prompt_tokens is not None
    assert any("3 with transformers' processor" in note for note in vllm.facts.notes)
    assert len(caplog.records) == 1


def test_a_first_prompt_that_is_too_long_is_refused_with_the_number(
    vllm: VllmAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm._engine, "most_tokens", 30)
    request = Request((Image.new("RGB", (56, 56)),), "<image>What is it?")
    with pytest.raises(SpecError, match=r"set `options.max_model_len` to 5\d or more"):
        vllm.respond(Ask(), [request])


def test_a_later_prompt_that_is_too_long_is_its_own_error(vllm: VllmAdapter) -> None:
    image = Image.new("RGB", (56, 56))
    long = Request((image,), "<image>" + "cat " * 2000)
    cut = Request((image,), "<image>" + "cat " * 970)
    fine = Request((image,), "<image>What is it?")
    ask = Ask(GenerationSpec(max_new_tokens=200))
    vllm.respond(ask, [fine])
    first, *failed, last = Asker(vllm, ask, 4).respond([fine, long, cut, fine])
    assert isinstance(first, Text) and first == last
    assert all(isinstance(each, Failed) and "max_model_len" in each.error for each in failed)


def test_an_engine_that_fails_at_work_ends_the_run(
    vllm: VllmAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [Request((Image.new("RGB", (56, 56)),), "<image>What is it?")] * 2
    engine = vllm._engine.llm.llm_engine

    def step() -> None:
        raise RuntimeError("out of places\nand more")

    with monkeypatch.context() as patched:
        patched.setattr(engine, "step", step)
        with pytest.raises(RunError, match=r"(?s)engine has died.*out of places(?!\s+and)"):
            vllm.respond(Ask(), asked)
    engine.abort_request(list(engine.output_processor.request_states), internal=True)
    monkeypatch.setattr(vllm._engine, "_failed", False)
    assert all(isinstance(each, Text) for each in vllm.respond(Ask(), asked))


def test_sampled_answers_depend_on_the_seed_of_the_request_alone(vllm: VllmAdapter) -> None:
    image = Image.new("RGB", (56, 56), "purple")
    ask = Ask(GenerationSpec(do_sample=True, temperature=2.0, max_new_tokens=8))
    asked = [Request((image,), "<image>What is it?", noise=seed) for seed in range(8)]
    texts = [each.text for each in vllm.respond(ask, asked) if isinstance(each, Text)]
    alone = [vllm.respond(ask, [each])[0] for each in asked[::-1]][::-1]
    assert texts == [each.text for each in alone if isinstance(each, Text)]
    assert len(set(texts)) > 2


def test_what_vllm_does_not_take_is_refused_before_anything_is_asked(vllm: VllmAdapter) -> None:
    ask = Ask(GenerationSpec(do_sample=True, temperature=3.0))
    with pytest.raises(SpecError, match=r"temperature must be in \[0, 2\]"):
        vllm.respond(ask, [Request((Image.new("RGB", (56, 56)),), "<image>What is it?")])


def test_tokens_from_the_prefix_cache_are_counted(vllm: VllmAdapter, tmp_path: Path) -> None:
    rows = rows_of(vllm, IN_VLLM, "mini_cw", ("limit=20",), tmp_path)
    assert sum(row.cached_tokens == 128 for row in rows) >= 19  # one block of the CPU's cache
    manifest = Manifest.read(tmp_path / "mini" / "mini_cw")
    assert manifest.cached_tokens == sum(row.cached_tokens or 0 for row in rows)
