"""Rows on disk: appended, torn, merged, replaced; nothing lost and nothing invented."""

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from harness.answers.outcome import Status
from harness.errors import DataError, RunError
from harness.limits import MOST_RECORD
from harness.store.directory import RunDirectory, find_runs, run_path
from harness.store.identity import Identity
from harness.store.lines import Appender, read_json, read_predictions, write_json, write_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.nested import nested


def row(image_id: str, answer: str | None = "cat", status: Status = Status.OK) -> Prediction:
    return Prediction(image_id=image_id, status=status, answer=answer, class_id=1, rule="strict")


def failed(image_id: str) -> Prediction:
    return Prediction(image_id=image_id, status=Status.ERROR, error="broken")


def test_a_row_survives_the_file(tmp_path: Path) -> None:
    values: dict[Any, Any] = {
        str | None: "a\nb\u2028c😀\ud83d", int | None: 3, float | None: 0.25, bool | None: True,
        tuple[int, ...]: (4, 5), tuple[float, ...]: (-float("inf"), 0), tuple[str, ...]: ("a", ""),
        tuple[tuple[int, ...], ...]: ((4,), (), (5, 6)),
    }  # fmt: skip
    filled = {each.name: values[each.type] for each in fields(Prediction)[2:]}
    full = Prediction("é/1", Status.OOP, **filled)
    assert full.to_json().keys() == {each.name for each in fields(Prediction)}
    write_predictions(tmp_path / "p.jsonl", [full, row("b")])
    assert list(read_predictions(tmp_path / "p.jsonl")) == [full, row("b")]


def test_any_text_survives_a_json_file(tmp_path: Path) -> None:
    texts = {"half": "\ud83d", "byte": "a\udcff.jsonl", "whole": "🐶é\u2028\x00", "\udcff": "key"}
    write_json(tmp_path / "a.json", texts)
    assert read_json(tmp_path / "a.json") == texts
    assert "🐶é" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_fields_of_a_newer_version_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"image_id": "a", "status": "ok", "colour": "red"}\n')
    assert list(read_predictions(path)) == [Prediction("a", Status.OK)]


@pytest.mark.parametrize(
    "line",
    [
        *("{", "[1]", '{"image_id": "a"}', '{"image_id": "a", "status": "great"}', "null"),
        *(
            f'{{"image_id": "a", "status": "ok", {wrong}}}'
            for wrong in (
                '"confidence": 1.5',
                '"confidence": -0.1',
                '"confidence": "1"',
                '"confidence": NaN',
                '"meant_classes": [1]',
                '"meant_classes": [["1"]]',
            )
        ),
    ],
)
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"image_id": "a", "status": "ok"}\n' + line + "\n")
    with pytest.raises(DataError, match=r"p\.jsonl:2: is not a prediction"):
        list(read_predictions(path))


@pytest.mark.parametrize(
    "line",
    [
        b'{"image_id": "a", "answer": "\xc3"}',
        b"\xff\xfe",
        b"\x00\x00",
        b"[" * 100_000,
        b"1" * 5_000,
    ],
)
def test_bytes_that_are_no_row_are_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'{"image_id": "a", "status": "ok"}\n' + line + b"\n")
    for torn in (False, True):  # it has an end, so that it was not torn
        with pytest.raises(DataError, match=r"p\.jsonl:2: is not a prediction"):
            list(read_predictions(path, torn=torn))


