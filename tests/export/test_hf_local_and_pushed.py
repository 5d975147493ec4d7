"""What is in a folder for local use and in one for the hub, and what an upload asks of the hub."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import datasets
import huggingface_hub
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard, HfApi, RepoUrl

from export.test_hf_refusals import Own, own
from harness.data.labels.of_task import NO_OVERRIDES
from harness.export.hf.answers import Beside
from harness.export.hf.folder import HfOptions, export_hf
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.runs.reopen import open_run
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.store.lines import read_json
from support.command import harness
from support.imported_runs import imported_run

__all__ = ["own"]
LABEL_SETS = ["file", "gated", "given", "mini_imgt"]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    (path,) = (folder / "predictions").iterdir()
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def test_a_folder_for_local_use_has_all_labels_and_says_so(own: Own, tmp_path: Path) -> None:
    written = export_hf(own.catalogue, [own.run], tmp_path / "new", HfOptions())
    assert [each.name for each in written.label_sets if each.left_out is None] == LABEL_SETS
    assert {path.stem for path in (tmp_path / "new" / "labels").iterdir()} == set(LABEL_SETS)
    text = (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    assert "This folder is for local use: do not pass it on." in text
    (line,) = [line for line in text.splitlines() if line.startswith("| gated |")]
    assert line.endswith("| yes, for local use alone: no licence that allows to pass it on |")
    assert DatasetCard(text).data.license == ["apache-2.0", "cc-by-4.0", "unknown"]
    loaded = datasets.load_dataset(
        str(tmp_path / "new"), "predictions", split="test", cache_dir=str(tmp_path / "cache")
    )
    assert loaded.features["correct_gated"].dtype == "bool"


def test_what_is_right_is_what_the_scores_count(own: Own, tmp_path: Path) -> None:
    export_hf(own.catalogue, [own.run], tmp_path / "new", HfOptions())
    rows = rows_of(tmp_path / "new")
    results = Results.from_json(read_json(own.run / "results.json"))
    for name, score in results.scores["cw"].items():
        right = [row[f"correct_{name}"] for row in rows if row[f"correct_{name}"] is not None]
        assert (len(right), sum(right)) == (score.n, score.n_right) and 0 < sum(right) < len(right)
    names = {row["class_id"]: row["class_name"] for row in rows}
    assert names.pop(None) is None and len(names) > 10
    classes = pq.read_table(tmp_path / "new" / "classes" / "mini.parquet").to_pylist()
    assert names.items() <= {row["class_id"]: row["name"] for row in classes}.items()


def test_names_stand_beside_options_and_ranked_classes(tmp_path: Path) -> None:
    runs = [imported_run(tmp_path / t, "m", t) for t in ("mini_mc_random", "mini_classify")]
    export_hf(Catalogue(), runs, tmp_path / "new", HfOptions())
    classes = pq.read_table(tmp_path / "new" / "classes" / "mini.parquet").to_pylist()
    names = {row["class_id"]: row["name"] for row in classes}
    n = 0
    for path in (tmp_path / "new" / "predictions").iterdir():
        for row in pq.read_table(path).to_pylist():
            for ids, texts in (("options", "option_names"), ("top", "top_names")):
                assert row[texts] == [names[each] for each in row[ids]]
                n += len(row[ids])
    assert n > 100


def test_prompts_are_those_that_were_asked(tmp_path: Path) -> None:
    run = open_run(
        Catalogue(), imported_run(tmp_path / "runs", "m", "mini_mc_random"), NO_OVERRIDES
    )
    one = run.rows[0]
    ((key, text),) = render_prompts(run.opened.task, run.opened.classes, [one]).items()
    asked, other = replace(one, prompt_sha256=key), replace(run.rows[1], prompt_sha256="f" * 64)
    beside = Beside(run.opened, [])
    beside.columns([asked, other])
    assert beside.prompts == {key: text} and "<image>" in text


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """The hub's client, which writes down what it is asked."""
    api = create_autospec(HfApi, instance=True)
    seen: dict[str, Any] = {"api": api}
    api.create_repo.return_value = RepoUrl("https://huggingface.co/datasets/me/data")
    api.upload_folder.side_effect = lambda **asked: seen.update(
        files={str(p.relative_to(asked["folder_path"])) for p in asked["folder_path"].rglob("*")}
    )
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: api)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "a token")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return seen


def pushed(own: Own, tmp_path: Path, *words: str) -> Any:
    where = ("--include_path", tmp_path / "own", "-o", tmp_path / "new", "--push", "me/data")
    return harness("export", "hf", own.run, *where, *words)


def test_a_push_leaves_out_what_may_not_be_passed_on(
    own: Own, tmp_path: Path, hub: Mapping[str, Any]
) -> None:
    said = pushed(own, tmp_path, "--private")
    assert said.code == 0, said.stderr
    assert "labels `gated`: left out: no licence that allows to pass it on" in said.stdout
    assert said.stdout.splitlines()[-1] == "pushed: https://huggingface.co/datasets/me/data"
    hub["api"].create_repo.assert_called_once_with(
        "me/data", repo_type="dataset", private=True, exist_ok=True
    )
    asked = hub["api"].upload_folder.call_args.kwargs
    assert (asked["repo_id"], asked["repo_type"]) == ("me/data", "dataset")
    assert {"labels/*", "predictions/*"} <= set(asked["delete_patterns"])
    assert {each for each in hub["files"] if each.startswith("labels/")} == {
        "labels/given.parquet", "labels/mini_imgt.parquet"
    }  # fmt: skip
    assert "README.md" in hub["files"]
    assert not {"correct_gated", "correct_file"} & rows_of(tmp_path / "new")[0].keys()


def test_without_a_token_nothing_is_read(
    own: Own, tmp_path: Path, hub: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    said = pushed(own, tmp_path)
    assert said.code == 2 and "hf auth login" in said.stderr
    assert not (tmp_path / "new").exists() and not hub["api"].method_calls


def test_what_the_hub_refuses_is_said_and_the_folder_stays(
    own: Own, tmp_path: Path, hub: Mapping[str, Any]
) -> None:
    hub["api"].upload_folder.side_effect = ConnectionError("no route")
    said = pushed(own, tmp_path)
    assert said.code == 1 and "no route" in said.stderr
    assert f"hf upload me/data {tmp_path / 'new'} --repo-type dataset" in said.stderr
    assert (tmp_path / "new" / "README.md").is_file()


def test_options_that_contradict_each_other(own: Own, tmp_path: Path) -> None:
    said = pushed(own, tmp_path, "--repo", "me/other")
    assert said.code == 2 and "name two datasets" in said.stderr
    said = harness("export", "hf", own.run, "-o", tmp_path / "new", "--private")
    assert said.code == 2 and "acts only with --push" in said.stderr
