"""The picture of what other labels change: its numbers, its files, its errors."""

import re
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, MissingPackageError, UserError
from harness.report.change_plot import draw, notes_of, shifts_of, shifts_table
from harness.report.forms import plain
from harness.scores.results import Results
from scores.score_builders import labels, ok, run
from support import command
from support.imported_runs import imported_run

IMGT = labels("imgt", {str(i): [i % 4] for i in range(40)}, original=True)
REAL = labels("real", {str(i): [i % 4, (i + 1) % 4] for i in range(40)})
REGT = labels("regt", {str(i): [(i + 1) % 4 if i < 10 else i % 4] for i in range(38)})


def scored(model: str, wrong: int, n: int = 40, **more: Any) -> Results:
    rows = [ok(str(i), (i + (i < wrong)) % 4) for i in range(n)]
    return run(rows, IMGT, REAL, REGT).model_copy(update={"model": model, **more})


def test_the_change_is_from_the_original_to_the_last_label_set_highest_first() -> None:
    shifts = shifts_of([scored("a", 0), scored("b", 10)])
    assert (shifts.before, shifts.after) == ("imgt", "regt")
    assert shifts.names == ["b", "a"]
    (first, second) = shifts.runs
    assert (first.before, first.after, first.n) == (pytest.approx(100 * 28 / 38), 100, 38)
    assert first.delta == pytest.approx(100 * 10 / 38) and second.delta == -first.delta
    rows = [[plain(cell) for cell in row] for row in shifts_table(shifts).rows]
    assert rows[0][:7] == ["b", "b", "task", "cw", "38", "73.68", "100.00"]
    assert rows[1][7].startswith("-26.32 [")
    assert list(notes_of(shifts)) == []


def test_other_label_sets_are_taken_by_name() -> None:
    shifts = shifts_of([scored("a", 0)], "real", "regt")
    assert (shifts.before, shifts.after, shifts.runs[0].delta) == ("real", "regt", -1000 / 38)
    with pytest.raises(UserError, match="did you mean `regt`"):
        shifts_of([scored("a", 0)], None, "regtt")
    with pytest.raises(UserError, match=r"(?s)no change between.*got: regt to imgt.*imgt to regt"):
        shifts_of([scored("a", 0)], "regt", "imgt")
    alone = run([ok("1", 1)], IMGT)
    with pytest.raises(UserError, match=r"(?s)needs two label sets.*got: imgt.*--from and --to"):
        shifts_of([alone])


def test_runs_on_other_labels_or_images_are_not_drawn_as_one() -> None:
    one, two = scored("a", 0), scored("b", 3)
    info = two.label_sets | {"regt": two.label_sets["regt"].model_copy(update={"digest": "x"})}
    with pytest.raises(DataError, match="label sets `regt` are different ones"):
        shifts_of([one, two.model_copy(update={"label_sets": info})])
    (note,) = notes_of(shifts_of([one, scored("c", 0, n=30)]))
    assert note.startswith("the runs are not on the same images (30 to 38 of them)")
    none = {"from_": None, "to": None, "delta": None, "n": 0}
    change = {"imgt->regt": one.changes["imgt->regt"].model_copy(update=none)}
    nothing = one.model_copy(update={"changes": change})
    with pytest.raises(DataError, match="no image has a label in both"):
        shifts_of([nothing])


def test_a_task_is_named_where_model_and_protocol_are_the_same() -> None:
    runs = [scored("a", 0), scored("a", 3, task="other"), scored("b", 1)]
    assert shifts_of(runs).names == ["a on other", "b", "a on task"]


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_pictures_have_the_same_bytes_each_time_and_a_columns_width(
    tmp_path: Path, kind: str
) -> None:
    pytest.importorskip("matplotlib")
    shifts = shifts_of([scored("$x_1$ & \x1b[2K", 4), scored("b" * 50, 10)])
    path, again = tmp_path / f"new/a.{kind}", tmp_path / f"b.{kind.upper()}"
    draw(shifts, path)
    draw(shifts, again)
    data = path.read_bytes()
    assert data == again.read_bytes()
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    if kind == "svg":
        assert re.search(rb'width="241.2pt"', data)  # 3.35 inches
        assert rb"$x_1$ &amp; \u001b[2K" in data and b"bbb\xe2\x80\xa6bbb" in data
    elif kind == "pdf":
        assert b"/MediaBox [ 0 0 241.2 " in data and b"CreationDate" not in data


def test_what_cannot_be_drawn_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shifts = shifts_of([scored("a", 4)])
    with pytest.raises(UserError, match=r"(?s)is no kind of picture.*got: the ending `\.pngg`"):
        draw(shifts, tmp_path / "a.pngg")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'mllm.*\[plots\]'"):
        draw(shifts, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run_a = imported_run(tmp_path / "runs", "a_model", "mini_cw")
    before = {path: path.read_bytes() for path in run_a.iterdir() if path.is_file()}
    done = command.harness("plot", tmp_path / "runs", "-o", tmp_path / "a.svg")
    assert done.code == 0, done.stderr
    assert "From mini_imgt to mini_regt" in done.stdout and "a_model" in done.stdout
    assert f"files: {tmp_path / 'a.svg'}" in done.stdout
    assert {path: path.read_bytes() for path in run_a.iterdir() if path.is_file()} == before
    done = command.harness("plot", run_a, "-o", tmp_path / "a.jpg")
    assert done.code == 2 and "fix: -o FILE.svg or FILE.pdf or FILE.png" in done.stderr
