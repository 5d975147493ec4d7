"""The adapter over classes of lmms-eval that behave, and over some that do not."""

import logging
import os
import signal
import sys
import warnings
from typing import Any

import pytest
from PIL import Image

from harness.adapters.base import OutOfMemoryError, Setting
from harness.adapters.lmms_eval.adapter import LmmsEvalAdapter
from harness.adapters.registry import load_adapter
from harness.errors import MissingPackageError, SpecError
from harness.requests import Ask, Failed, Request, Response
from harness.runner.asking import Asker
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec

pytestmark = pytest.mark.full
OWN = "support.lmms_classes."
IMAGE = Image.new("RGB", (4, 3))


def make(name: str, **options: Any) -> LmmsEvalAdapter:
    options = {"model": name if name.islower() else OWN + name, **options}
    spec = ModelSpec(model="m", adapter="lmms_eval", options=options)
    found = load_adapter(spec, Setting(device="cpu"))
    assert isinstance(found, LmmsEvalAdapter)
    return found


def ask(adapter: LmmsEvalAdapter, *texts: str, **generation: Any) -> list[Response]:
    settings = GenerationSpec(max_new_tokens=5, **generation)
    return adapter.respond(Ask(settings), [Request((IMAGE,), f"<image>{text}") for text in texts])


def test_a_simple_class_gets_text_images_and_all_settings() -> None:
    adapter = make("Simple", model_args={"greeting": "hi "})
    first, second = ask(adapter, "one", "two", until=["never"])
    settings = (
        "[('do_sample', False), ('image_sizes', [(4, 3)]), ('max_new_tokens', 5), "
        "('num_beams', 1), ('temperature', 0.0), ('top_p', 1.0)]"
    )
    assert first.text == f"hi one|{settings}"
    assert second.text == f"hi two|{settings}"
    note, *others = adapter.facts.notes
    assert note.startswith("simple class support.lmms_classes.Simple of lmms-eval 0.7")
    assert "images: apart from the text" in others
    (itself,) = ask(adapter, "yourself")
    assert itself.text == "cpu [2, 1] 1", "device, calls, and a run of many batches must not grow"


def test_a_chat_class_gets_images_between_the_pieces_of_text() -> None:
    images = (IMAGE, Image.new("RGB", (2, 2)))
    (response,) = make("Chat").respond(Ask(), [Request(images, "A <image> b <image> c")])
    assert response.text == "user: ['A ', (4, 3), ' b ', (2, 2), ' c']"
    assert (response.tokens, response.prompt_tokens) == (3, 11)


def test_stop_strings_and_reasoning_are_cut_here() -> None:
    adapter = make("Habit", reasoning_end="</think>")
    (response,) = ask(adapter, "<think>a cat. no</think> a dog. Or", until=[".", "Or"])
    assert response.text == "a dog"
    assert response.reasoning == "<think>a cat. no"


def test_an_empty_answer_is_asked_for_once_more_alone() -> None:
    adapter = make("Habit")
    texts = [each.text for each in ask(adapter, "shy", "plain", "None", "blank")]
    assert texts == ["bold", "plain", "", "  "]
    assert "asked again alone, as the answer was empty: 3" in adapter.facts.notes[-1]
    assert ask(adapter, "yourself")[0].text == "cpu [4, 1, 1, 1, 1] 1"


def test_a_failure_is_an_error_and_never_an_answer() -> None:
    swallowed, plain, sentinel, rounds = ask(
        make("Habit"), "swallow", "plain", "sentinel", "rounds"
    )
    assert swallowed == Failed("Error no such kernel in generating")
    assert plain.text == "plain"
    assert isinstance(sentinel, Failed) and "503" in sentinel.error
    assert rounds.error == "no text: ['a', 'b']"