@pytest.mark.parametrize("again", ['"status": "oop"', '"status": "ok"', '"class_id": 7'])
def test_a_key_that_is_there_twice_is_named(tmp_path: Path, again: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"image_id": "a", "status": "ok", "class_id": 7, ' + again + "}\n")
    with pytest.raises(DataError, match=r"(?s)p\.jsonl:1: is not.*more than one value for"):
        list(read_predictions(path))
    with pytest.raises(DataError, match="more than one value for"):
        read_json(path)


def test_a_torn_last_line_is_cut_off_and_written_again(tmp_path: Path) -> None:
    """A kill or a full disk ends a file anywhere, inside a character too."""
    path = tmp_path / "parts" / "r.jsonl"
    second = row("é", "snow 雪 😀")
    with Appender(path) as appender:
        appender.write([row("a"), second])
    whole = path.read_bytes()
    first = whole.index(b"\n")
    for kept in range(1, len(whole)):
        path.write_bytes(whole[:kept])
        expected = [row("a")] * (kept >= first) + [second] * (kept == len(whole) - 1)
        assert list(read_predictions(path, torn=True)) == expected
        with Appender(path) as appender:
            appender.write([row("b")])
        assert list(read_predictions(path)) == [*expected, row("b")]


@pytest.mark.parametrize(
    "tail", [b"\xff", b"\x00" * 9, b"{", b'{"image_id": "b"', b"\xc3", b"null"]
)
@pytest.mark.parametrize("name", ["predictions.jsonl", "parts/rank-0000-of-0001.jsonl"])
def test_a_torn_row_of_any_bytes_is_no_row(tmp_path: Path, name: str, tail: bytes) -> None:
    directory = RunDirectory(tmp_path)
    with directory.append(0, 1) as appender:
        appender.write([row("a")])
    if name == "predictions.jsonl":
        directory.merge()
    with (tmp_path / name).open("ab") as file:
        file.write(tail)
    assert directory.rows() == {"a": row("a")}
    if name == "predictions.jsonl":
        with pytest.raises(DataError, match="is not a prediction"):
            directory.rows(scored=True)
    with directory.append(0, 1) as appender:
        appender.write([row("b")])
    assert [each.image_id for each in directory.merge()] == ["a", "b"]


def test_merge_sorts_prefers_answers_to_errors_and_is_repeatable(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with directory.append(0, 2) as first, directory.append(1, 2) as second:
        first.write([row("c"), failed("b")])
        second.write([row("a"), failed("d")])
    with directory.append(0, 1) as resumed:
        resumed.write([row("b")])
    merged = directory.merge()
    assert [(each.image_id, each.status.value) for each in merged] == [
        ("a", "ok"), ("b", "ok"), ("c", "ok"), ("d", "error"),
    ]  # fmt: skip
    assert directory.parts() == []
    once = directory.predictions.read_bytes()
    assert directory.merge() == merged
    assert directory.predictions.read_bytes() == once


OPEN = Prediction("a", Status.OK, "kitty", rule="text")
MAPPED = Prediction("a", Status.OK, "kitty", 1, rule="mapped", similarity=0.5, margin=0.1)
RANKED = Prediction("a", Status.OK, None, 1, rule="ranked", top=(1, 2), top_scores=(0.9, 0.1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("a", "cat"), row("a", "dog")),
        (row("a"), replace(row("a"), class_id=2)),
        (row("a"), replace(row("a"), also=(3,))),
        (row("a"), replace(row("a"), class_id=None, status=Status.OOP)),
        (row("a"), replace(row("a"), image_sha256="00")),
        (row("a"), replace(row("a"), prompt_sha256="00")),
        (row("a"), replace(row("a"), options=(1, 2))),
        (RANKED, replace(RANKED, class_id=2, top=(2, 1))),
        (RANKED, replace(RANKED, top=(1, 3))),
        (MAPPED, replace(MAPPED, class_id=2)),
        (MAPPED, replace(OPEN, answer="puss")),
    ],
)
def test_two_different_rows_of_one_image_stop_the_merge(
    tmp_path: Path, one: Prediction, other: Prediction
) -> None:
    for number, rows in enumerate(([one, other], [other, one])):
        directory = RunDirectory(tmp_path / str(number))
        with directory.append(0, 2) as first, directory.append(1, 2) as second:
            first.write(rows[:1])
            second.write(rows[1:])
        with pytest.raises(RunError, match="`a` was answered twice, differently"):
            directory.merge()
        assert not directory.predictions.exists()
        assert len(directory.parts()) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("a"), replace(row("a"), seconds=3.0, batch=2)),
        (RANKED, replace(RANKED, top_scores=(0.91, 0.09))),
        (MAPPED, OPEN),
    ],
)
def test_rows_of_one_image_that_say_the_same_are_one(
    tmp_path: Path, one: Prediction, other: Prediction
) -> None:
    directory = RunDirectory(tmp_path)
    with directory.append(0, 1) as appender:
        appender.write([failed("a"), one, other, failed("a")])
    assert directory.merge() == [one]


def test_parts_that_are_no_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("not rows")
    directory = RunDirectory(tmp_path)
    with pytest.raises(DataError, match="parts: is no folder"):
        directory.rows()
    for act in (
        lambda: directory.append(0, 1),
        lambda: directory.mark_finished(0, 1),
        lambda: directory.forget_finished([0], 1),
    ):
        with pytest.raises(RunError, match="cannot be written"):
            act()
    assert (tmp_path / "parts").read_text() == "not rows"


