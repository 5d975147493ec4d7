"""The paper's 1,918 images (tools/case_study.py): counts of the case study, a review's queue."""

import importlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.review.queue import Queue
from support.command import harness

ROWS = {
    "ILSVRC2012_val_00000001.JPEG": ([3], [3], [5], [5]),
    "ILSVRC2012_val_00000002.JPEG": ([3], [-1], [3], [5]),
    "ILSVRC2012_val_00000003.JPEG": ([3, 4], [4], [7], [5]),
    "ILSVRC2012_val_00000004.JPEG": ([3], [5, 9], [-1], [5]),
    "ILSVRC2012_val_00000005.JPEG": ([3], [7], [3], [5]),
    "ILSVRC2012_val_00000006.JPEG": ([3], [-1], [-1], [5]),
}
KEYS = ("annotation_labels", "ChatGPT_prediction", "SigLip_2_prediction", "ground_truth")


@pytest.fixture(scope="module")
def tool(root: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "tools")
        yield importlib.import_module("case_study")


def made(tool: ModuleType, file: Path, folder: Path) -> list[Path]:
    """Write label sets, task and answers, and import both models'."""
    tool.write(tool.read(file), folder)
    for model in tool.MODELS:
        said = harness(
            "import", folder / f"{model}.jsonl", "--task", folder.name, "--include_path", folder,
            "--model", model, "--output", folder.parent / "runs",
        )  # fmt: skip
        assert said.code == 0, said.text
    return [folder.parent / "runs" / model / folder.name for model in tool.MODELS]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "file.json"
    rows = {name: dict(zip(KEYS, row, strict=True)) for name, row in ROWS.items()}
    file.write_text(json.dumps(rows))
    return file


def test_what_became_of_answers_is_counted(tool: ModuleType, small: Path) -> None:
    expected = {
        "gpt-4o": {"confirmed": 1, "integrated": 1, "original": 1, "other": 1, "none": 2},
        "siglip2": {"confirmed": 2, "original": 1, "other": 1, "none": 2},
        "either": {"confirmed": 3, "integrated": 1, "original": 1, "none": 1},
    }
    equal = {"gpt-4o": 1, "siglip2": 1, "either": 2}
    for name, found in tool.counts(tool.read(small)):
        assert found == Counter(expected[name] | {"n": 6, "equal_original": equal[name]}), name


def test_another_file_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text(json.dumps({"a.JPEG": {"annotation_labels": [1]}}))
    with pytest.raises(SystemExit, match=r"image a\.JPEG: keys"):
        tool.read(file)


def test_a_queue_comes_of_the_runs(tool: ModuleType, small: Path, tmp_path: Path) -> None:
    runs = made(tool, small, tmp_path / "case")
    said = harness(
        "review", "make", *runs, "--include_path", tmp_path / "case", "-o", tmp_path / "review",
        "--n", 5, "--annotators", "ann,bob", "--base", "case_original", "--disagree", 1,
    )  # fmt: skip
    assert said.code == 0, said.text
    items = {item.image_id[-1]: item for item in Queue.read(tmp_path / "review").items}
    assert items["3"].candidates == (3, 4, 5, 7) and items["3"].group == "M-"
    assert items["5"].why[0] == "disagree" and items["5"].group == "S-"
    assert "6" not in items or items["6"].why == ("control",)


def test_the_guide_has_these_figures(tool: ModuleType, shared_data: Path, root: Path) -> None:
    file = shared_data / "labels" / "regt_era_s_minus_1918.json"
    text = (root / "docs" / "review.md").read_text("utf-8")
    for (_, found), name in zip(
        tool.counts(tool.read(file)), ("GPT-4o", "SigLIP 2", "either of the two"), strict=True
    ):
        cells = [found[each] for each in ("confirmed", "original", "other", "none")]
        share = f"{100 * found['confirmed'] / found['n']:.2f} %"
        row = f"| {name} | {' | '.join(map(str, cells))} | {found['n']:,} | {share} |"
        assert row in text and not found["integrated"]


def test_the_figures_of_the_paper_come_of_the_file_alone(
    tool: ModuleType, shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "labels" / "regt_era_s_minus_1918.json"
    found = dict(tool.counts(tool.read(file)))
    labels = {name: each["confirmed"] + each["integrated"] for name, each in found.items()}
    assert labels == {"gpt-4o": 723, "siglip2": 745, "either": 955}
    equal = {name: each["equal_original"] for name, each in found.items()}
    assert equal == {"gpt-4o": 624, "siglip2": 870, "either": 1012}
    for run, name in zip(made(tool, file, tmp_path / "case"), tool.MODELS, strict=True):
        scores = json.loads((run / "results.json").read_text())["scores"]["classify"]
        assert scores["case_annotated"]["n_right"] == labels[name]
        assert scores["case_original"]["n_right"] == equal[name]
