"""A whole `harness run` against a server that fails on cue: no answer lost, none made up."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.store.manifest import Manifest
from support.command import Said, harness
from support.faulty_server import MODEL, FaultyServer
from support.launching import TORCHRUN

N = 20
KEY = "sk-recognisable-4f9a1c77e2"
FAULTS = {
    1: ("429 after 1",),
    2: ("429", "429"),
    3: ("500",),
    4: "503",
    5: ("hang",),
    6: "hang",
    7: "cut json",
    8: ("broken off",),
    9: "html",
    10: "400",
    11: "no choices",
    12: "no content",
    13: "refusal",
    14: "filtered",
    15: "echo",
    16: "failed",
    17: "error inside",
}
TRIES = {
    1: ["429 after 1", "fine"],
    2: ["429", "429", "fine"],
    3: ["500", "fine"],
    4: ["503", "503", "503"],
    5: ["hang", "fine"],
    6: ["hang", "hang", "hang"],
    7: ["cut json"],
    8: ["broken off", "fine"],
    9: ["html"],
    10: ["400"],
    11: ["no choices"],
    12: ["no content"],
    13: ["refusal"],
    14: ["filtered"],
    15: ["echo"],
    16: ["failed"],
    17: ["error inside"],
}
LOST = {4, 6, 7, 9, 10, 11, 12, 15, 16, 17}


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(FAULTS) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path, server: FaultyServer) -> Path:
    """A benchmark of numbered images, a task over it, and a model behind the server."""
    images = tmp_path / "plan" / "images"
    images.mkdir(parents=True)
    for number in range(N):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(images / f"i{number:02d}.png")
    plan = images.parent
    names = "".join(f"  - {{id: {number}, name: answer {number}}}\n" for number in range(N))
    (plan / "classes.yaml").write_text(f"class_list: numbers\nclasses:\n{names}")
    lines = [f'{{"image_id": "i{number:02d}", "labels": [{number}]}}\n' for number in range(N)]
    (plan / "labels.jsonl").write_text("".join(lines))
    write_task(plan)
    write_model(plan, server.url)
    return plan


def write_task(plan: Path, extra: str = "") -> None:
    (plan / "task.yaml").write_text(
        "task: numbers\nprotocol: cw\ndataset_path: images\nclass_list: numbers\n"
        "label_sets: [labels.jsonl]\nmetadata: {version: 1}\nmapping: {encoder: lexical}\n"
        'doc_to_text: "{{ classes | join }} {% for i in images %}<image>{% endfor %} which?"\n'
        + extra
    )


def write_model(plan: Path, url: str, retries: int = 2) -> None:
    (plan / "model.yaml").write_text(
        "model: served\nadapter: openai\npretrained: some/model\nbatch_size: 10\noptions:\n"
        f"  base_url: {url}\n  api_key_env: SERVED_KEY\n  concurrency: 4\n  backoff_s: 0.02\n"
        f"  max_retries: {retries}\n  timeout_s: 0.5\n"
        "  prices: {input: 2.5, cached_input: 1.25, output: 10}\n"
    )


def run(plan: Path, *words: str) -> Said:
    places = ("--include_path", plan, "--output", plan.parent / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVED_KEY", KEY)
        patch.setenv("NO_PROXY", "127.0.0.1")
        return harness("run", "--tasks", "numbers", "--model", "served", *places, *words)


def rows(plan: Path) -> dict[int, dict[str, Any]]:
    path = plan.parent / "runs" / "served" / "numbers" / "predictions.jsonl"
    found = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {int(row["image_id"][1:]): row for row in found}


def assert_key_is_nowhere(plan: Path, *outputs: Said) -> None:
    files = [path for path in plan.parent.rglob("*") if path.is_file()]
    assert any(path.name == "manifest.json" for path in files)
    for path in files:
        assert KEY.encode() not in path.read_bytes(), f"the key is in {path}"
    for done in outputs:
        assert KEY not in done.stdout + done.stderr


def test_no_answer_is_lost_and_none_made_up(folder: Path, server: FaultyServer) -> None:
    first = run(folder)
    assert first.code == 1, first.stderr
    for number in range(N):
        assert server.tries(number) == TRIES.get(number, ["fine"])
    assert {entry.headers["authorization"] for entry in server.log} == {f"Bearer {KEY}"}
    found = rows(folder)
    assert sorted(found) == list(range(N))
    assert {number for number, row in found.items() if row["status"] == "error"} == LOST
    for number in set(range(N)) - LOST - {13, 14}:
        assert (found[number]["answer"], found[number]["class_id"]) == (f"answer {number}", number)
    assert (found[13]["status"], found[13]["answer"]) == (
        "refused",
        "I'm sorry, I can't assist with that.",
    )
    assert (found[14]["status"], found[14]["answer"]) == ("refused", "")
    assert found[13]["rule"] == found[14]["rule"] == "service"
    assert all("answer" not in found[number] for number in LOST)
    assert "503" in found[4]["error"] and "(3 tries)" in found[4]["error"]
    assert found[15]["error"] == "HTTP 400: you sent Bearer [key]"
    assert_key_is_nowhere(folder, first)

    server.script, seen = {}, len(server.log)
    second = run(folder)
    assert second.code == 0, second.stderr
    asked_again = [entry.image for entry in server.log[seen:]]
    assert sorted(asked_again) == sorted(LOST)
    after = rows(folder)
    assert {row["status"] for row in after.values()} == {"ok", "refused"}
    assert {n: row for n, row in after.items() if n not in LOST} == {
        n: row for n, row in found.items() if n not in LOST
    }
    assert_key_is_nowhere(folder, first, second)


def test_the_manifest_holds_what_the_run_took(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    done = run(folder)
    assert done.code == 0, done.stderr
    manifest = Manifest.read(folder.parent / "runs" / "served" / "numbers")
    assert (manifest.tokens, manifest.prompt_tokens) == (10 * N, 1000 * N)
    each = (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6
    assert manifest.cost == pytest.approx(each * N)
    assert manifest.model_facts["revision"] == MODEL
    assert f"server: {server.url}" in manifest.model_facts["notes"]


def test_several_images_in_a_prompt_are_paid_once(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    write_task(folder, "images_per_prompt: 8\n")  # 8 + 8 + 4
    done = run(folder)
    assert done.code == 0, done.stderr
    found = rows(folder)
    assert all(row["class_id"] == number for number, row in found.items())
    assert Counter(row["images_in_prompt"] for row in found.values()) == {8: 16, 4: 4}
    manifest = Manifest.read(folder.parent / "runs" / "served" / "numbers")
    assert (manifest.tokens, manifest.prompt_tokens) == (30, 3000)
    assert manifest.cost == pytest.approx(3 * (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6)


def test_a_refused_key_ends_the_run_with_one_message(folder: Path, server: FaultyServer) -> None:
    server.script = dict.fromkeys(range(N), "401")
    done = run(folder)
    assert done.code == 2
    assert done.stderr.count("refuses the requests of this run") == 1
    assert "api_key_env" in done.stderr and "Traceback" not in done.stderr
    assert len(server.log) <= 4
    assert not (folder.parent / "runs" / "served" / "numbers" / "predictions.jsonl").exists()
    server.script = {}
    again = run(folder)
    assert again.code == 0, again.stderr
    assert_key_is_nowhere(folder, done, again)


def test_waits_and_prices_may_change_before_a_resume(folder: Path, server: FaultyServer) -> None:
    server.script = {3: "500"}
    assert run(folder).code == 1
    write_model(folder, server.url, retries=5)
    server.script = {3: ("500",) * 6}
    done = run(folder)
    assert done.code == 0, done.stderr
    assert server.tries(3) == ["500"] * 6 + ["fine"]


EACH = (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6
"""What an answer of the server costs."""


def on_disk(plan: Path) -> list[dict[str, Any]]:
    files = (plan.parent / "runs" / "served").rglob("*.jsonl")
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def test_a_run_ends_before_it_costs_more(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    first = run(folder, "--max_cost", f"{6.5 * EACH:.8f}")
    assert first.code == 1, first.stderr
    assert len(server.log) == len(on_disk(folder)) == 6
    assert first.stderr.count("--max_cost") == 2  # what, and how to go on
    assert f"US$ {6 * EACH:.6g} spent" in first.stderr
    same = run(folder, "--max_cost", f"{6.5 * EACH:.8f}")
    assert same.code == 1 and len(server.log) == 6
    second = run(folder, "--max_cost", f"{15 * EACH:.8f}")
    assert second.code == 1 and len(server.log) == 15
    assert f"US$ {15 * EACH:.6g} spent" in second.stderr
    assert f"{9 * EACH:.6g} of it by this process now" in second.stderr
    last = run(folder, "--max_cost", f"{20 * EACH:.8f}")
    assert last.code == 0, last.stderr
    assert len(server.log) == N and sorted(rows(folder)) == list(range(N))
    assert run(folder, "--max_cost", "0.0001").code == 0  # nothing is owed, nothing is spent


def test_the_limit_is_of_all_tasks_and_repeats(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    write_task(folder, "repeats: 2\n")
    done = run(folder, "--max_cost", f"{25 * EACH:.8f}")
    assert done.code == 1 and len(server.log) == len(on_disk(folder)) == 25
    again = run(folder, "--max_cost", f"{30 * EACH:.8f}")
    assert again.code == 1 and len(server.log) == 30


def test_a_slice_has_its_part_of_the_limit(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    limit = ("--max_cost", f"{10 * EACH:.8f}")
    assert run(folder, "--shard", "1/2", *limit).code == 1
    assert len(server.log) == 5
    assert run(folder, "--shard", "2/2", *limit).code == 1
    assert len(server.log) == 10
    assert run(folder, "--shard", "1/2", *limit).code == 1
    assert len(server.log) == 10
    assert run(folder, "--max_cost", f"{12 * EACH:.8f}").code == 1
    assert len(server.log) == 12


@pytest.mark.slow
def test_processes_share_what_is_left(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    limit = f"{9 * EACH:.8f}"
    words = ("run", "--tasks", "numbers", "--model", "served", "--batch_size", "2")
    places = ("--include_path", str(folder), "--output", str(folder.parent / "runs"))
    done = subprocess.run(
        [*TORCHRUN, "2", "-m", "harness", *words, *places, "--max_cost", limit],
        env={**os.environ, "SERVED_KEY": KEY, "NO_PROXY": "127.0.0.1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1 and f"--max_cost {9 * EACH:g}: another request" in done.stderr
    assert 4 <= len(server.log) <= 8  # 4 each; the launcher ends the one that is behind


def test_failed_images_cost_nothing(folder: Path, server: FaultyServer) -> None:
    server.script = {0: "400", 3: "400"}
    done = run(folder, "--max_cost", f"{5 * EACH:.8f}")
    assert done.code == 1 and len(server.log) == 7
    assert sum(row["status"] == "error" for row in on_disk(folder)) == 2


def test_several_images_in_a_prompt_are_counted_once(folder: Path, server: FaultyServer) -> None:
    server.script = {}
    write_task(folder, "images_per_prompt: 8\n")
    done = run(folder, "--max_cost", f"{2.9 * EACH:.8f}")
    assert done.code == 1 and len(server.log) == 2 and len(on_disk(folder)) == 16


def test_a_limit_needs_prices(folder: Path, server: FaultyServer) -> None:
    path = folder / "model.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "prices" not in line))
    done = run(folder, "--max_cost", "1")
    assert done.code == 2 and "--max_cost needs the prices of the model" in done.stderr
    assert not (folder.parent / "runs").exists() and not server.log
