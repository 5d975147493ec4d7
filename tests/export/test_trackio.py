"""Results as a tracked run: every figure once, and what the run is of."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.export.trackio import export_trackio
from harness.scores.results import Results
from harness.store.lines import read_json
from support.command import harness
from support.imported_runs import imported_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported_run(tmp_path_factory.mktemp("runs"), "m", "mini_cw")


def test_each_run_is_logged_with_its_figures_and_settings(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, Any]] = []
    stand_in = SimpleNamespace(
        init=lambda **asked: seen.append(("init", asked)),
        log=lambda metrics, step: seen.append(("log", metrics)),
        finish=lambda: seen.append(("finish", None)),
    )
    monkeypatch.setitem(sys.modules, "trackio", stand_in)
    said = harness("export", "trackio", run, "--project", "p")
    assert said.code == 0 and said.stdout.startswith("m--mini_cw: ")
    assert [name for name, _ in seen] == ["init", "log", "finish"]
    asked, metrics = seen[0][1], seen[1][1]
    assert (asked["project"], asked["name"]) == ("p", "m--mini_cw")
    assert asked["config"]["identity"]["task"]["task"] == "mini_cw"
    results = Results.from_json(read_json(run / "results.json"))
    for name, score in results.scores["cw"].items():
        assert metrics[f"cw/{name}/accuracy"] == score.accuracy
    assert metrics["cw/share_oop"] == results.shares["oop"]


def test_without_the_package_it_says_what_to_install(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    said = harness("export", "trackio", run)
    assert said.code == 2 and "[trackio]" in said.stderr


def test_trackio_keeps_it(run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where it is installed: what its database has."""
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    trackio = pytest.importorskip("trackio")
    (n,) = export_trackio([run], "p").values()
    (found,) = trackio.Api().runs("p")
    assert found.config["task"] == "mini_cw" and n > 10
