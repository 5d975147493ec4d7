"""The committed small baselines are small, and score over the benchmark as their cards say."""

import re
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.adapters.registry import load_adapter
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task

MOST_BYTES = 4_000_000
BITS = 0.5  # points by which another machine's rounding may move a score
NAMES = ("mini_classifier", "mini_dual", "mini_knn")


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_the_score(
    name: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    catalogue = Catalogue(())
    model = load_model(catalogue, name)
    finished = run_task(
        catalogue,
        load_task(catalogue, "mini_classify"),
        model,
        lambda: load_adapter(model, Setting()),
        Rank(0, 1, Setting()),
        RunOptions(tmp_path, batch_size=64, show_progress=False),
    )
    assert finished.results is not None and finished.results.complete
    scores = finished.results.scores["classify"]
    card = (root / "docs" / "baselines.md").read_text(encoding="utf-8")
    (line,) = [each for each in card.splitlines() if each.startswith(f"| `{name}`")]
    told = [float(value) for value in re.findall(r" (\d\d\.\d\d) ", line)]
    found = [scores["mini_imgt"].accuracy, scores["mini_regt"].accuracy]
    assert found == pytest.approx(told, abs=BITS)


@pytest.mark.parametrize("name", NAMES)
def test_its_files_are_small(name: str, root: Path) -> None:
    assert sum(each.stat().st_size for each in (root / "models" / name).iterdir()) < MOST_BYTES
