"""docs/new_dataset.md works: its files are written and its commands run as they stand."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness.checks.before import Finding, check_class_list, check_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import label_file_spec, load_label_set_spec, load_task
from support.command import harness

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_YAML_FILES = (
    "shapes/classes.yaml",
    "shapes/task.yaml",
    "shapes/task_mc.yaml",
    "shapes/task_b3.yaml",
    "shapes/corrected.yaml",
)
_TASKS = ("shapes_cw", "shapes_mc", "shapes_cw_b3")


def blocks(root: Path, language: str) -> list[str]:
    text = (root / "docs" / "new_dataset.md").read_text(encoding="utf-8")
    return [body for found, body in _BLOCK.findall(text) if found == language]


def commands(root: Path) -> list[str]:
    return [line for block in blocks(root, "console") for line in block.splitlines()]


@pytest.fixture(scope="module")
def place(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a reader has done what the guide says up to the commands."""
    path = tmp_path_factory.mktemp("guide")
    (script,) = blocks(root, "python")
    subprocess.run([sys.executable, "-c", script], cwd=path, check=True)
    for text in blocks(root, "yaml"):
        (path / yaml_name(text)).write_text(text, encoding="utf-8")
    (corrected,) = blocks(root, "json")
    (path / "shapes" / "corrected.jsonl").write_text(corrected, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def catalogue(place: Path) -> Catalogue:
    return Catalogue((place / "shapes",))


def yaml_name(text: str) -> str:
    return text.splitlines()[0].removeprefix("# ")


def errors(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.level == "error"]


def test_every_yaml_names_its_file(root: Path) -> None:
    assert tuple(yaml_name(text) for text in blocks(root, "yaml")) == _YAML_FILES


def test_class_list_is_sound(catalogue: Catalogue) -> None:
    assert errors(check_class_list(catalogue, "shapes")) == []


@pytest.mark.parametrize("name", _TASKS)
def test_task_is_sound(catalogue: Catalogue, name: str) -> None:
    findings = check_task(catalogue, name)
    assert errors(findings) == []
    (gold,) = (each for each in findings if each.check == "gold")
    assert gold.text == "6 gold answers on `original` score 100"


def test_label_sets_are_the_ones_of_the_guide(catalogue: Catalogue) -> None:
    task = load_task(catalogue, "shapes_cw")
    assert label_file_spec(task, "original.jsonl").original
    assert not load_label_set_spec(catalogue, "shapes_corrected").original
    assert {load_task(catalogue, name).label_sets for name in _TASKS} == {("original.jsonl",)}


def test_commands_run_in_their_order(
    root: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = commands(root)
    assert len(told) == 8
    monkeypatch.chdir(place)
    monkeypatch.setenv("HARNESS_CACHE", str(place / "cache"))
    printed = []
    for command in told:
        name, *arguments = shlex.split(command)
        assert name == "harness"
        done = harness(*arguments)
        assert done.code == 0, done.text
        printed.append(done.stdout)
    guide = (root / "docs" / "new_dataset.md").read_text(encoding="utf-8")
    for number, first in ((0, "shapes/images: "), (1, "task drawings_cw"), (3, "task shapes_cw")):
        (shown,) = re.findall(rf"^```\n({first}.*?)^```$", guide, re.M | re.S)
        assert shown in printed[number]
    assert "no errors" in printed[1]
    assert (place / "runs" / "mini" / "drawings_cw" / "results.json").is_file()
    assert "no errors" in printed[3]
    assert (place / "runs" / "mini" / "shapes_cw" / "results.json").is_file()
    assert "no errors" in printed[6]
    assert "shapes_co" in printed[7]  # the second label set, in a narrow column
