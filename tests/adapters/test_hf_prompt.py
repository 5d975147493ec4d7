"""What a chat template has no place for is refused when the model is loaded."""

from pathlib import Path
from typing import Any

import pytest

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.errors import SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from support.tiny_checkpoints import make_checkpoint
from support.tiny_tokenizer import llava_template


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint("llava", tmp_path_factory.mktemp("llava"))


def load(folder: Path, checkpoint: Path, told: str, template: str | None = None) -> HfAdapter:
    for path in checkpoint.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    path = folder / "tiny.yaml"
    path.write_text(f"model: tiny\nadapter: hf\npretrained: .\n{told}")
    return HfAdapter(load_model(Catalogue(()), str(path)), Setting())


LLAVA = llava_template("<image>")
ONLY_USERS = LLAVA.replace("in messages", "in messages if message['role'] == 'user'")
STRICT = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
BLIND = "{{ 'always the same' }}"


@pytest.mark.parametrize(
    ("told", "template", "line", "message"),
    [
        ("system_prompt: Be brief.\n", ONLY_USERS, 4, "leaves the system message out"),
        ("system_prompt: Be brief.\n", STRICT + LLAVA, 4, "refuses a prompt with a system message"),
        ("", BLIND, 3, "does not put one image and its question into the prompt"),
        (
            "options:\n  chat_template_kwargs: {nothing: 1}\n",
            None,
            5,
            "does not speak of `nothing`",
        ),
        ("options:\n  prompt_prefix: answer en\n", None, 5, "this one has one"),
    ],
)
def test_the_place_in_the_yaml_is_told(
    checkpoint: Path, tmp_path: Path, told: str, template: str | None, line: int, message: str
) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        load(tmp_path, checkpoint, told, template)
    assert caught.value.problems[0].where == f"{tmp_path / 'tiny.yaml'}:{line}"


def test_a_base_model_is_given_its_text_with_the_image_in_place(
    checkpoint: Path, tmp_path: Path
) -> None:
    bare: dict[str, Any] = {}
    for path in checkpoint.iterdir():
        bare[path.name] = path
    folder = tmp_path / "base"
    folder.mkdir()
    for name, path in bare.items():
        if name != "chat_template.jinja":
            (folder / name).write_bytes(path.read_bytes())
    adapter = load(tmp_path, folder, "options: {prompt_prefix: 'Q: '}\n")
    assert adapter._form.render("Look: <image> What?") == "Q: Look: <image> What?"
    assert "prompt: no chat template, images in place" in adapter.facts.notes


def test_a_system_prompt_comes_before_the_question(checkpoint: Path, tmp_path: Path) -> None:
    adapter = load(tmp_path, checkpoint, "system_prompt: Be brief.\n")
    assert adapter._form.render("<image>\nWhat?") == "Be brief. USER: <image>\n\nWhat? ASSISTANT:"
