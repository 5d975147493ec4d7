"""Runs of the embedded models on the first images of `mini`, and what is known of these images."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.review.sources import Sources, open_sources
from harness.specs.catalogue import Catalogue
from support.embedded_runs import CLASSIFY, embedded_run

N = 240


@pytest.fixture(scope="session")
def mini_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three classifiers and an MLLM in an open world, all on the same images."""
    output = tmp_path_factory.mktemp("runs")
    runs = (*CLASSIFY, ("mini", "mini_ow"))
    return [embedded_run(output, model, task, N) for model, task in runs]


@pytest.fixture(scope="session")
def mini_sources(mini_runs: list[Path]) -> Sources:
    return open_sources(Catalogue(), mini_runs, NO_OVERRIDES)


@pytest.fixture(scope="session")
def mini_truth(mini_sources: Sources) -> Mapping[str, frozenset[int]]:
    """What is really in the pictures, by image id."""
    return next(each for each in mini_sources.labels.sets if each.name == "mini_regt").labels
