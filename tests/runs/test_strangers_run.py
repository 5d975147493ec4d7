"""A run directory may be a stranger's: its words are names, and open no file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.data.images.source import dataset_location
from harness.errors import SpecError
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_run_task
from support.command import harness
from support.imported_runs import imported_run

SECRET = "topsecret"


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported_run(tmp_path_factory.mktemp("runs"), "mini", "mini_cw")


@pytest.fixture
def run(honest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(honest, tmp_path / "run"))


@pytest.fixture
def lures(tmp_path: Path) -> Path:
    """Files that a stranger's manifest may name; each holds what must not be shown."""
    folder = tmp_path / "lures"
    folder.mkdir()
    for name in ("evil.yaml", "labels.csv", "labels.jsonl", "groups.json", "matrix.csv"):
        (folder / name).write_text(f"{SECRET}: [1]\n")
    return folder


def change(run: Path, **values: Any) -> None:
    path = run / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("command", ["score", "merge", "map", "compare", "pack", "hf"])
@pytest.mark.parametrize(
    "setting",
    [
        "label_sets=[{}/labels.csv]",
        "label_sets=[mini_imgt, {}/labels.jsonl]",
        "label_sets={}/evil.yaml",
        "class_list={}/evil.yaml",
        "mapping.encoder={}/evil.yaml",
        "mapping={{encoder: {}/evil.yaml}}",
        "equivalences={}/groups.json",
        "label_sets=[../lures/labels.csv]",
    ],
)
def test_settings_of_a_run_open_no_file(
    run: Path, lures: Path, tmp_path: Path, command: str, setting: str
) -> None:
    change(run, settings=["limit=60", "mapping.encoder=lexical", setting.format(lures)])
    words = {
        "pack": ("submit", "pack", run, "-o", tmp_path / "entry"),
        "hf": ("export", "hf", run, "-o", tmp_path / "dataset"),
        "compare": ("compare", run, run),
    }.get(command, (command, run))
    said = harness(*words)
    assert (said.code, SECRET in said.text) == (2, False), said.text
    key = setting.partition("=")[0]
    assert f"--set {key}" in said.text and "in the settings of the run" in said.text


def test_a_file_that_the_user_says_again_is_opened(run: Path, tmp_path: Path) -> None:
    label = {"image_id": "ILSVRC2012_val_00000001", "labels": [1]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(label))
    setting = f"label_sets=[mini_imgt, {tmp_path / 'mine.jsonl'}]"
    change(run, settings=["limit=60", "mapping.encoder=lexical", setting])
    assert harness("score", run).code == 2
    said = harness("score", run, "--set", setting, "--json")
    assert said.code in (0, 1), said.text
    assert "mine" in json.loads((run / "results.json").read_text())["label_sets"]


def test_data_and_matrices_are_named_by_a_manifest_and_not_opened(run: Path, lures: Path) -> None:
    settings = ["limit=60", "mapping.encoder=lexical", f"dataset_path={lures}/nowhere"]
    change(run, settings=settings)
    assert harness("score", run).code == 0  # its labels stand in no column
    task = load_run_task(Catalogue(), "mini_cw", settings)
    with pytest.raises(SpecError, match="--set dataset_path="):
        dataset_location(task)
    again = load_run_task(Catalogue(), "mini_cw", settings, [f"dataset_path={lures}"])
    assert dataset_location(again) == lures


@pytest.mark.parametrize("name", ["{}/evil.yaml", "../evil.yaml", "nowhere", "a/b", "x" * 400, ""])
def test_the_task_of_a_run_is_a_name(run: Path, lures: Path, name: str) -> None:
    change(run, task=name.format(lures))
    for command in ("score", "merge", "map"):
        said = harness(command, run)
        assert (said.code, SECRET in said.text) == (2, False), said.text
        assert "--include_path" in said.text or "did you mean" in said.text


def test_a_run_of_a_task_of_ones_own_is_scored_with_its_folder(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.yaml").write_text(f"include: {_path_of('mini_cw')}\ntask: mine\n")
    run = imported_run(tmp_path / "runs", "mini", str(own / "mine.yaml"))
    said = harness("score", run)
    assert said.code == 2 and "--include_path" in said.text
    assert harness("score", run, "--include_path", own).code == 0


def _path_of(task: str) -> Path:
    return Catalogue().named(Kind.TASK, task)


BAD = ["..", ".", "a/b", "a\\b", "x" * 300, "a\0b", "con", "NUL.txt", "\ud800", "", "a.", "~x"]


@pytest.mark.parametrize("name", BAD)
def test_names_that_no_folder_can_bear(tmp_path: Path, name: str) -> None:
    own = tmp_path / "own"
    own.mkdir()
    written = json.dumps(name)
    (own / "model.yaml").write_text(f"include: {_path_of('mini_cw')}\ntask: {written}\n")
    output = tmp_path / "deep" / "runs"
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"image_id": "x", "answer": "y"}\n')
    words = ("import", answers, "--output", output, "--partial")
    for more in (
        ("--task", "mini_cw", "--model", name),
        ("--task", own / "model.yaml", "--model", "mini"),
    ):
        said = harness(*words, *more)
        assert said.code == 2 and "name" in said.text, said.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.jsonl", "own"]
