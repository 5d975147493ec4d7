"""Prompts and settings for lmms-eval's classes, and what is said where lmms-eval is not there."""

import importlib.util

import pytest
from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.registry import checked_class, load_adapter
from harness.errors import MissingPackageError, SpecError
from harness.export.lmms_eval.task import chat_messages, generation_kwargs, simple_text
from harness.requests import Request
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec

TEXT = "First <image>\nthen <image>. Both?"


def test_text_of_a_simple_class() -> None:
    assert simple_text(TEXT, "") == "First\nthen\n. Both?"
    assert simple_text("<image>\nWhat is it?", "") == "What is it?"
    assert simple_text(TEXT, "<image>") == TEXT
    assert simple_text(TEXT, "<image {n}>") == "First <image 1>\nthen <image 2>. Both?"


def test_messages_keep_images_in_their_places() -> None:
    one, two = Image.new("RGB", (1, 1)), Image.new("RGB", (2, 2))
    (message,) = chat_messages(Request((one, two), TEXT))
    assert message["role"] == "user"
    assert message["content"] == [
        {"type": "text", "text": "First "},
        {"type": "image", "url": one},
        {"type": "text", "text": "\nthen "},
        {"type": "image", "url": two},
        {"type": "text", "text": ". Both?"},
    ]


def test_every_setting_that_classes_look_for_is_sent() -> None:
    assert generation_kwargs(GenerationSpec(max_new_tokens=7, until=("\n",))) == {
        "max_new_tokens": 7,
        "do_sample": False,
        "temperature": 0.0,
        "top_p": 1.0,
        "num_beams": 1,
    }
    sampled = generation_kwargs(GenerationSpec(do_sample=True, top_p=0.5))
    assert (sampled["do_sample"], sampled["temperature"], sampled["top_p"]) == (True, 1.0, 0.5)
    cold = generation_kwargs(GenerationSpec(do_sample=True, temperature=0.2))
    assert (cold["temperature"], cold["top_p"]) == (0.2, 1.0)


def test_without_lmms_eval_the_extra_is_named() -> None:
    if importlib.util.find_spec("lmms_eval") is not None:
        pytest.skip("lmms-eval is installed")
    spec = load_model(Catalogue(), "lmms-mini")
    checked_class(spec)  # the file can be checked without it
    with pytest.raises(MissingPackageError, match=r"harness\[lmms\]"):
        load_adapter(spec, Setting())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "`options.model` is missing"),
        ({"model": "a", "modle_args": {}}, "did you mean `model_args`"),
        ({"model": "a", "model_args": {"openai_api_key": "sk-1"}}, "keys come from environment"),
        ({"model": "a", "image_mark": "<{m}>"}, "`{n}` alone"),
    ],
)
def test_mistakes_in_the_file(options: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        checked_class(ModelSpec(model="m", adapter="lmms_eval", options=options))
    assert said in str(caught.value)
    assert "sk-1" not in str(caught.value)