@pytest.mark.parametrize("name", ["predictions.jsonl", "parts/rank-0000-of-0001.jsonl"])
def test_a_pipe_instead_of_rows_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "parts").mkdir()
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="is no file"):
        RunDirectory(tmp_path).rows()


def test_a_long_tail_without_an_end_is_torn(tmp_path: Path) -> None:
    """As a file system may leave it that had made room before the power went."""
    path = tmp_path / "p.jsonl"
    write_predictions(path, [row("a")])
    with path.open("ab") as file:
        file.write(b"\x00" * (3 * MOST_RECORD))
    assert list(read_predictions(path, torn=True)) == [row("a")]
    with Appender(path) as appender:
        appender.write([row("b")])
    assert list(read_predictions(path)) == [row("a"), row("b")]


def test_what_is_not_whole_or_moved_aside_is_no_run(tmp_path: Path) -> None:
    for name in (".t.importing-7", ".t.building-x", ".t.replaced-7", "t.old-1", "u/.v.importing-7"):
        (tmp_path / name / "repeat-0").mkdir(parents=True)
        (tmp_path / name / "manifest.json").touch()
        (tmp_path / name / "repeat-0" / "manifest.json").touch()
    with pytest.raises(DataError, match="holds no run"):
        find_runs(tmp_path)
    for name in (".._a_b", "t", "t.older-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    assert [path.name for path in find_runs(tmp_path)] == [".._a_b", "t", "t.older-1"]


def test_an_entry_beside_runs_is_no_run(tmp_path: Path) -> None:
    """As `make demo` packs entries into `runs/`, of which `show runs` and `view runs` are asked."""
    run, entry = tmp_path / "mini" / "t", tmp_path / "entries" / "mini"
    for folder, manifest in ((run, '{"identity": {}}'), (entry, '{"entry": "mini", "runs": []}')):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(manifest)
    assert find_runs(tmp_path) == [run]
    with pytest.raises(DataError, match="holds entries and no run"):
        find_runs(tmp_path / "entries")
    with pytest.raises(DataError, match="is the manifest of an entry"):
        Manifest.read(entry)
    with pytest.raises(
        DataError, match="a manifest\n  got: harness_version: Field required; task: "
    ):
        Manifest.read(run)


def test_a_run_that_is_named_twice_counts_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "manifest.json").touch()
    again = run / ".." / "run"
    assert find_runs(tmp_path, run, again) == [run]
    assert caplog.messages == [f"{each} is named twice, and counts once" for each in (run, again)]


def test_rows_of_other_images_stop_the_merge(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with directory.append(0, 1) as appender:
        appender.write([row("a"), row("z")])
    with pytest.raises(RunError, match="not in the run"):
        directory.merge({"a"})


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_predictions(path, [row("a")])

    def rows() -> object:
        yield row("b")
        raise OSError("disk full")

    with pytest.raises(RunError, match="disk full"):
        write_predictions(path, rows())  # type: ignore[arg-type]
    assert [each.image_id for each in read_predictions(path)] == ["a"]
    assert [each.name for each in tmp_path.iterdir()] == ["p.jsonl"]


def test_json_refuses_what_json_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_identities_name_what_differs() -> None:
    one = Identity(task={"a": {"b": 1}, "c": 2}, model={"m": 1}, class_list="x", data="y")
    other = Identity(task={"a": {"b": 3}}, model={"m": 1}, class_list="x", data="y")
    assert one.differences(one) == []
    assert one.differences(other) == ["task.a.b: 1 -> 3", "task.c: 2 -> None"]


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a run directory"):
        Manifest.read(tmp_path)


def test_run_paths_stay_inside_the_output(tmp_path: Path) -> None:
    assert run_path(tmp_path, "../a/b", "t:1") == tmp_path / ".._a_b" / "t_1"


def test_set_aside_deletes_nothing(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "t")
    for number in (1, 2):
        with directory.append(0, 1) as appender:
            appender.write([row("a")])
        assert directory.set_aside() == tmp_path / f"t.old-{number}"
    assert not (tmp_path / "t").exists()


def test_runs_are_found_at_any_depth(tmp_path: Path) -> None:
    with nested(tmp_path / "runs") as innermost:
        (innermost / "manifest.json").touch()
        assert find_runs(tmp_path / "runs") == [innermost]