def test_what_its_weights_show_is_known() -> None:
    spec = ModelSpec(
        model="m", adapter="lmms_eval", pretrained="a/b", options={"model": OWN + "Weighty"}
    )
    facts = load_adapter(spec, Setting(device="cpu")).facts
    assert (facts.parameters, facts.architecture, facts.device) == (8, "Linear", "cpu")
    assert (facts.dtype, facts.revision) == ("float32", "commit of a/b")


def test_what_is_raised_is_an_error_of_its_request_alone() -> None:
    requests = [Request((IMAGE,), f"<image>{each}") for each in ("a", "exit", "b")]
    first, failed, last = Asker(make("Habit"), Ask(), 3).respond(requests)
    assert (first.text, last.text) == ("a", "b")
    assert "end the process (no more)" in failed.error


@pytest.mark.parametrize("text", ["memory", "swallow memory"])
def test_out_of_memory_halves_the_batch(text: str) -> None:
    adapter = make("Habit")
    with pytest.raises(OutOfMemoryError):
        ask(adapter, "a", text)
    asker = Asker(adapter, Ask(), 4)
    found = asker.respond([Request((IMAGE,), f"<image>{each}") for each in ("a", "b", "c", text)])
    assert [each.text for each in found[:3]] == ["a", "b", "c"]
    assert "memory" in found[3].error
    assert asker.halved


def test_a_wrong_number_of_answers_is_no_answer() -> None:
    with pytest.raises(Exception, match="1 answers to 2 requests"):
        ask(make("Short"), "a", "b")


def test_what_a_class_changes_stays_with_it(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    before = outside()
    with caplog.at_level(logging.DEBUG, logger="harness"):
        adapter = make("Untidy")
        (response,) = ask(adapter, "a")
    assert outside() == before
    dtype, ignored = torch.float64, signal.SIG_IGN
    assert response.text == str(("1", True, True, dtype, ignored)), "it finds what it left"
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "it/s" not in printed.err, "no bar"
    assert caplog.messages[-2:] == [
        "lmms-eval: a line on stdout",
        "support.lmms_classes: a warning",
    ]
    assert caplog.messages[0] == "lmms-eval: making myself at home"


def test_importing_a_class_of_lmms_eval_changes_nothing() -> None:
    before = outside()
    with pytest.raises(SpecError):
        make("llava_hf", model_args={"nonsense": 1})
    assert outside() == before


def outside() -> dict[str, Any]:
    import PIL.ImageFile
    import torch

    return {
        "environment": dict(os.environ),
        "sys.path": list(sys.path),
        "warnings": list(warnings.filters),
        "truncated": PIL.ImageFile.LOAD_TRUNCATED_IMAGES,
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "dtype": torch.get_default_dtype(),
        "signal": signal.getsignal(signal.SIGUSR1),
        "stdout": sys.stdout,
        "root": (list(logging.root.handlers), logging.root.level),
    }


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("llava_fh", {}, "did you mean `llava_hf`"),
        ("Simple", {"model_args": {"greting": "x"}}, "did you mean `greeting`"),
        ("Simple", {"force_simple": True, "model": "huggingface"}, "has no simple class"),
        ("Chat", {"image_mark": "<image>"}, "is a chat class"),
        ("Nothing", {}, "cannot be imported"),
        ("VARIABLE", {}, "is no model class of lmms-eval"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(
    name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        make(name, **options)
    assert said in str(caught.value)


def test_pretrained_for_a_class_that_has_none() -> None:
    spec = ModelSpec(
        model="m", adapter="lmms_eval", pretrained="a/b", options={"model": OWN + "Simple"}
    )
    with pytest.raises(SpecError) as caught:
        load_adapter(spec, Setting(device="cpu"))
    (problem,) = caught.value.problems
    assert problem.what == "`Simple` of lmms-eval has no argument `pretrained`"


def test_a_package_that_a_class_needs_is_named() -> None:
    with pytest.raises(MissingPackageError, match="nowhere"):
        make("nowhere.to.be.found.Class", model="nowhere.to.be.found.Class")
