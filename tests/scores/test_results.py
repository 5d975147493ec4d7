"""`results.json` and the tables: the format others rely on."""

import json
from pathlib import Path

import numpy as np
import pytest

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.errors import DataError
from harness.prompts.confusion import read_confusion
from harness.report.answers_tables import answers_table
from harness.report.comparison_tables import comparison_table
from harness.report.layout import to_text
from harness.report.results_table import (
    changes_table,
    choice_table,
    groups_table,
    results_table,
)
from harness.report.table import Probability, Table
from harness.scores.compare import Side, compare
from harness.scores.judgement import confusion, save_confusion
from harness.scores.results import Matched, Results
from scores.score_builders import classes, labels, mapped, ok, row, run

GOLDEN = Path(__file__).with_name("golden_results.json")
VERSION_1 = Path(__file__).with_name("results_of_version_1.json")


def small() -> Results:
    imgt = labels("imgt", {f"i{i}": [i % 4] for i in range(12)}, original=True)
    sets: dict[str, list[int]] = {f"i{i}": [i % 4] for i in range(8)}
    sets |= {"i0": [], "i1": [1, 7], "i2": [3], "i3": [5, 6], "i8": [0, 1]}
    rows = [
        *(ok(f"i{i}", i % 3) for i in range(6)),
        ok("i6", 2, rule="single_mention", answer="I see 2 here.", nearest=(1,)),
        ok("i7", 3, rule="normalized", top=(3, 1), nearest=(3,)),
        mapped("i8", 1),
        row("i9", Status.REFUSED, answer="I cannot help."),
        row("i10", Status.EMPTY),
        row("i11", Status.ERROR, error="boom"),
    ]
    mapping = {"encoder": "minilm", "class_template": "photo", "answer_template": "raw"}
    same = Equivalences.from_groups("label set regt", [[0, 1]])
    return run(rows, imgt, labels("regt", sets), mapping=mapping, equivalences=same)


def test_golden() -> None:
    """A change here is a change for every reader of `results.json`.

    To accept one: `json.dump(small().to_json(), …, indent=1)` into the golden file, and say so in
    the changelog.
    """
    found = json.loads(json.dumps(small().to_json(), allow_nan=False))
    assert found == json.loads(GOLDEN.read_text())


def test_the_keys_that_were_promised() -> None:
    found = small().to_json()
    assert list(found)[:6] == ["schema_version", "task", "model", "protocol", "n", "complete"]
    assert set(found) >= {"counts", "scores", "changes", "mapping", "mc", "per_class", "confusion"}
    assert set(found["counts"]) == {"ok", "oop", "unparsed", "refused", "empty", "error"}
    score = found["scores"]["cw_plus"]["regt"]
    promised = "n accuracy ci95 n_empty accuracy_empty_correct matching mean_per_class top5"
    assert set(score) >= {*promised.split(), "groups"}
    assert list(score["groups"]) == ["A", "N", "S", "S+", "S-", "M", "M+", "M-"]
    change = found["changes"]["imgt->regt"]
    assert set(change) >= {"n", "from", "to", "delta", "ci95", "both"}
    promised = "encoder class_template answer_template n_mapped accuracy_of_mapped"
    assert set(found["mapping"]) >= set(promised.split())


def test_round_trip_and_newer_keys() -> None:
    written = small().to_json()
    again = Results.from_json({**written, "new_key": 1})
    assert again.to_json() == written
    assert again.changes["imgt->regt"].from_ == written["changes"]["imgt->regt"]["from"]


def test_results_of_version_1_are_read() -> None:
    """Its `accuracy_strict` and `oop_strict` stand where they stand now; the rest is unknown."""
    old = json.loads(VERSION_1.read_text())
    found = Results.from_json(old)
    assert (found.schema_version, found.reading) == (2, None)
    cw, plus = found.scores["cw"]["imgt"], found.scores["cw_plus"]["imgt"]
    assert cw.matching == {
        "strict": Matched(n_right=4, accuracy=36.3636),
        "normalized": Matched(n_right=None, accuracy=None),
        "stated": Matched(n_right=None, accuracy=None),
        "read": Matched(n_right=5, accuracy=45.4545),
    }
    assert (plus.accuracy_by("strict"), plus.accuracy_by("read")) == (None, plus.accuracy)
    assert (found.out_share("strict"), found.out_share("normalized")) == (27.2727, None)
    assert found.out_share("read") == pytest.approx(100 / 11)
    assert Results.from_json(found.to_json()).to_json() == found.to_json()
    with pytest.raises(DataError, match="scores"):
        Results.from_json({**old, "scores": None})


def test_rounding_is_of_the_file_only() -> None:
    truth = labels("imgt", {"a": [1], "b": [2], "c": [3]}, original=True)
    results = run([ok("a", 1), ok("b", 1), ok("c", 1)], truth)
    assert results.scores["cw"]["imgt"].accuracy == pytest.approx(100 / 3, abs=1e-12)
    assert results.to_json()["scores"]["cw"]["imgt"]["accuracy"] == 33.3333


