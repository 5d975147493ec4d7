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


@pytest.fixture
def three(folder: Path, run_a: Path) -> list[Path]:
    assert make(folder, "b", wrong="grey").code == 0
    assert make(folder, "c_1", wrong="blue").code == 0
    return [folder / "runs" / each / "colours" for each in ("a", "b", "c_1")]


def test_many_runs_are_compared_in_every_form(folder: Path, three: list[Path]) -> None:
    done = harness(folder, "compare", *three)
    assert done.code == 0, done.stderr
    assert "3 runs on colours_first, n = 12 images" in done.stdout
    assert "colours_first: b has the highest accuracy (100.00 %)" in done.stdout
    assert "images: 12 in 1, 12 in 2, 12 in 3, 12 in all" in done.stdout
    found = json.loads(harness(folder, "compare", *three, "--format", "json").stdout)
    assert [each["path"] for each in found["runs"]] == [str(path) for path in three]
    assert len(found["comparisons"]) == 6
    latex = harness(folder, "compare", *three, "--format", "latex").stdout
    assert r"3 c\_1 & 75.00" in latex and latex.count(r"\begin{table}") == 3
    text = harness(folder, "compare", *three, "--format", "csv").stdout
    assert len(text.splitlines()) == 7
    markdown = harness(folder, "compare", *three, "--format", "markdown").stdout
    assert "| 2 b | **100.00** |" in markdown


def test_a_gate_fails_by_the_last_run_against_the_first(folder: Path, three: list[Path]) -> None:
    a, b, c = three
    done = harness(folder, "compare", b, a, "--fail_if_worse", "24.5", "--json")
    assert done.code == 3
    assert json.loads(done.stdout)["comparisons"][0]["delta"] == 25
    line = "colours_first: FAILED: a is 25.00 points below b on 12 images"
    assert line in " ".join(done.stderr.split())
    assert harness(folder, "compare", b, a, "--fail_if_worse", "25").code == 0
    assert make(folder, "part", "--partial", wrong="grey", n=8).code == 1
    part = folder / "runs" / "part" / "colours"
    done = harness(folder, "compare", b, part, "--fail_if_worse", "0")
    assert done.code == 0
    assert "0.00 points above b on 8 images, 4 left out" in " ".join(done.stderr.split())
    assert harness(folder, "compare", a, b, "--fail_if_worse", "0").code == 0
    assert harness(folder, "compare", b, c, a, "--fail_if_worse", "1").code == 3
    assert harness(folder, "compare", a, b, c, "--fail_if_worse", "1").code == 0


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (["A"], "compares two runs or more", "fix: harness compare RUN_A RUN_B"),
        (["A", "B", "A"], "is named twice", "fix: name each run once"),
        (["A", "B", "--fail_if_worse=-1"], "is no number of points", "got: -1"),
        (["A", "B", "--fail_if_worse", "nan"], "is no number of points", "fix: give 0 or more"),
        (["A", "B", "--format", "markdwn"], "is no format", "did you mean `markdown`?"),
        (["A", "B", "C", "--label_set", "x"], "unknown label set of all runs", "got: x"),
    ],
)
def test_what_cannot_be_compared_is_one_error(
    folder: Path, three: list[Path], words: list[str], what: str, fix: str
) -> None:
    runs = dict(zip("ABC", map(str, three), strict=True))
    done = harness(folder, "compare", *(runs.get(each, each) for each in words))
    assert done.code == 2 and done.stdout == ""
    assert done.stderr.count("error:") == 1
    assert what in done.stderr and fix in done.stderr


def test_scores_in_every_form(folder: Path, three: list[Path]) -> None:
    runs = folder / "runs"
    done = harness(folder, "score", runs, "--format", "csv")
    lines = done.stdout.splitlines()
    assert done.code == 0 and lines[0].startswith("model,task,protocol,label_set,n,accuracy,")
    assert "--table gives the others: answers" in done.stderr
    assert {line.count(",") for line in lines} == {lines[0].count(",")}
    as_json = harness(folder, "score", runs, "--json").stdout
    assert harness(folder, "score", runs, "--format", "json").stdout == as_json
    latex = harness(folder, "score", runs, "--format", "latex", "--table", "accuracy").stdout
    assert latex.count(r"\begin{table}") == 1 and r"c\_1 & colours & cw" in latex
    assert r"\textbf{100.00}" in latex
    groups = harness(folder, "score", *three, "--format", "csv", "--table", "groups").stdout
    assert groups.startswith("model,task,protocol,label_set,A,A_n,")
    wrong = harness(folder, "score", runs, "--table", "groups")  # a folder has no details
    assert wrong.code == 2 and "unknown table of these runs" in wrong.stderr
    assert harness(folder, "score", runs, "--json", "--table", "accuracy").code == 2


def test_a_table_of_a_run_in_part_says_so(folder: Path) -> None:
    assert make(folder, "a", "--partial", n=10).code == 1
    done = harness(folder, "score", folder / "runs", "--format", "latex")
    assert done.code == 1
    assert "% a on colours: NOT COMPLETE, answers are missing" in done.stdout
