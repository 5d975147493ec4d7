"""Prompts by name: what a task makes of one, what stands before what, and blank images."""

import json
from pathlib import Path

import pytest
from PIL import Image

from harness.data.opened import open_task
from harness.errors import SpecError
from harness.prompts.ahead import load, readable
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_prompt, load_task
from support.command import harness

CATALOGUE = Catalogue()
PROMPTS = CATALOGUE.names(Kind.PROMPT)
TASKS = {"ow": "mini_ow", "mc": "mini_mc_hard", "cw": "mini_cw", "cw_plus": "mini_cw_plus"}


def test_each_protocol_has_five_prompts_at_least() -> None:
    for protocol in TASKS:
        assert sum(protocol in load_prompt(CATALOGUE, name).templates for name in PROMPTS) >= 5


@pytest.mark.parametrize("name", PROMPTS)
def test_a_task_asks_with_the_template_of_its_protocol(name: str) -> None:
    prompt = load_prompt(CATALOGUE, name)
    assert prompt.description
    for protocol, template in prompt.templates.items():
        task = load_task(CATALOGUE, TASKS[protocol], [f"prompt={name}"])
        assert task.doc_to_text == template
        (request,) = make_plan(open_task(CATALOGUE, load_task(
            CATALOGUE, TASKS[protocol], [f"prompt={name}", "limit=1"]
        ))).requests  # fmt: skip
        assert request.text.count("<image>") == 1 and "{" not in request.text.replace('{"', "")


def test_the_words_are_identity_and_not_their_name(tmp_path: Path) -> None:
    named = load_task(CATALOGUE, "mini_cw", ["prompt=question"])
    written = load_task(CATALOGUE, "mini_cw", [f"doc_to_text={json.dumps(named.doc_to_text)}"])
    assert named.identity() == written.identity()
    other = load_task(CATALOGUE, "mini_cw", ["prompt=short"])
    assert named.identity() != other.identity()


def task_file(folder: Path, *lines: str) -> Catalogue:
    text = "\n".join([
        "task: pets", "protocol: ow", "dataset_path: data", "class_list: mini",
        "label_sets: [mini_imgt]", "metadata: {version: 1}", *lines, "",
    ])  # fmt: skip
    (folder / "pets.yaml").write_text(text)
    return Catalogue((folder,))


def test_a_task_may_name_a_prompt_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text('prompt: own\now: "<image> And?"\n')
    catalogue = task_file(tmp_path, "prompt: own")
    assert load_task(catalogue, "pets").doc_to_text == "<image> And?"
    said = load_task(catalogue, "pets", ['doc_to_text="<image> Or?"'])
    assert (said.doc_to_text, said.prompt) == ("<image> Or?", None)


def test_a_prompt_takes_the_place_of_an_included_text(tmp_path: Path) -> None:
    (tmp_path / "_base.yaml").write_text('doc_to_text: "<image> Base?"\n')
    catalogue = task_file(tmp_path, "include: _base.yaml", "prompt: short")
    assert load_task(catalogue, "pets").doc_to_text == load_prompt(CATALOGUE, "short").ow


@pytest.mark.parametrize(
    ("lines", "settings", "message"),
    [
        (['doc_to_text: "<image>"', "prompt: short"], [], "pets.yaml:8: one of"),
        ([], ["prompt=short", 'doc_to_text="<image>"'], "one of `prompt` and `doc_to_text`"),
        (["prompt: shirt"], [], r"pets.yaml:7: unknown prompt(.|\n)*did you mean `short`"),
        (["prompt: json"], [], "pets.yaml:7: prompt `json` has no template for protocol `ow`"),
        (["prompt: 3"], [], "prompt"),
        (["prompt: short"], ["protocol=classify"], "no template for protocol `classify`"),
        (["prompt: short"], ["images_per_prompt=2"], "images"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(
    tmp_path: Path, lines: list[str], settings: list[str], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        load_task(task_file(tmp_path, *lines), "pets", settings)


def test_a_mistake_in_a_prompt_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text('prompt: own\now: "<image> {{ clases }}"\nmcc: x\n')
    with pytest.raises(SpecError, match=r"own.yaml:2(.|\n)*own.yaml:3"):
        load_task(task_file(tmp_path, "prompt: own"), "pets")


def test_prompts_are_listed_and_checked(tmp_path: Path) -> None:
    assert harness("list", "prompts").stdout.split() == PROMPTS
    assert "templates for ow, mc, cw, cw_plus" in harness("check", "short").stdout
    (tmp_path / "own.yaml").write_text("prompt: own\n")
    done = harness("check", "own", "--include_path", str(tmp_path))
    assert done.code == 2 and "no template" in done.stdout


def test_a_blank_image_has_the_size_of_the_image_and_the_row_its_hash() -> None:
    task = load_task(CATALOGUE, "mini_cw", ["blank_images=true", "limit=2"])
    blank, seen = (
        make_plan(open_task(CATALOGUE, each)) for each in (task, load_task(CATALOGUE, "mini_cw"))
    )
    for number in range(2):
        found = readable(blank, load(blank.opened.source, blank.requests[number]))
        plain = readable(seen, load(seen.opened.source, seen.requests[number]))
        assert found is not None and plain is not None
        assert found[1] == plain[1] and found[2].text == plain[2].text
        (grey,), (image,) = found[2].images, plain[2].images
        assert isinstance(grey, Image.Image) and grey.size == image.size
        assert grey.getcolors() == [(grey.width * grey.height, (127, 127, 127))]
    assert task.identity() != load_task(CATALOGUE, "mini_cw").identity()
    assert "blank_images" not in load_task(CATALOGUE, "mini_cw").identity()


def test_results_say_that_the_images_were_blank(tmp_path: Path) -> None:
    words = ["--tasks", "mini_cw", "--model", "mini", "--limit", "32", "--output", str(tmp_path)]
    done = harness("run", *words, "--set", "blank_images=true")
    assert done.code == 0, done.stderr
    assert "mini_cw (blank images)" in done.stdout
    results = json.loads((tmp_path / "mini" / "mini_cw" / "results.json").read_text())
    assert results["blank_images"] is True
    again = harness("run", *words)
    assert again.code == 2 and "blank_images" in again.stderr
