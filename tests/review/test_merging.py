"""A new label set: how labels changed, what is written, and that it scores at once."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.errors import DataError
from harness.review.answers import Answers
from harness.review.label_file import Provenance
from harness.review.merging import How, Way, count_groups, merge, way_of
from harness.review.queue import Queue
from harness.review.sources import Sources
from harness.scores.results import Results
from support.annotators import simulate, write_answers
from support.command import harness
from support.reviews import made_review
from support.small_review import answer, item, queue_of

ids = frozenset
ONE_AND_FIVE = Equivalences.from_groups("test", [[1, 5]])


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        ({1}, {1}, "kept"),
        ({1}, {5}, "kept"),  # one class
        ({1, 5}, {1}, "kept"),
        (set(), set(), "kept"),
        ({1}, {1, 2}, "added"),
        ({1, 2}, {5}, "removed"),
        ({1}, {2}, "replaced"),
        ({1, 2}, {2, 3}, "replaced"),
        ({1}, set(), "emptied"),
        (set(), {1}, "filled"),
        (None, {1}, "new"),
        (None, set(), "new"),
    ],
)
def test_the_way_in_which_labels_changed(
    before: set[int] | None, after: set[int], way: Way
) -> None:
    assert way_of(None if before is None else ids(before), ids(after), ONE_AND_FIVE) == way


QUEUE = queue_of(
    [
        item("kept"),
        item("changed"),
        item("tied"),
        item("new"),
        item("pot", why=("honeypot",), known=(5,)),
    ]
)
BASE = LabelSet(
    "again",
    {"other": ids({4}), "changed": ids({1}), "kept": ids({5}), "tied": ids({1}), "pot": ids({1})},
    equivalence_groups=(ids({1, 5}),),
    named_originals={"other": ids({9})},
)
ORIGINAL = LabelSet("original", {**BASE.labels, "changed": ids({3})}, original=True)
ROWS = [
    answer(QUEUE, "kept", "ann", 1),
    answer(QUEUE, "changed", "ann", 2, 3),
    answer(QUEUE, "tied", "ann", 1),
    answer(QUEUE, "tied", "bob", 2),
    answer(QUEUE, "new", "ann"),
    answer(QUEUE, "pot", "ann", 2),
]
ANSWERS = Answers(QUEUE, tuple(ROWS), {(r.annotator, r.image_id, r.pass_): r for r in ROWS}, ())
LABELS = Labels((ORIGINAL, BASE), ONE_AND_FIVE)


def test_reviewed_images_have_the_peoples_labels_and_all_others_the_bases() -> None:
    merged = merge(ANSWERS, LABELS, BASE, How("majority", name="third"))
    assert merged.labels.labels == {
        "other": {4},
        "changed": {2, 3},
        "kept": {5},  # the people's 1 is the same class: the base's id stays
        "tied": {1},
        "pot": {1},  # a honeypot, whose answers change nothing
        "new": set(),
    }
    assert list(merged.labels.labels) == [*BASE.labels, "new"]
    assert merged.ways == {
        **dict.fromkeys(("added", "removed", "emptied", "filled"), 0),
        "kept": 1, "replaced": 1, "new": 1,
    }  # fmt: skip
    assert merged.reasons == {"no majority": 1}
    assert merged.decided == {"kept": {5}, "changed": {2, 3}, "new": set()}
    assert (merged.n_honeypots, merged.labels.name) == (1, "third")


def test_an_undecided_image_that_the_base_lacks_stays_out() -> None:
    rows = {("ann", "new", "blind"): answer(QUEUE, "new", "ann", status="unsure")}
    answers = replace(ANSWERS, latest=rows)
    merged = merge(answers, LABELS, BASE, How("majority"))
    assert merged.labels.labels == BASE.labels
    assert merged.reasons == {"all unsure": 1, "no answer": 3}


def test_groups_are_counted_by_hand() -> None:
    """Original: other 4, changed 3, kept 5, tied 1, pot 1. Before: all have one label, changed (1)
    another one. After: changed has 2 and 3, so M+; new has none.
    """
    merged = merge(ANSWERS, LABELS, BASE, How("majority"))
    before, after = (count_groups(each, ORIGINAL, ONE_AND_FIVE) for each in (BASE, merged.labels))
    names = ("A", "N", "S", "S+", "S-", "M", "M+", "M-")
    assert tuple(before[name] for name in names) == (5, 0, 5, 4, 1, 0, 0, 0)
    assert tuple(after[name] for name in names) == (5, 1, 4, 4, 0, 1, 1, 0)


@pytest.fixture(scope="module")
def review(
    mini_sources: Sources,
    mini_truth: Mapping[str, ids[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Reviewed: the original labels of mini, by people who mostly know what is really there."""
    made = made_review(mini_sources, tmp_path_factory.mktemp("merging") / "review")
    people = dict(zip(made.queue.annotators, (0.95, 0.9, 0.85, 0.6), strict=True))
    write_answers(made.folder, simulate(made.queue, mini_truth, people, seed=2))
    return made.folder


