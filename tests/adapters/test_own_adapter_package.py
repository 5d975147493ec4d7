"""A tiny package of one's own, installed by pip, runs over the embedded benchmark."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import harness

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "grey-model"
version = "1.0"

[project.entry-points."mllm_classification_harness.adapters"]
grey = "grey_model:GreyAdapter"

[tool.setuptools]
py-modules = ["grey_model"]
"""
MODEL = "model: grey\nadapter: grey\nclass_list: mini\noptions: {favourite: 3}\n"


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package of the guide is installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("own")
    source = folder / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "grey_model.py").write_text(guide_code(root))
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder / "site")),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder / "site")
        yield
    sys.modules.pop("grey_model", None)


def guide_code(root: Path) -> str:
    """Give the adapter as it stands in the guide."""
    text = (root / "docs" / "own_model.md").read_text(encoding="utf-8")
    return text.split("```python\n")[1].split("```")[0]


@pytest.mark.slow
def test_an_installed_adapter_is_known_by_its_name(installed: None, tmp_path: Path) -> None:
    (tmp_path / "grey.yaml").write_text(MODEL)
    words = ("run", "--tasks", "mini_classify", "--limit", "40", "--model", "grey")
    more = ("--include_path", str(tmp_path), "--output", str(tmp_path / "runs"))
    done = harness(*words, *more)
    assert done.code == 0, done.stderr
    lines = (tmp_path / "runs" / "grey" / "mini_classify" / "predictions.jsonl").read_text()
    assert lines.count("\n") == 40
    assert lines.count('"class_id": 3,') > 0
    wrong = harness(*words, *more, "--set_model", "options.favorite=1", "--fresh")
    assert wrong.code == 2
    assert "did you mean `favourite`?" in wrong.stderr


@pytest.mark.slow
def test_module_and_class_need_no_yaml(installed: None, tmp_path: Path) -> None:
    words = ("--tasks", "mini_classify", "--limit", "4", "--output", str(tmp_path))
    done = harness("run", "--model", "grey_model:GreyAdapter", *words)
    assert done.code == 0, done.stderr
    assert (tmp_path / "GreyAdapter" / "mini_classify" / "results.json").is_file()


def test_a_protocol_that_it_does_not_answer_is_told(installed: None, tmp_path: Path) -> None:
    words = ("--tasks", "mini_cw", "--output", str(tmp_path))
    done = harness("run", "--model", "grey_model:GreyAdapter", *words)
    assert done.code == 2
    assert "cannot do task `mini_cw`" in done.stderr
    assert list(tmp_path.iterdir()) == []
