"""The browser of the leaderboard's tests, and reports to look at, which take seconds to draw."""

from pathlib import Path

import pytest

from harness.studies.report import write_report
from leaderboard.browser.conftest import browser
from studies.made_up import hostile, two_models

__all__ = ["browser"]


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two models in `plain`, one of names that mean harm in `hostile`."""
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("reports")
    write_report(two_models(), folder / "plain")
    write_report(hostile(), folder / "hostile")
    return folder