def merged_by(review: Path, output: Path, rule: str, *more: object) -> str:
    words = ("review", "merge", review, "--rule", rule, "-o", output, *more)
    done = harness(*words)
    assert done.code == 0, done.text
    return done.stdout


def test_a_merged_label_set_scores_beside_the_others(
    review: Path, mini_runs: list[Path], tmp_path: Path
) -> None:
    """By name on the command line, and where the task lists it, in `results.json` each time."""
    merged_by(review, tmp_path / "third.jsonl", "majority")
    found = Provenance.read(tmp_path / "third.jsonl")
    queue = Queue.read(review)
    assert found.counts.reviewed == len(queue.items) - 4 and found.counts.honeypots == 4
    assert found.counts.ways["replaced"] > 5
    for words in (
        ("--label_set", "third"),
        ("--set", "label_sets=[mini_imgt, mini_regt, third]"),
    ):
        run = tmp_path / "runs" / words[0].strip("-")
        shutil.copytree(mini_runs[0], run)
        told = harness("score", run, "--include_path", tmp_path, *words)
        assert told.code == 0, told.text
        results = Results.model_validate_json((run / "results.json").read_text())
        assert list(results.label_sets) == ["mini_imgt", "mini_regt", "third"]
        third, base = results.label_sets["third"], results.label_sets["mini_imgt"]
        assert third.n_images == base.n_images == found.counts.images
        assert "mini_imgt->third" in results.changes


def test_the_same_answers_give_the_same_bytes(review: Path, tmp_path: Path) -> None:
    texts = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        for rule in ("majority", "dawid_skene", "unanimous"):
            merged_by(review, folder / f"{rule}.jsonl", rule)
        merged_by(review, folder / "majority.jsonl", "majority")  # over what is there
        texts.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert texts[0] == texts[1]
    assert len(texts[0]) == 9  # this base brings no equivalent classes
    assert len({texts[0][f"{rule}.jsonl"] for rule in ("majority", "unanimous")}) == 2


def test_a_disk_that_is_full_on_the_way_leaves_what_the_same_command_mends(
    review: Path, mini_runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine" / "third.jsonl"
    merged_by(review, path, "unanimous")
    merged_by(review, tmp_path / "whole" / "third.jsonl", "majority")
    whole = {each.name: each.read_bytes() for each in (tmp_path / "whole").iterdir()}
    rename = Path.replace
    for last in range(3):
        names: list[str] = []

        def full(self: Path, target: Path, names: list[str] = names, last: int = last) -> Path:
            names.append(target.name)
            if len(names) > last:
                raise OSError(28, "No space left on device")
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full)
            words = ("--rule", "majority", "-o", path)
            told = harness("review", "merge", review, *words)
            assert told.code == 1 and "cannot be written" in told.text
        if last == 1:  # the old labels with the new provenance
            with pytest.raises(DataError, match="has been changed since it was merged"):
                Provenance.read(path)
        if last == 2:  # the new labels with the old YAML
            told = harness(
                "score", mini_runs[0], "--include_path", path.parent, "--label_set", "third"
            )
            assert told.code == 2 and "not the file that label set `third`" in told.text
        merged_by(review, path, "majority")
        assert {name: (path.parent / name).read_bytes() for name in whole} == whole
        merged_by(review, path, "unanimous")


