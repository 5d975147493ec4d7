"""What the tests of bad days compare with: a run on a good one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from support.colours import N, SlowAdapter
from support.launching import rows


@pytest.fixture
def undisturbed(folder: Path, tmp_path: Path) -> Sequence[Mapping[str, object]]:
    """The rows of a run in this process."""
    catalogue = Catalogue((folder,))
    model = load_model(catalogue, "support.colours:SlowAdapter")
    options = RunOptions(tmp_path / "undisturbed", 2, show_progress=False)
    task = load_task(catalogue, "colours")
    rank = Rank(0, 1, Setting())
    run_task(catalogue, task, model, lambda: SlowAdapter(model, Setting()), rank, options)
    found = rows(tmp_path / "undisturbed")
    assert len(found) == N
    return found
