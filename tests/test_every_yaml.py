"""Every YAML file of the project is sound."""

from pathlib import Path

import pytest

from harness.checks.before import check_class_list, check_model
from harness.data.class_lists import load_class_list
from harness.data.opened import task_classes
from harness.specs.catalogue import Catalogue, Kind, own_root
from harness.specs.groups import expand_tasks
from harness.specs.load import (
    load_class_list_spec,
    load_encoder_spec,
    load_label_set_spec,
    load_prompt,
    load_task,
)

CATALOGUE = Catalogue()


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.TASK))
def test_task(name: str) -> None:
    task = load_task(CATALOGUE, name)
    assert task.task == name
    assert task.description, "say in one sentence what the task is"
    assert len(task_classes(CATALOGUE, task)) > 1
    for label_set in task.label_sets:
        assert load_label_set_spec(CATALOGUE, label_set).class_list == task.class_list
    load_encoder_spec(CATALOGUE, task.mapping.encoder)


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.GROUP))
def test_group(name: str) -> None:
    assert len(expand_tasks(CATALOGUE, [name])) > 1


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.MODEL))
def test_model(name: str) -> None:
    assert [each for each in check_model(CATALOGUE, name) if each.level == "error"] == []


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.ENCODER))
def test_encoder(name: str) -> None:
    assert load_encoder_spec(CATALOGUE, name).description


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.LABEL_SET))
def test_label_set(name: str) -> None:
    spec = load_label_set_spec(CATALOGUE, name)
    assert load_class_list(load_class_list_spec(CATALOGUE, spec.class_list))
    assert spec.description


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.PROMPT))
def test_prompt(name: str) -> None:
    assert load_prompt(CATALOGUE, name).templates


@pytest.mark.parametrize("name", CATALOGUE.names(Kind.CLASS_LIST))
def test_class_list(name: str) -> None:
    assert [each for each in check_class_list(CATALOGUE, name) if each.level == "error"] == []


def test_every_file_is_found_by_its_name() -> None:
    """A file without a name, or with the name of another, would be out of reach."""
    reachable = {CATALOGUE.find(kind, name) for kind in Kind for name in CATALOGUE.names(kind)}
    files: set[Path] = set()
    for folder in ("tasks", "models"):
        files |= {path for path in (own_root() / folder).rglob("*.yaml") if path.name[0] != "_"}
    assert files == reachable
