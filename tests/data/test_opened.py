"""What a task and the command line say of labels: files, hashes, classes that count as one."""

import logging
from pathlib import Path

import pytest

from harness.data.labels.of_task import Overrides
from harness.data.opened import open_task
from harness.errors import DataError, UserError
from harness.prompts.plan import Plan, make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task


def plan(catalogue: Catalogue, *settings: str, overrides: Overrides | None = None) -> Plan:
    return make_plan(
        open_task(catalogue, load_task(catalogue, "colours", settings), overrides or Overrides({}))
    )


def test_a_label_file_may_stand_in_the_task_itself(catalogue: Catalogue, folder: Path) -> None:
    text = (folder / "colours.yaml").read_text().replace("colours_first", "first.jsonl", 1)
    (folder / "colours.yaml").write_text(text)
    first, second = plan(catalogue).opened.labels.sets
    assert (first.name, first.original) == ("first", True)
    assert first.labels["i03"] == frozenset({3})
    assert (second.name, second.original) == ("colours_all", False)


def test_a_csv_file_too_and_set_starts_from_the_working_directory(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "mine.csv").write_text('id,proposed_labels\ni00,"0"\ni01,"1, 2"\n')
    monkeypatch.chdir(place)
    (labels,) = plan(catalogue, "label_sets=[mine.csv]").opened.labels.sets
    assert labels.name == "mine"
    assert labels.labels == {"i00": frozenset({0}), "i01": frozenset({1, 2})}


def test_a_setting_inside_a_mapping_starts_from_the_working_directory(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ("distractors.strategy=confusion", "distractors.source=run", "protocol=mc")
    prompt = "doc_to_text='<image> {{ options | join(letters[0]) }}'"
    task = load_task(catalogue, "colours", [*settings, prompt])
    assert task.resolve("run", "distractors.source") == tmp_path / "run"
    assert task.resolve("run", "dataset_path") == task.directory / "run"


def test_a_config_that_is_missing_is_an_error_unless_something_else_is_said(
    catalogue: Catalogue, folder: Path
) -> None:
    with (folder / "all.yaml").open("a") as file:
        file.write("config: class_update_config.json\n")
    with pytest.raises(DataError, match="put it beside the labels"):
        plan(catalogue)
    opened = plan(catalogue, overrides=Overrides({}, "none"))
    assert opened.opened.labels.equivalences.source == "none"
    assert len(opened.opened.labels.sets) == 2
    assert plan(catalogue, "equivalences=none").opened.labels.equivalences.source == "none"


def test_a_file_with_another_hash_is_told_and_taken(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (folder / "all.yaml").open("a") as file:
        file.write("sha256: '" + "ab" * 32 + "'\n")
    overrides = Overrides({"colours_all": folder / "all.jsonl"})
    with caplog.at_level(logging.WARNING):
        opened = plan(catalogue, overrides=overrides)
    assert "is not the file that label set `colours_all` was written for" in caplog.text
    assert len(opened.opened.labels.sets) == 2


def test_an_unknown_label_set_gets_a_suggestion(catalogue: Catalogue, folder: Path) -> None:
    overrides = Overrides({"colours_al": folder / "all.jsonl"})
    with pytest.raises(UserError, match="colours_all"):
        plan(catalogue, overrides=overrides)
