"""`harness import`, `harness map` and `harness compare` as a person uses them."""

import json
from pathlib import Path
from typing import Any

import pytest

from support import command
from support.colours import NAMES, N
from support.command import Said


def harness(folder: Path, *words: str | Path) -> Said:
    return command.harness(*words, "--include_path", folder)


def make(folder: Path, model: str, *words: str, wrong: str = "red-ish", n: int = N) -> Said:
    """Import answers of which those to grey images are `wrong`."""
    path = folder / f"{model}.jsonl"
    with path.open("w") as file:
        for i in range(n):
            answer = wrong if i % 4 == 3 else NAMES[i % 4]
            file.write(json.dumps({"image_id": f"i{i:02d}.png", "answer": answer}) + "\n")
    where = ("--task", "colours", "--model", model, "--output", str(folder / "runs"))
    return harness(folder, "import", path, *where, *words)


@pytest.fixture
def run_a(folder: Path) -> Path:
    assert make(folder, "a").code == 0
    return folder / "runs" / "a" / "colours"


def test_import_prints_the_table_of_a_run(folder: Path) -> None:
    done = make(folder, "a")
    assert done.code == 0, done.stderr
    assert "Accuracy (%)" in done.stdout
    assert f"files: {folder / 'runs' / 'a' / 'colours'}" in done.stdout


def test_what_was_not_plain_is_told_below_the_tables(folder: Path) -> None:
    done = make(folder, "a", wrong="I can see blue in the picture.")
    assert done.code == 0, done.stderr
    matching, lines = done.stdout.split("Accuracy and out-of-prompt answers (%) by matching")
    assert "Accuracy (%)" in matching
    flat = " ".join(lines.split())
    assert "colours_first 75.00 75.00 75.00" in flat
    assert "(out of prompt) 25.00 25.00 0.00" in flat
    assert "a on colours: 3 of 12 answers were read by a lenient rule" in lines
    again = harness(folder, "score", folder / "runs" / "a" / "colours")
    assert lines.strip().splitlines()[-2] in again.stdout
    (found,) = json.loads(
        harness(folder, "score", folder / "runs" / "a" / "colours", "--json").stdout
    )
    assert found["reading"]["levels"] == {"strict": 9, "normalized": 0, "stated": 0, "read": 3}


def test_import_in_part_has_exit_code_1(folder: Path) -> None:
    refused = make(folder, "a", n=10)
    assert refused.code == 2
    assert "got: 2: `i10`, `i11`" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (folder / "runs").exists()
    done = make(folder, "a", "--partial", "--json", n=10)
    assert done.code == 1
    assert json.loads(done.stdout)[0]["complete"] is False


def test_map_prints_the_grid_and_writes_it(folder: Path, run_a: Path) -> None:
    words = ("--encoders", "lexical", "--class_templates", "raw,avg", "--answer_templates", "raw")
    done = harness(folder, "map", run_a, *words)
    assert done.code == 0, done.stderr
    assert "label set colours_first" in done.stdout
    assert "label set colours_all" in done.stdout
    written: dict[str, Any] = json.loads((run_a / "mapping_grid.json").read_text())
    assert [row["class_template"] for row in written["rows"]] == ["raw", "avg"]
    again = harness(folder, "map", run_a, *words, "--json", "--by", "colours_first")
    assert json.loads(again.stdout)["by"] == "colours_first"


def test_map_names_an_unknown_encoder_and_writes_nothing(folder: Path, run_a: Path) -> None:
    done = harness(folder, "map", run_a, "--encoders", "minlm")
    assert done.code == 2
    assert "did you mean `minilm`" in done.stderr
    assert not (run_a / "mapping_grid.json").exists()


def test_compare_prints_a_table_for_each_label_set(folder: Path, run_a: Path) -> None:
    assert make(folder, "b", "--partial", wrong="grey", n=8).code == 1
    run_b = folder / "runs" / "b" / "colours"
    done = harness(folder, "compare", run_a, run_b)
    assert done.code == 0, done.stderr
    assert "a and b on colours_first" in done.stdout
    assert "images: 12 in A, 8 in B, 8 in both" in done.stdout
    only = harness(folder, "compare", run_a, run_b, "--label_set", "colours_all", "--json")
    found = json.loads(only.stdout)
    assert [each["label_set"] for each in found["comparisons"]] == ["colours_all"]
    assert found["n_common"] == 8


def test_compare_wants_run_directories(folder: Path, run_a: Path) -> None:
    done = harness(folder, "compare", run_a, folder)
    assert done.code == 2
    assert "is not a run directory" in done.stderr
