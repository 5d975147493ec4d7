"""The grid of encoders and templates over the answers of a run, and two runs side by side."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harness.answers.mapping.nearest import is_reporting
from harness.errors import DataError, SpecError
from harness.runner.session import NO_OVERRIDES
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.remap import MappingGrid, map_run, open_combinations, write_grid
from harness.runs.reopen import open_run
from harness.scores.statistics import wilson
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import NAMES, N, write_task

IDS = [f"i{number:02d}" for number in range(N)]
SAID = ("reddish", "something green", "blue", "gray")


def make(catalogue: Catalogue, said: Sequence[str] = SAID, protocol: str = "cw") -> Finished:
    folder = catalogue.include_paths[0]
    write_task(folder, protocol=protocol)
    path = folder / "answers.jsonl"
    rows = [{"image_id": each, "answer": said[i % 4]} for i, each in enumerate(IDS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("given", folder / "runs")
    return import_answers(catalogue, load_task(catalogue, "colours"), path, options)


def grid_of(catalogue: Catalogue, path: Path, by: str | None = None) -> MappingGrid:
    wanted = open_combinations(catalogue, ["lexical"], ["raw", "photo"], ["raw", "{} thing"])
    return map_run(open_run(catalogue, path, NO_OVERRIDES), wanted, by)


@pytest.mark.parametrize("protocol", ["cw", "cw_plus", "ow"])
def test_the_combination_of_the_run_scores_as_the_run_does(
    catalogue: Catalogue, protocol: str
) -> None:
    finished = make(catalogue, protocol=protocol)
    assert finished.results is not None
    found = grid_of(catalogue, finished.path).to_json()
    plain = found["rows"][0]
    assert (plain["class_template"], plain["answer_template"]) == ("raw", "raw")
    scores = finished.results.scores["ow" if protocol == "ow" else "cw_plus"]
    for name, score in scores.items():
        whole = plain["scores"][name]["all"]
        assert (whole["n"], whole["n_right"]) == (score.n, score.n_right)
        assert whole["ci95"] == pytest.approx(wilson(score.n_right, score.n), abs=1e-4)
    assert found["n_mapped"] == finished.results.mapping.n_mapped  # type: ignore[union-attr]


def test_halves_are_by_the_hash_of_the_id_and_the_last_label_set_chooses(
    catalogue: Catalogue,
) -> None:
    found = grid_of(catalogue, make(catalogue).path).to_json()
    n_reporting = sum(is_reporting(each) for each in IDS)
    halves = {"choosing": N - n_reporting, "reporting": n_reporting}
    assert found["halves"] == {"colours_first": halves, "colours_all": halves}
    assert (found["schema_version"], found["by"], len(found["rows"])) == (1, "colours_all", 4)
    best = max(row["scores"]["colours_all"]["choosing"]["n_right"] for row in found["rows"])
    assert found["chosen"]["scores"]["colours_all"]["choosing"]["n_right"] == best
    assert [row["chosen"] for row in found["rows"]].count(True) == 1


def test_the_label_set_to_choose_by_may_be_named(catalogue: Catalogue) -> None:
    finished = make(catalogue)
    assert grid_of(catalogue, finished.path, "colours_first").by == "colours_first"
    with pytest.raises(SpecError, match="did you mean `colours_first`"):
        grid_of(catalogue, finished.path, "colors_first")


def test_the_run_is_not_changed(catalogue: Catalogue) -> None:
    finished = make(catalogue)

    def digests() -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in finished.path.iterdir()
        }

    before = digests()
    path = write_grid(finished.path, grid_of(catalogue, finished.path))
    assert json.loads(path.read_text())["task"] == "colours"
    after = digests()
    assert after.pop("mapping_grid.json")
    assert after == before


def test_everything_unknown_is_told_at_once(catalogue: Catalogue) -> None:
    with pytest.raises(SpecError, match="did you mean `lexical`") as caught:
        open_combinations(catalogue, ["lexcal", "nope"], ["rw"], [])
    assert len(caught.value.problems) == 4


def test_a_run_without_anything_to_map_is_refused(catalogue: Catalogue) -> None:
    finished = make(catalogue, NAMES)
    with pytest.raises(DataError, match="no answer of the run needs to be mapped"):
        grid_of(catalogue, finished.path)


def test_a_run_that_is_not_scored_is_refused(catalogue: Catalogue) -> None:
    finished = make(catalogue)
    (finished.path / "results.json").unlink()
    with pytest.raises(DataError, match="not scored yet"):
        open_run(catalogue, finished.path, NO_OVERRIDES)


def test_wilson_of_the_grid_is_in_percent(catalogue: Catalogue) -> None:
    found = grid_of(catalogue, make(catalogue).path).to_json()
    ends = np.array([row["scores"]["colours_all"]["all"]["ci95"] for row in found["rows"]])
    assert (ends[:, 0] < ends[:, 1]).all()
    assert ends.max() > 1
