"""From runs to a new label set: a queue, four people of known accuracy, a merge, scores by it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.review.queue import Queue
from support.annotators import simulate, write_answers
from support.command import harness

PEOPLE = {"ann": 0.97, "bob": 0.9, "cem": 0.8, "dee": 0.6}
LABELS = "label_sets=[mini_imgt]"  # the re-annotation is the truth that people are to find


@pytest.fixture(scope="module")
def review(
    mini_runs: list[Path],
    mini_truth: Mapping[str, frozenset[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("walk") / "review"
    said = harness(
        "review", "make", *mini_runs, "-o", folder, "--n", 120, "--annotators", ",".join(PEOPLE),
        "--overlap", 3, "--disagree", 2, "--honeypots", 10, "--set", LABELS,
    )  # fmt: skip
    assert said.code == 0, said.text
    write_answers(folder, simulate(Queue.read(folder), mini_truth, PEOPLE, seed=2))
    return folder


def labels_in(file: Path) -> dict[str, set[int]]:
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return {row["image_id"]: set(row["labels"]) for row in rows}


def test_agreement_is_said_of_answers_to_a_queue_that_was_made(review: Path) -> None:
    said = harness("review", "agree", review)
    assert said.code == 0, said.text
    assert "Krippendorff's alpha" in said.stdout and "honeypots" in said.stdout


@pytest.mark.parametrize("rule", ["majority", "dawid_skene"])
def test_the_new_labels_are_nearer_to_the_truth_and_models_are_scored_by_them(
    review: Path,
    rule: str,
    mini_runs: list[Path],
    mini_truth: Mapping[str, frozenset[int]],
    tmp_path: Path,
) -> None:
    for place in ("one", "two"):
        file = tmp_path / place / "third.jsonl"
        file.parent.mkdir()
        said = harness("review", "merge", review, "--rule", rule, "-o", file)
        assert said.code == 0, said.text
    for name in ("third.jsonl", "third.yaml", "third.provenance.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    new = labels_in(tmp_path / "one" / "third.jsonl")
    asked = [item for item in Queue.read(review).items if item.known is None]
    before = sum(set(item.labels["mini_imgt"]) == mini_truth[item.image_id] for item in asked)
    after = sum(new[item.image_id] == mini_truth[item.image_id] for item in asked)
    assert len(asked) == 120 and before < 70 and after > 100, (before, after)

    run = tmp_path / "runs" / "mini_classify"
    shutil.copytree(mini_runs[0], run)
    said = harness("score", run, "--include_path", tmp_path / "one", "--label_set", "third")
    assert said.code == 0, said.text
    scores = json.loads((run / "results.json").read_text())["scores"]["classify"]
    assert scores["third"]["accuracy"] > scores["mini_imgt"]["accuracy"]
