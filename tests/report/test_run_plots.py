"""The pictures of what became of answers and of accuracy by class; the names of runs in them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, UserError
from harness.report.class_plot import (
    ClassAccuracies,
    class_accuracies,
    class_notes,
    class_table,
    draw_classes,
)
from harness.report.drawn_runs import last_label_set, run_names, told_by_settings
from harness.report.fate_plot import AllFates, all_fates, draw_fates, fate_notes, fate_table
from harness.report.forms import plain
from harness.report.reliability_plot import (
    Reliability,
    draw_reliability,
    reliability_notes,
    reliability_of,
    reliability_table,
)
from harness.scores.confidence import Signal
from harness.scores.fates import PARTS, Fates
from harness.scores.results import Results
from harness.scores.statistics import wilson
from scores.score_builders import classes, labels, ok, run
from support import command
from support.imported_runs import imported_run

N = 40
IMGT = labels("imgt", {str(i): [i % 4] for i in range(N)}, original=True)
REGT = labels("regt", {str(i): [i % 4] for i in range(N - 2)})
NAMES = {0: "$x_1$ & \x1b[2K", 1: "b" * 50, 2: "_c", 3: "d"}


def scored(model: str, wrong: int, n: int = N) -> Results:
    rows = [ok(str(i), (i + (i < wrong)) % 4) for i in range(n)]
    return run(rows, IMGT, REGT).model_copy(update={"model": model})


def fates(right: int, is_mapped: bool = True, n_error: int = 0) -> Fates:
    counts = {part: 0 if "mapped" in part and not is_mapped else 10 for part in PARTS}
    return Fates("cw", counts | {"right": right}, is_mapped, n_error)


def classes_of(*results: Results, label_set: str | None = None) -> ClassAccuracies:
    names = run_names(results, [()] * len(results))
    return class_accuracies(results, names, NAMES, label_set)


def fates_found() -> AllFates:
    results = [scored("_$x_1$ & \x1b[2K", 4), scored("b" * 50, 10)]
    both = [{"regt": fates(30)}, {"regt": fates(50, is_mapped=False, n_error=3)}]
    return all_fates(results, both, [each.model for each in results])


def test_runs_are_told_apart_by_what_they_differ_in() -> None:
    one, other = scored("a", 0), scored("a", 0).model_copy(update={"task": "other"})
    assert run_names([one, scored("b", 0)], [("x=1",), ()]) == ["a", "b"]
    assert run_names([one, other], [("x=1",), ()]) == ["a on task", "a on other"]
    assert run_names([one, one], [("x=1", "y=2"), ()]) == ["a on task, x=1, y=2", "a on task"]
    assert run_names([one, one], [(), ()]) == ["a on task (1)", "a on task (2)"]


def test_rows_of_a_table_are_told_apart() -> None:
    """Runs of one model and task under two prompts had the same names in every table."""
    one, other = scored("a", 0), scored("b", 0)
    given = [("path=x", "prompt=role"), (), ("path=x",), ("path=x",)]
    told = told_by_settings([one, other, one, one], given)
    assert [each.model for each in told] == ["a, prompt=role", "b", "a (1)", "a (2)"]
    sample = one.model_copy(update={"blank_images": True})  # which the table says of the task
    assert told_by_settings([one, sample], [(), ("blank_images=true",)]) == [one, sample]


def test_the_label_set_is_the_last_that_is_not_the_original_or_the_only_one() -> None:
    assert last_label_set(scored("a", 0)) == "regt"
    assert last_label_set(run([ok("1", 1)], IMGT)) == "imgt"


def test_the_table_of_parts_has_what_applies_the_highest_first() -> None:
    found = fates_found()
    table = fate_table(found)
    rows = [[plain(cell) for cell in row] for row in table.rows]
    first = [row[1:] for row in rows if row[0] == "b" * 50]
    assert first[0] == ["cw", "right", "50.00 (50/100)"] and rows[0][0] == "b" * 50
    assert [row[1] for row in first] == [part for part in PARTS if "mapped" not in part]
    second = [row[2:] for row in rows[len(first) :]]
    assert [row[0] for row in second[:-1]] == list(PARTS)
    assert second[1] == ["mapped right", "10.00 (10/100)"]
    assert second[-1] == ["right + mapped right (CW+)", "40.00 (40/100)"]
    assert list(fate_notes(found)) == [f"{'b' * 50}: without 3 rows of status `error`"]
    nothing = Fates("cw", dict.fromkeys(PARTS, 0), False, 0)
    with pytest.raises(DataError, match="no answer is to an image with a label"):
        all_fates([scored("a", 0)], [{"regt": nothing}], ["a"])


def test_classes_go_from_the_worst_of_the_first_run_to_its_best() -> None:
    one = run([ok(str(i), i % 4 if i % 4 > i % 3 else 9) for i in range(36)], IMGT, REGT)
    found = classes_of(one, scored("b", 2))
    accuracies = [found.runs[0].classes[each].accuracy or 0 for each in found.order]
    assert accuracies == sorted(accuracies) and found.order[0] == 0 and found.order[-1] == 3
    for each, result in zip(found.runs, (one, scored("b", 2)), strict=True):
        assert each.mean == result.scores["cw"]["regt"].mean_per_class
        own = [share.accuracy or 0 for share in each.classes.values()]
        assert each.mean == pytest.approx(sum(own) / len(own))
    rows = [[plain(cell) for cell in row] for row in class_table(found).rows]
    assert rows[0] == [NAMES[0], "0", "9", "0.00", "90.00"]
    assert rows[-1][:3] == ["mean of classes", "–", "36"] and len(rows) == 5
    assert list(class_notes(found)) == ["b: 2 classes have not as many images as in model"]
    with pytest.raises(UserError, match="did you mean `regt`"):
        classes_of(one, label_set="regtt")


def test_a_class_that_only_a_later_run_has_comes_last() -> None:
    found = classes_of(scored("a", 1, n=2), scored("b", 0))
    assert found.order == (0, 1, 2, 3)
    rows = [[plain(cell) for cell in row] for row in class_table(found).rows]
    assert [row[0] for row in rows] == [NAMES[0], NAMES[1], "mean of classes"]


def test_of_many_classes_the_ten_worst_are_named_in_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    truth = {str(i): [i % 300] for i in range(600)}
    all_of = labels("imgt", truth, original=True)
    rows = [ok(str(i), i % 300 if i >= 12 and i % 7 else 299) for i in range(600)]
    results = run(rows, all_of, class_list=classes(300), draws=10)
    names = {i: f"name {i}" for i in range(300)}
    found = class_accuracies([results], ["m"], names)
    table = class_table(found)
    assert len(table.rows) == 21 and table.title.endswith("the 10 worst and 10 best of 300")
    draw_classes(found, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text("utf-8")
    assert all(f"name\u00a0{i}\u00a0" in text for i in found.order[:10])
    assert f"name\u00a0{found.order[10]}\u00a0" not in text


def draw_parts(path: Path) -> None:
    draw_fates(fates_found(), path)


def draw_by_class(path: Path) -> None:
    draw_classes(classes_of(scored("_$x_1$ & \x1b[2K", 4), scored("b" * 50, 10)), path)


def sure(model: str, n: int = N, **more: Any) -> Results:
    rows = [ok(str(i), i % 4 if i % 3 else 9, confidence=0.5 + i / 100, **more) for i in range(n)]
    return run(rows, IMGT, REGT).model_copy(update={"model": model})


def curves_of(*results: Results, label_set: str | None = None) -> Reliability:
    return reliability_of(results, run_names(results, [()] * len(results)), label_set)


def draw_curves(path: Path) -> None:
    draw_reliability(curves_of(sure("_$x_1$ & \x1b[2K"), sure("b" * 50, 20)), path)


def test_a_curve_is_the_bins_of_the_results_and_runs_without_are_named() -> None:
    one = sure("a")
    found = curves_of(one, scored("b", 4))
    (curve,) = found.runs
    own = one.calibration["cw"]["regt"][Signal.PROBABILITY]
    assert (curve.name, curve.error, curve.n) == ("a", own.ece, 38)
    assert list(reliability_notes(found)) == [
        "b: its answers have no probabilities; it is not in the picture"
    ]
    rows = [[plain(cell) for cell in row] for row in reliability_table(found).rows]
    assert sum(int(row[2]) for row in rows[:-1]) == int(rows[-1][2]) == 38
    first = curve.error.bins[0]
    low, high = wilson(round(first.n * first.accuracy / 100), first.n) or (0, 0)
    assert rows[0][3:5] == [
        f"{first.confidence:.2f}",
        f"{first.accuracy:.2f} [{low:.2f}, {high:.2f}]",
    ]
    with pytest.raises(DataError, match="no run has answers with a probability"):
        curves_of(scored("b", 4))
    part = run([*(ok(str(i), 1, confidence=0.5) for i in range(9)), ok("9", 1)], IMGT)
    assert list(reliability_notes(curves_of(part))) == [
        "model: 1 of 10 answers have no probability"
    ]


@pytest.mark.parametrize("draw", [draw_parts, draw_by_class, draw_curves])
def test_pictures_have_the_same_bytes_each_time_and_hostile_names_do_nothing(
    tmp_path: Path, draw: Callable[[Path], None]
) -> None:
    pytest.importorskip("matplotlib")
    path, again = tmp_path / "new/a.svg", tmp_path / "b.SVG"
    draw(path)
    draw(again)
    data = path.read_bytes()
    assert data == again.read_bytes()
    assert re.search(rb'width="241.2pt"', data)  # 3.35 inches
    assert rb"_$x_1$ &amp; \u001b[2K" in data and b"bbb\xe2\x80\xa6bbb" in data


def test_the_command(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run_a = imported_run(tmp_path / "runs", "a_model", "mini_cw")
    before = {path: path.read_bytes() for path in run_a.iterdir() if path.is_file()}
    done = command.harness("plot", run_a, "--figure", "oop", "-o", tmp_path / "a.svg")
    assert done.code == 0, done.stderr
    assert "under mini_regt" in done.stdout and "(CW+)" in done.stdout
    done = command.harness(
        *("plot", run_a, "--figure", "classes", "--to", "mini_imgt", "-o", tmp_path / "b.svg")
    )
    assert done.code == 0, done.stderr
    assert "under mini_imgt" in done.stdout and "mean of classes" in done.stdout
    assert (tmp_path / "a.svg").is_file() and (tmp_path / "b.svg").is_file()
    assert {path: path.read_bytes() for path in run_a.iterdir() if path.is_file()} == before
    done = command.harness(
        *("plot", run_a, "--figure", "oop", "--from", "mini_imgt", "-o", tmp_path / "c.svg")
    )
    assert done.code == 2 and "--to says which" in done.stderr
    done = command.harness("plot", run_a, "--figure", "reliability", "-o", tmp_path / "c.svg")
    assert done.code != 0 and "no run has answers with a probability" in done.stderr
    assert not (tmp_path / "c.svg").exists()
