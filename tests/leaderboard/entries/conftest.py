"""A good entry, made once by real runs, and copies of it to break."""

import shutil
from pathlib import Path

import pytest

from harness.specs.catalogue import Catalogue
from support.drafts import Draft
from support.tiny_benchmark import tiny_entry, write_benchmark


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return write_benchmark(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def good(tiny: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_entry(tiny, tmp_path_factory.mktemp("good") / "submissions" / "tiny")


@pytest.fixture
def draft(good: Path, tmp_path: Path) -> Draft:
    folder = tmp_path / "submissions" / "tiny"
    shutil.copytree(good, folder)
    return Draft(folder)


@pytest.fixture(scope="session")
def tiny_folder(tiny: Catalogue) -> Path:
    return tiny.include_paths[0]
