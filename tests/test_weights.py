"""Where weights are is known before anything is loaded."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from harness.errors import DataError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from harness.weights import find, locate

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def spec(folder: Path, pretrained: str, more: str = "") -> ModelSpec:
    path = folder / "m.yaml"
    path.write_text(f"model: m\nadapter: hf\npretrained: {pretrained}\n{more}")
    return load_model(Catalogue(()), str(path))


def test_a_folder_beside_the_yaml_comes_first(tmp_path: Path) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    found = locate(spec(tmp_path, "owner/name"))
    assert found.is_local and found.source == str(tmp_path / "owner" / "name")
    assert find(spec(tmp_path, "owner/name")) == found
    with pytest.raises(SpecError, match="`revision` is for a hub id"):
        locate(spec(tmp_path, "owner/name", "revision: main\n"))


@pytest.mark.parametrize("pretrained", ["./weights", "../w", "/no/such/place", "~/w", "a/b/c", "w"])
def test_a_path_that_is_not_there_is_told_where_it_stands(tmp_path: Path, pretrained: str) -> None:
    with pytest.raises(SpecError) as caught:
        locate(spec(tmp_path, pretrained))
    (problem,) = caught.value.problems
    assert problem.where == f"{tmp_path / 'm.yaml'}:3"
    assert problem.got == pretrained
    assert "or a hub id" in (problem.expected or "")


def test_a_hub_id_is_looked_up_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    model = spec(tmp_path, "owner/name")
    assert not locate(model).is_local and locate(model).commit is None
    assert "not on this machine" in str(locate(model))
    cached = tmp_path / "hub" / "models--owner--name"
    (cached / "snapshots" / COMMIT).mkdir(parents=True)
    (cached / "snapshots" / COMMIT / "config.json").write_text("{}")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)
    assert locate(model).commit == COMMIT
    assert find(model).commit == COMMIT
    assert locate(spec(tmp_path, "owner/name", f"revision: {COMMIT}\n")).commit == COMMIT
    assert locate(spec(tmp_path, "owner/name", "revision: other\n")).commit is None


def test_a_hub_id_offline_gives_one_clear_error(tmp_path: Path) -> None:
    model = spec(tmp_path, "owner/name", "revision: abc\n")
    with pytest.raises(DataError) as caught:
        find(model)
    (problem,) = caught.value.problems
    assert problem.where == f"{tmp_path / 'm.yaml'}:3"
    assert "neither a folder" in problem.what and str(tmp_path / "owner" / "name") in problem.what
    assert "hf download owner/name --revision abc" in (problem.fix or "")
