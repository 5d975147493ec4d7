"""What became of the answers: whole, and the same as the scores."""

import gzip
import json
from pathlib import Path

import pytest

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences, Labels
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.runs.reopen import open_run
from harness.scores.fates import PARTS, Fates, Part, fates_of
from harness.scores.results import Results
from harness.scores.scoring import ScoreRequest, request_of, score, score_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.prediction import Prediction
from scores.score_builders import classes, labels, mapped, ok, row
from support.imported_runs import ANSWERS, imported_run

_MET: tuple[Part, ...] = (
    "right", "mapped right", "mapped wrong", "unparsed", "refused", "empty", "wrong in list",
)  # fmt: skip


def agree(found: dict[str, Fates], results: Results) -> None:
    """The parts are whole, and what results say by themselves."""
    assert found.keys() == results.label_sets.keys()
    for name, fates in found.items():
        own = results.scores[fates.protocol][name]
        assert sum(fates.counts.values()) == fates.n == own.n
        assert sum(fates.share(part) or 0 for part in PARTS) == pytest.approx(100)
        assert fates.accuracy == own.accuracy and fates.n_error == own.n_error
        if fates.is_mapped:
            assert fates.accuracy_mapped == results.scores["cw_plus"][name].accuracy
        else:
            assert fates.accuracy_mapped is None and "cw_plus" not in results.scores
        if own.n != results.n:
            continue
        statuses = {each: fates.counts[each] for each in ("unparsed", "refused", "empty")}
        out = ("mapped right", "mapped wrong", "out of prompt")
        statuses["oop"] = sum(fates.counts[part] for part in out)
        statuses["ok"] = fates.counts["right"] + fates.counts["wrong in list"]
        if fates.protocol != "ow":  # where answers of any status have a class by mapping
            assert statuses == {each: results.counts[each] for each in statuses}


@pytest.mark.parametrize(
    ("entry", "task"),
    [
        ("mini", "mini_cw"),
        ("mini", "mini_ow"),
        ("mini", "mini_mc_hard"),
        ("mini_classifier", "mini_classify"),
    ],
)
def test_the_embedded_entries_say_the_same_as_their_results(
    root: Path, entry: str, task: str
) -> None:
    file = root / f"leaderboard/submissions/{entry}/runs/{task}/predictions.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [Prediction.from_json(json.loads(line)) for line in lines]
    spec = load_task(Catalogue(), task, ())
    opened = open_task(Catalogue(), spec, NO_OVERRIDES, images="none")
    request = ScoreRequest(task, entry, spec.protocol, opened.classes, opened.labels, draws=10)
    results = score(rows, request)
    found = fates_of(rows, request)
    agree(found, results)
    assert found["mini_imgt"].n > 1200


def test_a_run_with_answers_of_every_kind_says_the_same_as_its_results(tmp_path: Path) -> None:
    path = imported_run(tmp_path, "a", "mini_cw", answers=(*ANSWERS, "{}ish", "tiger"))
    run = open_run(Catalogue(), path, NO_OVERRIDES)
    found = fates_of(run.rows, request_of(run.opened, run.manifest))
    agree(found, score_run(run.opened, run.manifest, run.rows, draws=10))
    written = Results.from_json(json.loads((run.path / "results.json").read_text("utf-8")))
    for name, fates in found.items():
        assert fates.accuracy == pytest.approx(
            written.scores[fates.protocol][name].accuracy, abs=1e-4
        )
    assert found["mini_imgt"].is_mapped
    assert all(found["mini_imgt"].counts[each] for each in _MET)


def test_each_answer_is_in_one_part_and_errors_and_images_without_label_in_none() -> None:
    rows = [
        *(ok("1", 1), ok("2", 3), mapped("3", 3), mapped("4", 3), row("5", Status.OOP, answer="?")),
        *(row("6", Status.UNPARSED), row("7", Status.REFUSED), row("8", Status.EMPTY)),
        *(row("9", Status.ERROR, error="x"), ok("10", 1), ok("11", 1)),
    ]
    truth = {str(i): [i] for i in range(1, 10)} | {"10": []}
    both = Labels((labels("a", truth, original=True),), Equivalences.none())
    request = ScoreRequest("task", "model", "cw", classes(), both, draws=10)
    found = fates_of(rows, request)["a"]
    assert found.counts == dict.fromkeys(PARTS, 1)
    assert (found.n, found.n_error, found.accuracy, found.accuracy_mapped) == (8, 1, 12.5, 25.0)
    agree({"a": found}, score(rows, request))
    unmapped = fates_of([rows[0], rows[4]], request)["a"]
    assert not unmapped.applies("mapped right") and unmapped.applies("out of prompt")
    nothing = fates_of([rows[8]], request)["a"]
    assert nothing.n == 0 and nothing.accuracy is None
