"""What is said before the first request, and what stops there."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.adapters.base import Setting
from harness.checks.before import check_task
from harness.cli import app
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.errors import DataError, UserError
from harness.prompts.plan import make_plan
from harness.runner.processes import Rank
from harness.runner.repeats import run_all
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.preflight import Finding, preflight, shown
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from support.colours import NAMES, ColourAdapter, N, write_task

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")


def write_labels(folder: Path, name: str, labels: Mapping[str, Sequence[int]]) -> None:
    lines = (json.dumps({"image_id": key, "labels": ids}) for key, ids in labels.items())
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def write_names(folder: Path, names: Sequence[str]) -> None:
    lines = [f"  - {{id: {i}, name: {json.dumps(name)}}}" for i, name in enumerate(names)]
    (folder / "classes.yaml").write_text("\n".join(["class_list: colours", "classes:", *lines]))


def told(catalogue: Catalogue, *settings: str) -> list[Finding]:
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours", settings)))
    return preflight(plan.opened, plan.image_ids)


def texts(findings: Sequence[Finding], check: str) -> list[str]:
    return [each.text for each in findings if each.check == check]


def run(catalogue: Catalogue, asked: list[ColourAdapter], *settings: str) -> Finished:
    def load() -> ColourAdapter:
        asked.append(ColourAdapter(MODEL, Setting()))
        return asked[-1]

    options = RunOptions(catalogue.include_paths[0] / "runs", 4, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    return run_task(catalogue, task, MODEL, load, Rank(0, 1, Setting()), options)


def test_all_that_a_plain_task_has(catalogue: Catalogue) -> None:
    assert [(each.level, each.check, each.text) for each in told(catalogue)] == [
        ("ok", "data", "12 images, all asked about"),
        ("ok", "labels", "`colours_first` knows 12 of 12 images"),
        ("ok", "labels", "`colours_all` knows 12 of 12 images"),
        ("ok", "example", "`i00` is `red` by `colours_first`"),
        ("ok", "names", "4 different names"),
        ("ok", "encoder", "`mapping.encoder: lexical` reads the names and tells them apart"),
    ]


@pytest.mark.parametrize(
    ("labels", "text", "level"),
    [
        (
            {"i00": [0], "i01": []},
            "`colours_all` knows 2 of 12 images; 10 without a row, such as `i02`, are not scored",
            "note",
        ),
        (
            {f"i{n:02d}": [0] for n in range(N + 3)},
            "`colours_all` knows 12 of 12 images; 3 of its rows are of no image, such as `i12`",
            "note",
        ),
        (
            {"i05": [1], "x/y": [2]},
            "`colours_all` knows 1 of 12 images; 11 without a row, such as `i00`, are not scored; "
            "1 of its rows are of no image, such as `x/y`",
            "note",
        ),
    ],
)
def test_labels_and_images_that_do_not_meet_are_counted(
    catalogue: Catalogue, folder: Path, labels: Mapping[str, list[int]], text: str, level: str
) -> None:
    write_labels(folder, "all", labels)
    (found,) = [each for each in told(catalogue) if "`colours_all`" in each.text]
    assert (found.level, found.text) == (level, text)


def test_label_sets_that_are_not_here(catalogue: Catalogue, folder: Path) -> None:
    (folder / "all.jsonl").unlink()
    assert "label set `colours_all` is not on this machine" in texts(told(catalogue), "labels")


def test_what_the_reader_of_a_label_file_decided(catalogue: Catalogue, folder: Path) -> None:
    rows = [{"image_name": "i00.png", "reannotated_labels": [0, -1]}]
    (folder / "all.jsonl").write_text(json.dumps(rows[0]))
    text = (folder / "all.yaml").read_text()
    (folder / "all.yaml").write_text(text.replace("format: jsonl", "format: regt"))
    assert any("not_sure_dropped: 1" in each for each in texts(told(catalogue), "labels"))


@pytest.mark.parametrize("limit", [None, 4])
def test_labels_that_meet_no_image_stop_before_the_model_is_loaded(
    catalogue: Catalogue, folder: Path, limit: int | None
) -> None:
    write_labels(folder, "all", {"other_1": [0], "other_2": [1]})
    asked: list[ColourAdapter] = []
    with pytest.raises(DataError, match="label set `colours_all`") as caught:
        run(catalogue, asked, *([f"limit={limit}"] if limit else []))
    assert asked == []
    assert not (folder / "runs" / "colour" / "colours" / "manifest.json").exists()
    for part in ("another data set", "`other_1`", "`i00`", "--label_set colours_all=PATH"):
        assert part in str(caught.value)


def test_imagenet_labels_that_meet_no_imagenet_image_stop_too(
    catalogue: Catalogue, folder: Path
) -> None:
    for number in range(N):
        name = f"ILSVRC2012_val_{number:08d}.png"
        (folder / "images" / f"i{number:02d}.png").rename(folder / "images" / name)
    write_labels(folder, "first", {"ILSVRC2012_val_00000001": [0]})
    write_labels(folder, "all", {"ILSVRC2012_val_00040000": [0]})
    with pytest.raises(DataError, match="label set `colours_all`"):
        run(catalogue, [])


def test_an_earlier_run_stays_where_it_is_when_a_fresh_one_is_stopped(
    catalogue: Catalogue, folder: Path
) -> None:
    finished = run(catalogue, [])
    write_labels(folder, "all", {"other": [0]})
    options = RunOptions(folder / "runs", 4, fresh=True, show_progress=False)
    task = load_task(catalogue, "colours")
    with pytest.raises(DataError, match="another data set"):
        run_task(catalogue, task, MODEL, lambda: None, Rank(0, 1, Setting()), options)  # type: ignore[arg-type, return-value]
    assert [each.name for each in finished.path.parent.iterdir() if each.is_dir()] == ["colours"]


def test_a_limited_run_may_be_outside_a_label_set(catalogue: Catalogue, folder: Path) -> None:
    write_labels(folder, "all", {"i10": [2], "i11": [3]})
    found = told(catalogue, "limit=4")
    assert texts(found, "data") == ["4 of 12 images are asked about (limit: 4)"]
    assert texts(found, "labels")[1].startswith(
        "`colours_all` knows 2 of 12 images, 0 of the 4 asked about"
    )
    results = run(catalogue, [], "limit=4").results
    assert results is not None
    assert results.scores["cw"]["colours_all"].n == 0
    assert results.scores["cw"]["colours_first"].n == 4


def test_images_without_a_question(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, "distractors: {n_options: 2}\n", protocol="mc")
    task = (folder / "colours.yaml").read_text().replace("classes |", "options |")
    (folder / "colours.yaml").write_text(task)
    labels = {f"i{n:02d}": [n % 4] if n > 2 else [] for n in range(N)}
    write_labels(folder, "all", labels)
    assert texts(told(catalogue), "data") == [
        "9 of 12 images are asked about; 3 have no valid label, so no question"
    ]
    assert texts(told(catalogue, "limit=4"), "data") == [
        "1 of 12 images are asked about (limit: 4); 3 have no valid label, so no question"
    ]


def test_files_that_were_passed_over(catalogue: Catalogue, folder: Path) -> None:
    (folder / "images" / "notes.txt").write_text("x")
    (folder / "images" / ".hidden.png").write_text("x")
    assert texts(told(catalogue), "data")[1:] == ["files passed over: 1 (hidden), 1 (suffix .txt)"]


def test_names_that_collide(catalogue: Catalogue, folder: Path) -> None:
    write_names(folder, ["red", "Green", "green.", "RED"])
    assert texts(told(catalogue), "names") == [
        "`red` names classes 0, 3; an answer stands for all",
        "`green` names classes 1, 2; an answer stands for all",
    ]


def test_many_names_that_collide_are_counted(catalogue: Catalogue, folder: Path) -> None:
    names = [name for number in range(8) for name in (f"x{number}", f"X{number}")]
    write_names(folder, [*NAMES, *names])
    found = texts(told(catalogue), "names")
    assert len(found) == 6
    assert found[-1] == "3 more names of several classes"


def test_names_that_are_one_to_the_encoder_stop(catalogue: Catalogue, folder: Path) -> None:
    write_names(folder, ["bora", "bora bora", "blue", "grey"])
    asked: list[ColourAdapter] = []
    with pytest.raises(UserError, match="several names have one vector"):
        run(catalogue, asked)
    assert asked == []


def test_several_errors_are_told_at_once(catalogue: Catalogue, folder: Path) -> None:
    write_names(folder, ["bora", "bora bora", "blue", "grey"])
    write_labels(folder, "all", {"other": [0]})
    with pytest.raises(UserError) as caught:
        run(catalogue, [])
    assert len(caught.value.problems) == 2


def test_an_example_shows_what_an_image_is(catalogue: Catalogue, folder: Path) -> None:
    write_names(folder, ["red\u2028ish", "green", "blue", "grey"])
    write_labels(folder, "first", {"i00": [], "i03": [0, 3]})
    assert texts(told(catalogue), "example") == [
        "`i03` is `red\\u2028ish` or `grey` by `colours_first`"
    ]


def test_without_a_valid_label_there_is_no_example(catalogue: Catalogue, folder: Path) -> None:
    for name in ("first", "all"):
        write_labels(folder, name, {f"i{n:02d}": [] for n in range(N)})
    (found,) = [each for each in told(catalogue) if each.check == "example"]
    assert (found.level, found.text) == ("note", "no image that is asked about has a valid label")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("猫 é", "猫 é"), ("a\nb", "a\\nb"), ("a\u2028", "a\\u2028"), ("x" * 80, "x" * 59 + "…")],
)
def test_ids_and_names_fit_on_a_line(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_check_and_run_and_import_say_the_same(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_labels(folder, "all", {"i00": [0], "x": [1]})
    expected = [f"{each.check}: {each.text}" for each in told(catalogue)]
    checked = [f"{each.check}: {each.text}" for each in check_task(catalogue, "colours")]
    assert [each for each in checked if each in expected] == expected
    caplog.set_level("INFO", "harness")
    run(catalogue, [])
    answers = folder / "answers.jsonl"
    rows = [json.dumps({"image_id": f"i{n:02d}", "class_id": n % 4}) for n in range(N)]
    answers.write_text("\n".join(rows))
    first = [record.getMessage().removeprefix("colours: ") for record in caplog.records]
    caplog.clear()
    import_answers(
        catalogue, load_task(catalogue, "colours"), answers, ImportOptions("given", folder / "runs")
    )
    second = [record.getMessage().removeprefix("colours: ") for record in caplog.records]
    assert [each for each in first if each in expected] == expected
    assert [each for each in second if each in expected] == expected
    assert "12 prompts to answer" in first[first.index(expected[-1]) + 1]


def test_other_processes_and_repeats_say_it_not_again(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "harness")
    task = load_task(catalogue, "colours", ["repeats=3", "image_order=shuffled"])
    options = RunOptions(catalogue.include_paths[0] / "runs", 4, show_progress=False)
    adapter = ColourAdapter(MODEL, Setting())
    run_all(catalogue, [task], MODEL, lambda: adapter, Rank(0, 1, Setting()), options)
    said = [each for each in caplog.records if "all asked about" in each.getMessage()]
    assert len(said) == 1


def test_check_prints_lines_of_eighty_columns(
    catalogue: Catalogue, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    write_labels(folder, "all", {"i00": [0], "other/" * 8: [1]})
    command = ["check", "colours", "--include_path", str(folder)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    assert max(map(len, done.stdout.split("\n"))) <= 80
    assert done.stdout.startswith("task colours\n  ok    loads    protocol cw\n")
    flat = " ".join(done.stdout.split())
    assert "1 of its rows are of no image, such as `other/other/" in flat


def test_an_error_of_check_shows_all_its_lines(catalogue: Catalogue, folder: Path) -> None:
    write_labels(folder, "all", {"other": [0]})
    done = CliRunner().invoke(app, ["check", "colours", "--include_path", str(folder)])
    assert done.exit_code == 2
    assert "  ERROR labels   label set `colours_all`" in done.stdout
    assert "\n                   expected: labels of `i00`, …\n" in done.stdout
    assert done.stdout.endswith("1 error\n")


def test_a_run_can_be_scored_again_without_the_images_of_a_label_set(
    catalogue: Catalogue, folder: Path
) -> None:
    write_labels(folder, "all", {"i10": [2], "i11": [3]})
    finished = run(catalogue, [], "limit=4")
    again = rescore(catalogue, finished.path, NO_OVERRIDES)
    assert again.scores["cw"]["colours_all"].n == 0