def test_the_base_may_be_another_and_its_equivalent_classes_come_along(
    review: Path, tmp_path: Path
) -> None:
    path = tmp_path / "re.jsonl"
    told = merged_by(review, path, "unanimous", "--base", "mini_regt", "--name", "ReReGT")
    assert "harness score RUN --include_path" in told and "--label_set ReReGT" in told
    config = json.loads((tmp_path / "re.equivalences.json").read_text())
    assert config == {"equivalent_classes": [[60, 61]]}
    assert Provenance.read(path).base.name == "mini_regt"
    first = json.loads(path.read_text().splitlines()[0])
    assert set(first) == {"image_id", "labels", "original_class"}


def test_a_file_that_was_changed_is_no_longer_taken(
    review: Path, tmp_path: Path, mini_runs: list[Path]
) -> None:
    path = tmp_path / "third.jsonl"
    merged_by(review, path, "majority")
    path.write_text(path.read_text() + "\n")
    told = harness("score", mini_runs[0], "--include_path", tmp_path, "--label_set", "third")
    assert told.code == 2 and "not the file that label set `third` was written for" in told.text
    path.unlink()
    told = harness("score", mini_runs[0], "--include_path", tmp_path, "--label_set", "third")
    assert told.code == 2 and "there is no such file" in told.text


def test_a_base_that_has_changed_since_the_queue_was_made_is_said(
    review: Path, root: Path, tmp_path: Path
) -> None:
    queue = Queue.read(review)
    first, second = (each.image_id for each in queue.items[:2])
    labels = {
        each["image_id"]: each["labels"] for each in _rows_of(root / "tasks/mini/labels/imgt.jsonl")
    }
    labels[first] = [(labels[first][0] + 1) % 64]
    other = tmp_path / "other.jsonl"
    rows = ({"image_id": image_id, "labels": each} for image_id, each in labels.items())
    other.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("--rule", "majority", "-o", tmp_path / "new.jsonl")
    told = harness("review", "merge", review, *words, "--label_set", f"mini_imgt={other}")
    assert told.code == 0, told.text
    text = " ".join(told.stderr.split())
    assert "has other labels for 1 of 44 images than when the queue was made" in text
    assert first in text and second not in text


def _rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_mistakes_say_what_is_wrong(review: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"image_id": "a", "labels": []}\n')
    for words, what in (
        (("-o", tmp_path / "mine.jsonl"), "was not written by `harness review merge`"),
        (("-o", tmp_path / "new.csv"), "FILE.jsonl"),
        (("-o", tmp_path / "new.jsonl", "--name", "mini_regt"), "name of another label set"),
        (("-o", tmp_path / "new.jsonl", "--name", "a=b"), "holds `=`"),
        (("-o", tmp_path / "new.jsonl", "--base", "mini_reg"), "did you mean `mini_regt`?"),
        (("-o", tmp_path / "new.jsonl", "--base", "real"), "other classes"),
        (("-o", tmp_path / "new.jsonl", "--pass", "shown"), "has no such answers"),
        (("-o", tmp_path / "new.jsonl", "--adjudication", review), "go together"),
    ):
        told = harness("review", "merge", review, "--rule", "majority", *words)
        assert told.code == 2 and what in told.text, (words, told.text)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.jsonl"]
