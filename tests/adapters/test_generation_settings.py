"""What decides an answer stands in the task: a checkpoint's own generation settings do not act."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.checkpoint_settings import neutralise
from harness.adapters.registry import checked_class
from harness.data.images.source import open_source
from harness.data.opened import open_task
from harness.errors import SpecError
from harness.prompts.plan import make_plan
from harness.requests import Ask, Request, Response, Scores, Text
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelGeneration, ModelSpec
from harness.specs.task import GenerationSpec
from harness.store.manifest import Manifest
from support.settled_checkpoints import Where, settled

NOTHING = ModelGeneration()


@pytest.fixture(scope="module")
def adapter() -> HfAdapter:
    return HfAdapter(load_model(Catalogue(), "mini"), Setting())


@pytest.fixture(scope="module")
def asked() -> tuple[Ask, list[Request]]:
    """Questions of `mini_cw`, each about an image of another class."""
    catalogue = Catalogue()
    task = load_task(catalogue, "mini_cw")
    plan = make_plan(open_task(catalogue, task))
    source = open_source(task)
    assert source.read is not None
    rows = range(0, 240, 60)
    images: list[Image.Image] = [source.read(row) for row in rows]
    text, names = plan.requests[0].text, plan.opened.classes.names
    requests = [Request((image,), text) for image in images]
    return Ask(task.generation_kwargs, choices=names), requests


@pytest.fixture(scope="module")
def plain(adapter: HfAdapter, asked: tuple[Ask, list[Request]]) -> list[Response]:
    return adapter.respond(*asked)


BROUGHT: list[Mapping[str, Any]] = [
    {"repetition_penalty": 1.3},
    {"no_repeat_ngram_size": 1},
    {"min_new_tokens": 9},
    {"min_length": 4000},
    {"num_beams": 3, "length_penalty": 5.0, "early_stopping": True},
    {"num_return_sequences": 2, "num_beams": 2},
    {"suppress_tokens": list(range(4, 400))},
    {"begin_suppress_tokens": list(range(4, 400))},
    {"bad_words_ids": [[token] for token in range(4, 400)]},
    {"sequence_bias": [[[token], -50.0] for token in range(4, 400)]},
    {"exponential_decay_length_penalty": [0, 9.0]},
    {"forced_eos_token_id": 500},
    {"guidance_scale": 4.0},
    {"watermarking_config": {"bias": 50.0}},
    {"do_sample": True, "temperature": 9.0, "top_k": 400, "top_p": 0.99},
    {"renormalize_logits": True, "remove_invalid_values": True},
    {"penalty_alpha": 0.6, "top_k": 4},
    {"prompt_lookup_num_tokens": 3},
    {"stop_strings": ["a", "e", "o"]},
    {"max_time": 1e-9},
    {"return_dict_in_generate": True, "output_scores": True},
]


@pytest.mark.parametrize("brought", BROUGHT, ids=lambda each: next(iter(each)))
def test_no_setting_of_a_checkpoint_acts(
    brought: Mapping[str, Any],
    adapter: HfAdapter,
    asked: tuple[Ask, list[Request]],
    plain: list[Response],
) -> None:
    adapter._model.generation_config.update(**brought)
    found = neutralise(adapter._model, NOTHING, "mini")
    assert adapter.respond(*asked) == plain
    quiet = {"return_dict_in_generate", "output_scores"}
    assert dict(found.unused).keys() == brought.keys() - quiet


@pytest.mark.parametrize("output_type", ["multiple_choice", "constrained"])
def test_nor_does_it_where_probabilities_are_read(
    output_type: Any, adapter: HfAdapter, asked: tuple[Ask, list[Request]]
) -> None:
    ask, requests = asked
    ask = replace(ask, output_type=output_type)
    expected = adapter.respond(ask, requests)
    assert all(isinstance(each, Text | Scores) for each in expected)
    for brought in BROUGHT:
        adapter._model.generation_config.update(**brought)
    neutralise(adapter._model, NOTHING, "mini")
    assert adapter.respond(ask, requests) == expected


def test_these_settings_would_have_changed_answers(
    adapter: HfAdapter, asked: tuple[Ask, list[Request]], plain: list[Response]
) -> None:
    """What the tests above hold is no accident: left in place, the settings act."""
    for brought in (BROUGHT[2], BROUGHT[6], BROUGHT[8]):
        adapter._model.generation_config.update(**brought)
        try:
            assert adapter.respond(*asked) != plain
        finally:
            neutralise(adapter._model, NOTHING, "mini")


def run(spec: ModelSpec, adapter: HfAdapter, output: Path) -> Finished:
    task = load_task(Catalogue(), "mini_cw", ["limit=64"])
    options = RunOptions(output, batch_size=32, show_progress=False)
    return run_task(Catalogue(), task, spec, lambda: adapter, Rank(0, 1, Setting()), options)


@pytest.mark.parametrize("where", ["generation_config", "config", "text_config"])
def test_a_run_scores_what_the_task_asks_for(
    where: Where, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"repetition_penalty": 1.3, "no_repeat_ngram_size": 3, "an_unknown_key": 5}
    folder = settled(tmp_path / "checkpoint", settings, where)
    spec = ModelSpec(model="settled", adapter="hf", pretrained=str(folder), dtype="float32")
    with caplog.at_level(logging.INFO, logger="harness"):
        done = run(spec, HfAdapter(spec, Setting()), tmp_path / "runs")
    assert done.results is not None
    assert done.results.scores["cw"]["mini_imgt"].accuracy == pytest.approx(51.5625)
    assert done.results.shares["oop"] == pytest.approx(3.125)
    notes = Manifest.read(done.path).model_facts["notes"]
    told = "settings: no_repeat_ngram_size 3, repetition_penalty 1.3"
    assert f"not used of the checkpoint's generation {told}" in notes
    assert told in caplog.text
    if where == "generation_config":
        assert "left to the model's own code, which may read it: an_unknown_key" in notes


def test_what_the_yaml_names_acts_and_is_part_of_the_run(
    tmp_path: Path, asked: tuple[Ask, list[Request]], plain: list[Response]
) -> None:
    folder = settled(tmp_path / "checkpoint", {"repetition_penalty": 1.3})
    generation = ModelGeneration(repetition_penalty=1.3)
    spec = ModelSpec(
        model="named", adapter="hf", pretrained=str(folder), dtype="float32", generation=generation
    )
    adapter = HfAdapter(spec, Setting())
    done = run(spec, adapter, tmp_path / "runs")
    assert done.results is not None
    assert done.results.scores["cw"]["mini_imgt"].accuracy == pytest.approx(42.1875)
    manifest = Manifest.read(done.path)
    assert manifest.identity.model["generation"] == generation.model_dump(mode="json")
    assert not any("repetition_penalty" in note for note in manifest.model_facts["notes"])
    other = spec.model_copy(update={"generation": NOTHING})
    with pytest.raises(Exception, match=r"model\.generation\.repetition_penalty: 1\.3 -> 1\.0"):
        run(other.model_copy(update={"model": "named"}), adapter, tmp_path / "runs")


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ({"no_repeat_ngram_size": 1}, True),
        ({"min_new_tokens": 9}, True),
        ({"num_beams": 3}, None),
        ({"num_beams": 2, "length_penalty": 9.0, "early_stopping": True}, None),
        ({"suppress_tokens": list(range(4, 400))}, True),
        ({"begin_suppress_tokens": list(range(4, 400))}, True),
        ({"bad_words_ids": [[token] for token in range(4, 400)]}, True),
        ({"sequence_bias": [[[token], -50.0] for token in range(4, 400)]}, True),
        ({"exponential_decay_length_penalty": [0, 0.01]}, True),
        ({"top_k": 3, "min_p": 0.5, "typical_p": 0.5}, False),  # the task does not sample
    ],
)
def test_every_setting_can_be_named(
    named: dict[str, Any],
    changes: bool | None,
    asked: tuple[Ask, list[Request]],
    plain: list[Response],
) -> None:
    mini = load_model(Catalogue(), "mini")
    spec = mini.model_copy(update={"generation": ModelGeneration(**named)})
    adapter = HfAdapter(spec, Setting())
    ask, requests = asked
    found = adapter.respond(ask, requests)
    assert all(isinstance(each, Text) and each.text for each in found)
    texts = [each.text for each in found], [each.text for each in plain]
    if changes is not None:
        assert (texts[0] != texts[1]) == changes
    (only,) = adapter.respond(replace(ask, output_type="constrained"), requests[:1])
    assert only.text in ask.choices, "where names alone may be written, they are the model's own"


def test_beams_do_not_sample(asked: tuple[Ask, list[Request]]) -> None:
    mini = load_model(Catalogue(), "mini")
    spec = mini.model_copy(update={"generation": ModelGeneration(num_beams=2)})
    sampled = Ask(GenerationSpec(do_sample=True))
    with pytest.raises(SpecError, match="beams are searched, and the task samples"):
        HfAdapter(spec, Setting()).respond(sampled, [Request(asked[1][0].images, "<image>?")])


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("adapter: hf\ngeneration: {repetition_penality: 1.1}", "did you mean `repetition_penalty"),
        ("adapter: hf\ngeneration: {temperature: 0.7}", "unknown key `generation.temperature`"),
        ("adapter: hf\ngeneration: {length_penalty: 2.0}", "act only with `num_beams` above 1"),
        ("adapter: hf\ngeneration: {repetition_penalty: 0}", "greater than 0"),
        ("adapter: openai\ngeneration: {num_beams: 2}", "cannot ask for `generation.num_beams`"),
        ("adapter: hf_classifier\ngeneration: {top_k: 2}", "does not use key `generation`"),
    ],
)
def test_a_mistake_is_told_where_it_stands(yaml: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(f"model: m\npretrained: x\n{yaml}\n")
    with pytest.raises(SpecError) as caught:
        checked_class(load_model(Catalogue(()), str(path)))
    (problem,) = caught.value.problems
    assert said in str(problem) and problem.where.startswith(str(path))
