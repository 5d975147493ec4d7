"""Rows on disk: appended, torn, merged, replaced; nothing lost and nothing invented."""

from pathlib import Path

import pytest

from harness.answers.outcome import Status
from harness.errors import DataError, RunError
from harness.store.directory import RunDirectory, run_path
from harness.store.lines import Appender, read_json, read_predictions, write_json, write_predictions
from harness.store.manifest import Identity, Manifest
from harness.store.prediction import Prediction


def row(image_id: str, answer: str | None = "cat", status: Status = Status.OK) -> Prediction:
    return Prediction(image_id=image_id, status=status, answer=answer, class_id=1, rule="strict")


def failed(image_id: str) -> Prediction:
    return Prediction(image_id=image_id, status=Status.ERROR, error="broken")


def test_a_row_survives_the_file(tmp_path: Path) -> None:
    full = Prediction(
        "é/1", Status.OOP, "a\nb\u2028c😀\ud83d",
        3, (4, 5), "mapped", 0.5, 0.25, (3, 1), (1, 3), "00", "11", 8, 4, 0.1, None, "hm",
    )  # fmt: skip
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
    "line", ["{", "[1]", '{"image_id": "a"}', '{"image_id": "a", "status": "great"}', "null"]
)
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"image_id": "a", "status": "ok"}\n' + line + "\n")
    with pytest.raises(DataError, match=r"p\.jsonl:2: is not a prediction"):
        list(read_predictions(path))


def test_a_torn_last_line_is_cut_off_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "parts" / "r.jsonl"
    with Appender(path) as appender:
        appender.write([row("a"), row("b")])
    whole = path.read_bytes()
    for kept in range(1, len(whole)):
        path.write_bytes(whole[:kept])
        assert list(read_predictions(path, torn=True)) == [row("a")][: whole[:kept].count(b"\n")]
    with Appender(path) as appender:
        appender.write([row("b")])
    assert [each.image_id for each in read_predictions(path)] == ["a", "b"]


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


def test_two_different_answers_of_one_image_stop_the_merge(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with directory.append(0, 2) as first, directory.append(1, 2) as second:
        first.write([row("a", "cat")])
        second.write([row("a", "dog")])
    with pytest.raises(RunError, match="answered twice, differently"):
        directory.merge()
    assert not directory.predictions.exists()
    assert len(directory.parts()) == 2


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
