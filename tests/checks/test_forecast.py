"""What is said of a run before it begins, held against the run."""

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.adapters.estimate import Estimate
from harness.adapters.hf.preview import HfPreview
from harness.adapters.registry import load_preview
from harness.adapters.server.options import OpenAIOptions
from harness.adapters.server.preview import ServerPreview
from harness.requests import Ask, Request, Response, Text
from harness.specs.model import ModelSpec
from support.colours import ColourAdapter, SlowAdapter
from support.command import Said, harness
from support.faulty_server import USAGE, FaultyServer
from support.tiny_checkpoints import make_thinking_checkpoint

PRICES = "options.prices={input: 2, output: 8}"
COLOUR = "support.colours:ColourAdapter"


def plan(*words: object) -> dict[str, Any]:
    """Give what `harness plan --json` says of a single task."""
    said = harness("plan", *words, "--json")
    assert said.code == 0, said.text
    whole = json.loads(said.stdout)
    (task,) = whole["tasks"]
    assert whole["schema_version"] == 1 and whole["requests"] == task["requests"]["left"]
    return dict(task)


def rows(output: Path) -> list[dict[str, Any]]:
    (path,) = output.rglob("predictions.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_tokens_are_those_of_the_run(tmp_path: Path) -> None:
    tasks = ("mini_cw", "mini_mc_hard", "mini_cw_b4")
    words = ("--tasks", ",".join(tasks), "--model", "mini", "--output", tmp_path, "--limit", 8)
    before = json.loads(harness("plan", *words, "--json").stdout)["tasks"]
    assert harness("run", *words).code == 0
    after = json.loads(harness("plan", *words, "--json").stdout)["tasks"]
    for task, found, then in zip(tasks, before, after, strict=True):
        prompts, answers = found["prompt_tokens"], found["answer_tokens"]
        assert prompts["how"] == "exact" and found["images"]["opened"] == 8
        said = rows(tmp_path / "mini" / task)
        total = sum(row["prompt_tokens"] / row.get("images_in_prompt", 1) for row in said)
        assert prompts["total"] == pytest.approx(total)
        at_most = answers["at_most"] / found["requests"]["left"]
        assert max(row["tokens"] for row in said) <= at_most
        assert (then["requests"]["left"], then["prompt_tokens"]["total"]) == (0, 0)
        assert then["earlier"]["same_task"] and then["disk"]["measured"]
        assert found["disk"]["run"] == pytest.approx(then["disk"]["run"], rel=0.2)


def test_no_weights_are_needed(root: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(root / "models" / "mini", bare, ignore=shutil.ignore_patterns("*.safetensors"))
    words = ("mini_cw", "--model", "mini", "--limit", 5, "--output", tmp_path)
    known = plan(*words)
    assert plan(*words, "--set_model", f"pretrained={bare}") == known
    said = harness("run", "--tasks", *words, "--set_model", f"pretrained={bare}")
    assert said.code == 2 and "cannot be loaded" in said.text


@pytest.mark.slow
def test_nothing_that_holds_a_model_is_imported(folder: Path) -> None:
    words = [str(word) for word in colour(folder, "--model", "gpt-4o", "--json")]
    code = (
        f"import sys\nsys.argv = ['harness', 'plan', *{words}]\n"
        "from harness.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'transformers', 'datasets'} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
    (found,) = json.loads(done.stdout)["tasks"]
    prompts, answers, cost = found["prompt_tokens"], found["answer_tokens"], found["cost"]
    assert prompts["total"] == prompts["of_text"] + 255 * 12
    expected = (2.5 * prompts["total"] + 10 * answers["expected"]) / 1e6
    assert cost["expected"] == pytest.approx(expected)
    at_most = (2.5 * prompts["total"] + 10 * answers["at_most"]) / 1e6
    assert cost["at_most"] == pytest.approx(at_most)
    assert cost["cached"] is None  # the prompt begins with the image


def colour(folder: Path, *more: object) -> tuple[object, ...]:
    return ("colours", "--include_path", folder, "--output", folder / "runs", *more)


def test_what_is_answered_is_not_asked_and_says_how_long_answers_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond(self: ColourAdapter, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        return [Text(self.answer(each), tokens=3, prompt_tokens=50) for each in requests]

    monkeypatch.setattr(ColourAdapter, "respond", respond)
    words = colour(folder, "--model", COLOUR)
    before = plan(*words)
    assert before["counting"].endswith(f"adapter `{COLOUR}` has no preview of its prompts")
    assert (before["prompt_tokens"]["total"], before["cost"]) == (None, None)
    assert before["earlier"] is None and before["seconds"] is None
    assert harness("run", "--tasks", *words, "--limit", 8).code == 0
    after = plan(*words)
    assert after["requests"] == {
        "all": 12, "repeats": 1, "slice": None, "answered": 8, "left": 4
    }  # fmt: skip
    assert (after["prompt_tokens"]["how"], after["prompt_tokens"]["total"]) == ("measured", 200)
    assert (after["answer_tokens"]["how"], after["answer_tokens"]["expected"]) == ("measured", 12)
    seconds = [row["seconds"] for row in rows(folder / "runs")]
    assert after["seconds"] == pytest.approx(4 * sum(seconds) / 8)
    assert "4 to ask, 8 answered already" in harness("plan", *words).stdout
    other = plan(*words, "--set", "generation_kwargs.max_new_tokens=7")
    assert other["requests"]["left"] == 12 and other["earlier"] is None
    assert "max_new_tokens" in other["notes"][0]
    assert plan(*words, "--sample", 3)["requests"]["left"] == 3  # refused by the run, as noted


def test_an_adapter_of_ones_own_may_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Words(Estimate):
        def image_tokens(self, request: Request) -> int:  # type: ignore[override]
            return 7 * len(request.images)

    preview = classmethod(lambda cls, spec: Words(f"of {spec.model}"))
    monkeypatch.setattr(SlowAdapter, "preview", preview, raising=False)
    found = plan(*colour(folder, "--model", "support.colours:SlowAdapter"))
    assert found["counting"].endswith("of SlowAdapter")
    assert found["prompt_tokens"]["of_images"] == 7 * 12


def test_a_run_of_another_task_says_how_long_answers_take(folder: Path) -> None:
    words = colour(folder, "--model", COLOUR)
    assert harness("run", "--tasks", *words).code == 0
    (folder / "more.yaml").write_text("include: colours.yaml\ntask: more\n")
    found = plan("more", *words[1:])
    assert (found["earlier"]["task"], found["earlier"]["same_task"]) == ("colours", False)
    assert found["seconds"] > 0 and found["prompt_tokens"]["how"] == "estimated"
    assert plan("more", *words[1:], "--set_model", "system_prompt=Be brief.")["earlier"] is None


def test_slices_and_repeats(folder: Path) -> None:
    words = colour(folder, "--model", COLOUR, "--set", "repeats=2")
    assert plan(*words)["requests"]["left"] == 24
    assert plan(*words, "--shard", "2/5")["requests"] == {
        "all": 12, "repeats": 2, "slice": "2/5", "answered": 0, "left": 6
    }  # fmt: skip
    assert harness("run", "--tasks", *words, "--limit", 6).code == 0
    found = plan(*words)["requests"]
    assert (found["answered"], found["left"]) == (12, 12)


def test_images_of_many_sizes_are_extrapolated_from_those_that_are_opened(folder: Path) -> None:
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        Image.new("RGB", (28 * (1 + number % 3), 28)).save(path)
    words = colour(folder, "--model", "vllm-server", "--set_model", PRICES)
    found = plan(*words, "--images", 4)
    prompts = found["prompt_tokens"]
    assert found["images"]["opened"] == 4 and prompts["low"] < prompts["total"] < prompts["high"]
    assert found["cost"]["at_most"] > (2 * prompts["high"]) / 1e6
    every = plan(*words, "--images", 99)["prompt_tokens"]
    assert (every["of_images"], every["an_image"]) == (4 * (1 + 2 + 3), [1, 3])
    assert (every["low"], every["how"]) == (None, "estimated")
    (folder / "images" / "i05.png").write_bytes(b"no image")
    broken = plan(*words, "--images", 99)
    assert broken["images"]["unreadable"] == ["i05"] and broken["images"]["opened"] == 11
    assert broken["notes"] == ["an image cannot be read: i05"]


@pytest.mark.parametrize(
    ("name", "detail", "size", "tokens"),
    [
        ("gpt-4o-2024-08-06", None, (1024, 1024), 85 + 4 * 170),  # OpenAI's own examples
        ("gpt-4o-2024-08-06", None, (2048, 4096), 85 + 6 * 170),
        ("gpt-4o-2024-08-06", "low", (4096, 8192), 85),
        ("gpt-4o-mini-2024-07-18", None, (500, 375), 2833 + 5667),
        ("gpt-4.1-mini-2025-04-14", None, (1024, 1024), 1659),  # 1,024 patches, times 1.62
        ("gpt-5.4-mini-2026-03-17", None, (32, 33), 4),
        ("Qwen/Qwen3-VL-8B-Instruct", None, (56, 57), 6),
    ],
)
def test_image_tokens_of_servers(
    name: str, detail: Any, size: tuple[int, int], tokens: int
) -> None:
    spec = ModelSpec(model="m", adapter="openai", pretrained=name)
    preview = ServerPreview(spec, OpenAIOptions(image_detail=detail))
    assert preview.image_tokens(Request((Image.new("RGB", size),), "<image>?")) == tokens


def test_the_prompt_of_a_server_is_what_is_sent() -> None:
    spec = ModelSpec(model="m", adapter="openai", pretrained="n", system_prompt="Be brief.")
    preview = ServerPreview(spec, OpenAIOptions())
    request = Request((Image.new("RGB", (5, 4)),), "One of these:\n<image>\nWhich?")
    expected = "[system]\nBe brief.\n[user]\nOne of these:\n[image 1: 5 x 4 pixels, png]\n\nWhich?"
    assert preview.prompt(request) == expected
    assert preview.text_tokens([request.text]) == [3 + 6]
    assert preview.cost(10, 10) is None
    letters = Ask(output_type="multiple_choice", choices=("A", "B"))
    names = Ask(output_type="constrained", choices=("cat", "zebra"))
    assert [preview.most_tokens(ask, "") for ask in (Ask(), letters, names)] == [
        Ask().generation.most_tokens(), 1, 9
    ]  # fmt: skip


def test_what_a_cache_may_save(tmp_path: Path) -> None:
    words = ("mini_cw", "--model", "gpt-4o", "--limit", 11, "--output", tmp_path)
    found = plan(*words)
    before = found["prompt"].removeprefix("[user]\n").partition("[image")[0]
    tokens = -(-len(before.encode()) // 4)
    saved = found["cost"]["expected"] - found["cost"]["cached"]
    assert saved == pytest.approx(10 * tokens * (2.5 - 1.25) / 1e6)
    assert "in its cache" in " ".join(show(*words).stdout.split())
    assert plan(*words, "--set_model", PRICES)["cost"]["cached"] is None
    plain = " ".join(show(*words, "--set_model", PRICES).stdout.split())
    assert "cache" not in plain and "if every answer is as long as it may be." in plain


def test_what_a_run_of_a_server_has_cost_says_what_the_rest_will(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(path)
    with FaultyServer({}) as server:
        prices = "options.prices={input: 2, cached_input: 1, output: 8}"
        of_server = ("--set_model", f"options.base_url={server.url}", "--set_model", prices)
        words = colour(folder, "--model", "vllm-server", *of_server)
        assert harness("run", "--tasks", *words, "--limit", 5).code == 0
        found = plan(*words)
        assert harness("run", "--tasks", *words).code == 0
    rest = math.fsum(row["cost"] for row in rows(folder / "runs")) * 7 / 12
    assert found["cost"]["as_before"] == pytest.approx(rest)
    assert found["prompt_tokens"]["total"] == 7 * USAGE["prompt_tokens"]
    assert found["cost"]["expected"] == pytest.approx((2 * 7000 + 8 * 70) / 1e6)


def test_an_image_that_the_processor_does_not_take_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, asked = HfPreview.image_tokens, list[Request]()

    def refused_at_first(self: HfPreview, request: Request) -> int:
        asked.append(request)
        if len(asked) == 1:
            raise ValueError("aspect ratio must be smaller than 200")
        return count(self, request)

    monkeypatch.setattr(HfPreview, "image_tokens", refused_at_first)
    found = plan("mini_cw", "--model", "mini", "--limit", 5, "--output", tmp_path)
    assert len(found["images"]["unreadable"]) == 1 and found["prompt_tokens"]["of_images"] > 0
    assert any("an image cannot be read: " in note for note in found["notes"])


def test_costs_are_not_added_up_where_one_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--tasks", "mini_cw,mini_cw_b4", "--model", "gpt-4o", "--set_model", PRICES)
    words = (*words, "--limit", "4", "--output", str(tmp_path))
    assert re.search(r"together .*; US\$ .*, at most", harness("plan", *words).stdout)
    monkeypatch.setattr(
        ServerPreview, "image_tokens", lambda _, asked: None if len(asked.images) > 1 else 9
    )
    assert "the cost of some is not known" in harness("plan", *words).stdout
    assert json.loads(harness("plan", *words, "--json").stdout)["cost"] is None


def test_reasoning_is_named_where_a_model_may_reason(tmp_path: Path) -> None:
    checkpoint = make_thinking_checkpoint(tmp_path / "thinking")
    spec = ModelSpec(model="t", adapter="hf", pretrained=str(checkpoint))
    assert load_preview(spec).counting.reasons
    words = ("mini_cw", "--limit", 2, "--output", tmp_path)
    found = plan(*words, "--model", "gpt-5.4-mini")
    assert found["answer_tokens"]["without_reasoning"]
    assert found["answer_tokens"]["at_most"] == 2 * (16 + 2048)
    assert "without any reasoning" in harness("plan", *words, "--model", "gpt-5.4-mini").stdout


def show(*words: object) -> Said:
    said = harness("plan", *words)
    assert said.code == 0, said.text
    return said


@pytest.mark.parametrize(
    "words",
    [
        ("--tasks", "mini_cw,mini_mc_hard", "--model", "mini", "--limit", 8),
        ("mini_classify", "--model", "mini_dual"),
        ("mini_cw_b4", "--model", "gpt-4o", "--shard", "1/2"),
        ("mini_cw", "--model", "vllm-server", "--limit", 5000),
        ("mini_cw", "--model", "mini", "--set", "output_type=multiple_choice"),
    ],
)
def test_it_reads_well_in_80_columns(
    words: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = show(*words, "--output", tmp_path).stdout
    assert all(len(line) <= 80 for line in text.splitlines())
    assert re.findall(r"^(images|requests|time|disk|can show) ", text, re.M)[:2] == [
        "images", "requests"
    ]  # fmt: skip
    if "mini_classify" in words:
        assert "prompt" not in text and "cost" not in text
    if 5000 in words:
        assert "5,000 images were asked for, and the data set has 1,280" in text
        assert "names no prices; --set_model options.prices=" in " ".join(text.split())
    if 8 in words:
        assert "no difference of two models on the 8 images" in " ".join(text.split())
    if "output_type=multiple_choice" in words:
        assert "0 tokens: what may be answered is ranked" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "mini"), "plan: names no task"),
        (("mini_cww", "--model", "mini"), "did you mean `mini_cw`"),
        (("mini_cw", "--model", "mini_dual"), "cannot do task `mini_cw`"),
        (("mini_cw", "--model", "mini", "--set", "dataset_path=./no"), "`dataset_path` points to"),
        (("mini_cw", "--model", "mini", "--limit", 2, "--sample", 3), "each choose images"),
        (("mini_cw", "--model", "mini", "--shard", "4/3"), "--shard: is no slice"),
        (("mini_cw", "--model", "mini", "--set_model", "pretrained=./no"), "weights that are not"),
    ],
)
def test_a_mistake_gets_one_message(words: tuple[object, ...], message: str) -> None:
    said = harness("plan", *words)
    assert said.code == 2 and said.stdout == "" and message in said.text


def test_a_processor_that_is_not_here_leaves_an_estimate(tmp_path: Path) -> None:
    found = plan("mini_cw", "--model", "qwen2.5-vl-7b", "--limit", 4, "--output", tmp_path)
    assert "processor cannot be had" in found["counting"] and "--exclude" in found["counting"]
    assert found["prompt_tokens"]["how"] == "estimated" and found["prompt"].startswith("Classes:")


def test_no_question_is_a_mistake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.prompts.plan import Planner

    monkeypatch.setattr(Planner, "plan", lambda *_: [])
    said = harness("plan", *colour(folder, "--model", COLOUR))
    assert said.code == 2 and "no image has a question" in said.text


def test_the_document_has_every_key(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "files.md").read_text(encoding="utf-8")
    section = text.split("## `harness plan --json`")[1].split("\n## ")[0]
    found = plan("mini_cw", "--model", "gpt-4o", "--limit", 4, "--output", tmp_path)
    keys = set(found) | {"schema_version", "tasks"}
    parts = ("images", "requests", "prompt_tokens", "answer_tokens", "cost", "disk", "difference")
    for part in parts:
        keys |= set(found[part])
    assert [key for key in sorted(keys) if f"`{key}`" not in section] == []


@pytest.mark.slow
def test_the_example_of_the_document(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = (root / "docs" / "servers.md").read_text(encoding="utf-8")
    example = text.split("$ harness plan --tasks imagenet_cw --model gpt-4o\n")[1].split("```")[0]
    said = show("--tasks", "imagenet_cw", "--model", "gpt-4o", "--output", tmp_path).stdout
    shown = [line for line in example.splitlines() if not line.startswith("  …")]
    assert len(shown) > 30 and [line for line in shown if line not in said.splitlines()] == []