def test_a_file_that_is_none_names_every_key() -> None:
    broken = small().to_json()
    broken["n"] = "many"
    del broken["counts"]
    with pytest.raises(DataError) as caught:
        Results.from_json(broken, "x/results.json")
    assert [item.where for item in caught.value.problems] == [
        "x/results.json: n",
        "x/results.json: counts",
    ]
    with pytest.raises(DataError, match="schema_version"):
        Results.from_json({**small().to_json(), "schema_version": 3})


def test_json_schema_can_be_made() -> None:
    schema = Results.model_json_schema(mode="serialization")
    assert "from" in schema["$defs"]["Change"]["properties"]


def test_confusion_is_what_the_distractors_read(tmp_path: Path) -> None:
    truth = labels("imgt", {"a": [1], "b": [2]}, original=True)
    path = tmp_path / "confusion.npz"
    rows = [ok("a", 2), row("b", Status.OOP)]
    save_confusion(path, confusion(rows, "cw", classes(3), truth))
    with np.load(path) as file:
        assert file["confusion"].tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert read_confusion(path, [0, 1, 2]).tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert [item.name for item in tmp_path.iterdir()] == ["confusion.npz"]


def printed(table: Table | None) -> str:
    assert table is not None
    return to_text(table)


def test_tables_show_shares_with_their_denominators() -> None:
    results = small()
    text = printed(results_table([results]))
    for part in ("cw_plus", "regt", "54.55 [28.01, 78.73]", "8.33 (1/12)", "Wilson"):
        assert part in text
    assert "8.33 (1)" in printed(answers_table([results]))
    assert "S+ (n)" in printed(groups_table(results))
    assert "imgt->regt" in printed(changes_table(results))
    assert choice_table(results) is None
    assert "–" in printed(results_table([run([], labels("imgt", {}, original=True))]))


def test_names_with_brackets_are_not_markup() -> None:
    truth = labels("[bold]", {"a": [1]}, original=True)
    results = run([ok("a", 1, options=(1, 2))], truth, protocol="mc")
    renamed = results.model_copy(update={"model": "[red]m[/red]"})
    assert "[red]m[/red]" in printed(results_table([renamed]))
    assert "[bold]" in printed(groups_table(renamed))
    assert "100.00 (1)" in printed(choice_table(renamed))


def test_comparison_table() -> None:
    truth = labels("imgt", {"a": [1], "b": [2], "c": [1]}, original=True)
    sides = (
        Side("[one]", "cw", [ok("a", 1), ok("b", 1), ok("c", 1)]),
        Side("two", "mc", [ok("a", 1), ok("b", 2), ok("c", 2)]),
    )
    text = printed(comparison_table(compare(*sides, truth)))
    flat = " ".join(text.split())
    parts = ("A: [one] (cw), 66.67 %", "B: two (mc)", "B wrong", "+0.00 [", "p = 1", "0 images")
    assert all(part in flat for part in parts)


def test_a_p_value_that_no_float_holds_is_not_told_as_nought() -> None:
    assert Probability(0.0).shown() == "<1e-300"
    assert [Probability(p).shown() for p in (0.0123, 1.0)] == ["0.012", "1"]
    assert Probability(3e-200, 3).shown() == "3e-200"
    ids = [str(place) for place in range(1200)]
    truth = labels("imgt", {each: [1] for each in ids}, original=True)
    sides = [Side(f"m{k}", "cw", [ok(each, k) for each in ids]) for k in (1, 2)]
    text = printed(comparison_table(compare(*sides, truth)))
    assert "p = <1e-300 (Holm <1e-300)" in " ".join(text.split())


@pytest.mark.parametrize(
    ("options_b", "other", "order", "told"),
    [
        ([(1, 2), (2, 3)], 0, 0, "Both were asked with the same options."),
        ([(2, 1), (2, 3)], 0, 1, "Asked with other options: 0 of 2 images; with the same in"),
        ([(1, 3), (3, 2)], 1, 1, "Asked with other options: 1 of 2 images; with the same in"),
        ([(1, 2, 3), (2, 4)], 2, 0, "Asked with other options: 2 of 2 images. The difference"),
        ([(), ()], None, None, "0 images left out"),
    ],
)
def test_questions_that_were_not_the_same_are_told(
    options_b: list[tuple[int, ...]], other: int | None, order: int | None, told: str
) -> None:
    truth = labels("imgt", {"a": [1], "b": [2]}, original=True)
    one = [ok("a", 1, options=(1, 2)), ok("b", 2, options=(2, 3))]
    two = [ok("b", 2, options=options_b[1]), ok("a", 1, options=options_b[0])]
    found = compare(Side("one", "mc", one), Side("two", "mc", two), truth)
    assert (found.n_other_options, found.n_other_order) == (other, order)
    assert found.to_json()["n_other_options"] == other
    assert told in " ".join(printed(comparison_table(found)).split())


def test_empty_tables() -> None:
    assert "Accuracy" in printed(results_table([]))
    assert "Answers" in printed(answers_table([]))
