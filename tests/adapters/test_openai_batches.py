"""Runs through a provider's batch interface: all is sent at once, and nothing is paid twice."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.adapters.server import batches
from harness.store.lines import read_json, write_json
from harness.store.manifest import Manifest
from support.batch_server import BatchServer
from support.command import Said, harness
from support.faults import NO_FAULT, Ended, Fault, run_forked

N = 7
KEY = "sk-recognisable-77ac01"
EACH = (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6 / 2
"""What an answer costs, at half the price."""


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer() as started:
        yield started


@pytest.fixture
def plan(tmp_path: Path, server: BatchServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A benchmark of numbered images, a task over it, and a model behind the server."""
    monkeypatch.setenv("A_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    images = tmp_path / "plan" / "images"
    images.mkdir(parents=True)
    for number in range(N):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(images / f"i{number}.png")
    folder = images.parent
    names = "".join(f"  - {{id: {number}, name: answer {number}}}\n" for number in range(N))
    (folder / "classes.yaml").write_text(f"class_list: numbers\nclasses:\n{names}")
    lines = [f'{{"image_id": "i{number}", "labels": [{number}]}}\n' for number in range(N)]
    (folder / "labels.jsonl").write_text("".join(lines))
    (folder / "task.yaml").write_text(
        "task: numbers\nprotocol: cw\ndataset_path: images\nclass_list: numbers\n"
        "label_sets: [labels.jsonl]\nmetadata: {version: 1}\nmapping: {encoder: lexical}\n"
        'doc_to_text: "{{ classes | join }} {% for i in images %}<image>{% endfor %} which?"\n'
    )
    (folder / "model.yaml").write_text(
        "model: served\nadapter: openai\npretrained: some/model\noptions:\n"
        f"  base_url: {server.url}\n  api_key_env: A_KEY\n  backoff_s: 0.02\n  max_retries: 2\n"
        "  longest_wait_s: 0.1\n  batch: true\n  batch_requests: 4\n"
        "  prices: {input: 2.5, cached_input: 1.25, output: 10}\n"
    )
    return folder


def run(plan: Path, *words: object, runs: str = "runs") -> Said:
    places = ("--include_path", plan, "--output", plan.parent / runs)
    return harness("run", "--tasks", "numbers", "--model", "served", *places, *words)


def folder_of(plan: Path, runs: str = "runs") -> Path:
    return plan.parent / runs / "served" / "numbers"


def rows(plan: Path, runs: str = "runs") -> dict[int, dict[str, Any]]:
    text = (folder_of(plan, runs) / "predictions.jsonl").read_text(encoding="utf-8")
    return {int(row["image_id"][1:]): row for row in map(json.loads, text.splitlines())}


def assert_all_paid_once(server: BatchServer, plan: Path, runs: str = "runs") -> None:
    assert {n: row["answer"] for n, row in rows(plan, runs).items()} == {
        n: f"answer {n}" for n in range(N)
    }
    assert server.paid == dict.fromkeys(range(N), 1)


def test_all_is_sent_before_anything_is_waited_for_and_costs_half(
    plan: Path, server: BatchServer
) -> None:
    server.hooks["looked"] = lambda: sizes.append(list(server.sizes))
    sizes: list[list[int]] = []
    done = run(plan)
    assert done.code == 0, done.stderr
    assert sizes == [[4, 3]]
    assert_all_paid_once(server, plan)
    assert all(row["cost"] == pytest.approx(EACH) for row in rows(plan).values())
    manifest = Manifest.read(folder_of(plan))
    assert manifest.cost == pytest.approx(N * EACH)
    assert {"batch: batch_0", "batch: batch_1"} <= set(manifest.model_facts["notes"])
    assert server.keys == {f"Bearer {KEY}"}
    for path in plan.parent.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    (line, *_) = server.files["file-0"].splitlines()
    body = json.loads(line)["body"]
    assert body["model"] == "some/model" and "top_k" not in body and "extra_body" not in body
    assert not list((folder_of(plan) / "batches").glob("*.jsonl"))
    assert run(plan).code == 0 and len(server.batches) == 2


@pytest.mark.slow
def test_files_keep_to_the_largest_size(plan: Path, server: BatchServer) -> None:
    done = run(plan, "--set_model", "options.batch_mb=0.0017")
    assert done.code == 0, done.stderr
    assert len(server.sizes) > 2 and sum(server.sizes) == N
    assert all(len(server.files[each["input_file_id"]]) <= 1700 for each in server.batches.values())
    assert_all_paid_once(server, plan)
    small = run(plan, "--set_model", "options.batch_mb=0.0001", runs="other")
    assert small.code == 1
    assert all("more than `batch_mb`" in row["error"] for row in rows(plan, "other").values())


def test_the_note_of_a_batch_can_be_read_again_however_many_requests_a_provider_takes(
    plan: Path, server: BatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = batches._MOST_IMAGES
    note = {"since": 1e9 / 3, "file": "f" * 99, "batch": "b" * 99}
    keys = (f"{place:032x}" for place in range(most))
    write_json(plan / "note.json", {**note, "requests": {key: ["0" * 64] for key in keys}})
    assert len(read_json(plan / "note.json")["requests"]) == most
    monkeypatch.setattr(batches, "_MOST_IMAGES", 3)
    assert run(plan).code == 0 and server.sizes == [3, 3, 1]
    assert_all_paid_once(server, plan)


def test_what_a_batch_did_not_come_to_is_sent_again(plan: Path, server: BatchServer) -> None:
    server.outcomes = {1: ["expired"], 2: ["500", "429"], 5: ["400"]}
    first = run(plan, "--max_errors", "3")
    assert first.code == 1, first.stderr
    assert server.sizes == [4, 3, 2, 1]
    found = rows(plan)
    assert {n for n, row in found.items() if row["status"] == "error"} == {5}
    assert found[5]["error"] == "HTTP 400: trouble 400"
    assert run(plan).code == 0 and server.sizes == [4, 3, 2, 1, 1]
    assert_all_paid_once(server, plan)


@pytest.mark.slow
def test_what_is_never_answered_becomes_an_error_and_is_sent_again_by_the_next_command(
    plan: Path, server: BatchServer
) -> None:
    server.outcomes = {number: ["expired"] * 3 for number in range(N)}
    first = run(plan)
    assert first.code == 1
    assert all("batch_expired" in row["error"] for row in rows(plan).values())
    assert server.sizes == [4, 3] * 3 and not server.paid
    done = run(plan)
    assert done.code == 0, done.stderr
    assert_all_paid_once(server, plan)


def test_a_batch_that_is_refused_ends_the_run_and_one_that_is_too_much_now_does_not(
    plan: Path, server: BatchServer
) -> None:
    server.fails = [("fine", ""), ("token_limit_exceeded", "Enqueued token limit reached")]
    server.fails += [("model_not_found", f"no such model for {KEY}")]
    first = run(plan)
    assert first.code == 2 and "model_not_found: no such model for [key]" in first.stderr
    assert sum(server.paid.values()) == 4
    assert run(plan).code == 0
    assert_all_paid_once(server, plan)


def test_a_reply_that_is_lost_makes_no_second_batch(plan: Path, server: BatchServer) -> None:
    def lost() -> None:
        raise ConnectionError

    server.hooks = {"created": lost, "uploaded": lost, "looked": lost, "downloaded": lost}
    done = run(plan)
    assert done.code == 0, done.stderr
    assert server.sizes == [4, 3]
    assert_all_paid_once(server, plan)


MOMENTS = ("uploaded", "looked", "downloaded")


@pytest.mark.parametrize(
    "moment", ["created", *(pytest.param(each, marks=pytest.mark.slow) for each in MOMENTS)]
)
def test_a_run_that_is_killed_finds_its_batches_again(
    plan: Path, server: BatchServer, moment: str
) -> None:
    """Killed while the provider answers: it has done what it was asked, and nobody knows."""
    number = plan / "pid"
    server.hooks[moment] = lambda: os.kill(int(number.read_text()), signal.SIGKILL)
    assert forked(plan, number).codes == (-signal.SIGKILL,)
    assert server.sizes == {"uploaded": [], "created": [4]}.get(moment, [4, 3])
    done = run(plan)
    assert done.code == 0, done.stderr
    assert server.sizes == [4, 3]
    assert_all_paid_once(server, plan)


@pytest.mark.slow
def test_a_batch_is_found_again_where_the_provider_keeps_no_metadata(
    plan: Path, server: BatchServer
) -> None:
    def kill() -> None:
        server.batches["batch_0"]["metadata"] = None
        os.kill(int(number.read_text()), signal.SIGKILL)

    number = plan / "pid"
    server.hooks["created"] = kill
    forked(plan, number)
    done = run(plan)
    assert done.code == 0, done.stderr
    assert_all_paid_once(server, plan)


@pytest.mark.slow
def test_no_kill_at_any_change_of_what_is_noted_of_batches_costs_an_answer_twice(
    plan: Path, server: BatchServer
) -> None:
    kills = 0
    for at in range(1, 200):
        runs = f"runs-{at}"
        server.paid.clear()
        watched = folder_of(plan, runs) / "batches"
        ended = run_forked(lambda _, r=runs: run(plan, runs=r).code, [Fault("kill", at)], watched)  # type: ignore[misc]
        assert ended.was_killed or ended.codes == (0,), ended.said
        again = run(plan, runs=runs)
        assert again.code == 0, f"after a kill at {at}: {again.stderr}"
        assert_all_paid_once(server, plan, runs)
        shutil.rmtree(plan.parent / runs)
        if not ended.was_killed:
            break
        kills += 1
    assert kills > 12


def forked(plan: Path, number: Path) -> Ended:
    """Run in a process of its own, whose number is written into a file."""

    def action(_: int) -> int:
        number.write_text(str(os.getpid()))
        return run(plan).code

    return run_forked(action, [NO_FAULT], plan.parent)


@pytest.mark.slow
def test_a_run_in_batches_goes_on_only_in_batches_while_some_are_under_way(
    plan: Path, server: BatchServer
) -> None:
    number = plan / "pid"
    server.hooks["looked"] = lambda: os.kill(int(number.read_text()), signal.SIGKILL)
    forked(plan, number)
    at_once = run(plan, "--set_model", "options.batch=false")
    assert at_once.code == 2 and "7 requests sent off would be" in at_once.stderr
    few = run(plan, "--limit", "2")
    assert few.code == 0 and len(server.batches) == 2, few.stderr
    assert run(plan).code == 0
    assert_all_paid_once(server, plan)


def test_a_run_can_be_stopped_while_it_waits(plan: Path, server: BatchServer) -> None:
    server.looks = 1000
    server.hooks["looked"] = lambda: os.kill(os.getpid(), signal.SIGTERM)
    stopped = run(plan)
    assert stopped.code == 128 + signal.SIGTERM
    server.looks = 0
    assert run(plan).code == 0
    assert_all_paid_once(server, plan)


def test_no_more_is_sent_off_than_may_be_spent(plan: Path, server: BatchServer) -> None:
    first = run(plan, "--max_cost", f"{4.5 * EACH:.8f}")
    assert first.code == 1 and server.sizes == [1, 3], first.stderr
    assert run(plan, "--max_cost", f"{N * EACH:.8f}").code == 0
    assert server.sizes == [1, 3, 3]
    assert_all_paid_once(server, plan)


def test_what_batches_cannot_do_is_refused(plan: Path, server: BatchServer) -> None:
    for words in (("--shard", "1/2"), ("--call_timeout", "9")):
        refused = run(plan, *words, runs="-".join(words).replace("/", "-"))
        assert refused.code == 2 and "need one process" in refused.stderr
    names = run(plan, "--set", "output_type=constrained", runs="names")
    assert names.code == 2 and "text, or letters" in names.stderr
    ranked = run(plan, "--set", "output_type=multiple_choice", runs="ranked")
    assert ranked.code == 2 and "text, or letters" in ranked.stderr
    two = "options.base_url=[http://a/v1, http://b/v1]"
    assert "single address" in run(plan, "--set_model", two, runs="two").stderr
    assert not server.batches


def test_letters_are_ranked_in_batches(plan: Path, server: BatchServer) -> None:
    question = "<image> {% for each in options %}{{ letters[loop.index0] }} {{ each }} {% endfor %}"
    task = (plan / "task.yaml").read_text().partition("doc_to_text")[0].replace("cw\n", "mc\n")
    task = task.replace("mapping: {encoder: lexical}\n", "output_type: multiple_choice\n")
    (plan / "task.yaml").write_text(
        f"{task}doc_to_text: '{question}'\ndistractors: {{strategy: random, n_options: 4}}\n"
    )
    done = run(plan)
    assert done.code == 0, done.stderr
    for row in rows(plan).values():
        assert row["top"] == [row["options"][place] for place in (1, 0, 2, 3)]
        assert row["top_scores"] == [-0.5, -1.5, -3.0, -3.0] and row["cost"] == pytest.approx(EACH)
    (note,) = (
        each for each in Manifest.read(folder_of(plan)).model_facts["notes"] if "letters" in each
    )
    assert note.startswith("answers with letters that the server does not show")
    assert note.endswith(f": {N}")


def test_a_batch_that_is_gone_is_told_with_what_to_do(plan: Path, server: BatchServer) -> None:
    number = plan / "pid"
    server.hooks["looked"] = lambda: os.kill(int(number.read_text()), signal.SIGKILL)
    forked(plan, number)
    server.batches.clear()
    gone = run(plan)
    assert gone.code == 1 and "does not know the batch" in gone.stderr
    assert "remove the folder `batches`" in gone.stderr


@pytest.mark.slow
def test_a_group_that_was_sent_off_without_a_broken_image_is_sent_again_when_it_is_whole(
    plan: Path, server: BatchServer
) -> None:
    whole = (plan / "images" / "i5.png").read_bytes()
    (plan / "images" / "i5.png").write_bytes(whole[:20])
    groups = ("--set", "images_per_prompt=4")
    first = run(plan, *groups)
    assert first.code == 1, first.stderr
    broken = {n for n, row in rows(plan).items() if row["status"] == "error"}
    assert broken == {5} and server.sizes == [2]
    assert run(plan, *groups).code == 1 and server.sizes == [2], "it is as it was, and paid"
    (plan / "images" / "i5.png").write_bytes(whole)
    done = run(plan, *groups)
    assert done.code == 0, done.stderr
    assert server.sizes == [2, 1]
    assert {n: row["class_id"] for n, row in rows(plan).items()} == {n: n for n in range(N)}
