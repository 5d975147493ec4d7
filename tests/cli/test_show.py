"""`harness show` prints what `harness score` wrote, and changes nothing."""

import json
from pathlib import Path

import pytest

from cli.test_import_map_compare import harness, make


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.parametrize("words", [(), ("--json",), ("--format", "csv", "--table", "groups")])
def test_it_prints_what_score_prints_and_writes_nothing(
    folder: Path, words: tuple[str, ...]
) -> None:
    assert make(folder, "a").code == 0
    run = folder / "runs" / "a" / "colours"
    scored = harness(folder, "score", run, *words)
    before = state(folder / "runs")
    done = harness(folder, "show", run, *words)
    assert (done.code, done.stdout) == (0, scored.stdout)
    assert state(folder / "runs") == before


def test_labels_of_today_do_not_matter(folder: Path) -> None:
    assert make(folder, "a").code == 0
    runs = folder / "runs"
    before = harness(folder, "show", runs, "--json").stdout
    (folder / "colours.yaml").unlink()
    assert harness(folder, "show", runs, "--json").stdout == before


def test_runs_without_results_say_what_to_type(folder: Path) -> None:
    assert make(folder, "a").code == 0
    assert make(folder, "b").code == 0
    b = folder / "runs" / "b" / "colours"
    (b / "results.json").unlink()
    alone = harness(folder, "show", b)
    assert alone.code == 2
    assert f"harness score {b}" in " ".join(alone.stderr.split())
    both = harness(folder, "show", folder / "runs", "--json")
    assert both.code == 1
    assert [each["model"] for each in json.loads(both.stdout)] == ["a"]
    assert f"harness score {b}" in " ".join(both.stderr.split())


def test_an_incomplete_run_is_shown_with_code_1(folder: Path) -> None:
    assert make(folder, "a", "--partial", n=8).code == 1
    done = harness(folder, "show", folder / "runs" / "a" / "colours")
    assert done.code == 1 and "Accuracy (%)" in done.stdout
