"""What a model wrote is cut at a stated length before it is read, and counted as cut."""

import json
from pathlib import Path

import pytest

from harness.answers.parts import MOST_WRITTEN
from harness.data.classes import Class, ClassList
from harness.prompts.plan import PlannedRequest
from harness.requests import Failed, Text
from harness.runs.rows import answered_rows
from harness.specs.task import Protocol
from support.command import harness

CLASSES = ClassList("c", "clean", tuple(Class(i, f"kind {i}") for i in range(100)))
LONG = {
    "words": "kind 5 and more. " * 200_000,
    "nothing": " " * 3_000_000,
    "brackets": "{[" * 1_500_000,
    "reasoning": "<think>" + "so " * 1_000_000 + "</think>kind 5",
    "marks": "</think>kind 1<think>" * 200_000,
}


@pytest.mark.parametrize("protocol", ["cw", "mc", "ow"])
@pytest.mark.parametrize("name", LONG)
def test_a_long_answer_is_cut_and_counted(protocol: Protocol, name: str) -> None:
    options = (5, 6) if protocol == "mc" else ()
    asked = PlannedRequest((0,), ("a",), "which?", options)
    (row,) = answered_rows(protocol, CLASSES, asked, ["0"], Text(LONG[name]))
    assert row.truncated is True
    assert len(row.answer or "") + len(row.reasoning or "") <= MOST_WRITTEN
    assert len(json.dumps(row.to_json())) < 1 << 20


def test_a_servers_own_reasoning_and_errors_are_cut_too() -> None:
    asked = PlannedRequest((0,), ("a",), "which?")
    said = Text("kind 5", reasoning="so " * 1_000_000)
    (row,) = answered_rows("cw", CLASSES, asked, ["0"], said)
    assert (row.class_id, len(row.reasoning or ""), row.truncated) == (5, MOST_WRITTEN, None)
    (row,) = answered_rows("cw", CLASSES, asked, ["0"], Failed("x" * 1_000_000))
    assert row.error is not None and len(row.error) < 3_000


def test_a_long_answer_in_an_import_is_cut_and_counted(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    task = ("--task", "mini_cw", "--set", "mapping.encoder=lexical", "--partial")
    words = ("import", answers, *task, "--model", "m", "--output", tmp_path / "runs")
    row = {"image_id": "mini_val_00000001"}
    answers.write_text(json.dumps(row | {"answer": LONG["words"]}))
    assert harness(*words).code == 1  # the other images have no answer
    rows = (tmp_path / "runs" / "m" / "mini_cw" / "predictions.jsonl").read_text().splitlines()
    (kept,) = map(json.loads, rows)
    assert kept["truncated"] is True and len(kept["answer"]) == MOST_WRITTEN
    answers.write_text(json.dumps(row | {"answer": [LONG["words"], "dog"]}))
    said = harness(*words)
    assert said.code == 2 and "characters" in said.text
