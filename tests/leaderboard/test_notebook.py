"""The example notebook runs as it stands, and says what `results.json` says."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.leaderboard.own import OwnOptions, build_own
from harness.specs.catalogue import Catalogue
from leaderboard.own_runs import colour_run


def test_the_example_notebook_runs(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [colour_run(folder, "a"), colour_run(folder, "b", wrong="grey")]
    build_own(Catalogue((folder,)), [folder / "runs"], OwnOptions(folder / "site"))
    monkeypatch.setenv("SITE", str(folder / "site"))
    notebook = json.loads((root / "docs" / "examples" / "look.ipynb").read_text(encoding="utf-8"))
    values: dict[str, Any] = {}
    code = [each for each in notebook["cells"] if each["cell_type"] == "code"]
    assert all(each["outputs"] == [] and each["execution_count"] is None for each in code)
    for each in code:
        exec(compile("".join(each["source"]), "look.ipynb", "exec"), values)
    accuracy = {run: rows["right_colours_all"].mean() for run, rows in values["runs"].items()}
    for run, name in zip(runs, ("a--colours", "b--colours"), strict=True):
        results = json.loads((run / "results.json").read_text())
        expected = results["scores"]["cw"]["colours_all"]["accuracy"]
        assert 100 * accuracy[name] == pytest.approx(expected)
    assert values["both"].shape[0] == 12
