"""Every command on a run that another command holds, on a run that is torn, and on odd places."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.runs.importing import ImportOptions, import_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.lock import WHOLE, Shard, locked
from support.colours import NAMES, N
from support.command import Said, harness

SLICE = Shard(0, 2)
COMMANDS = {
    "merge": ["merge", "RUN"],
    "score": ["score", "RUN"],
    "map": ["map", "RUN", "--encoders", "lexical"],
    "import": ["import", "ANSWERS", "--task", "colours", "--model", "m", "--output", "RUNS"],
    "import --fresh": [
        "import", "ANSWERS", "--task", "colours", "--model", "m", "--output", "RUNS", "--fresh",
    ],
    "compare": ["compare", "RUN", "RUN"],
    "pack": ["submit", "pack", "RUN", "-o", "ENTRY"],
    "export hf": ["export", "hf", "RUN", "-o", "ENTRY"],
}  # fmt: skip
READERS = ("compare", "pack", "export hf")


@pytest.fixture
def run(catalogue: Catalogue, folder: Path) -> Path:
    said = ["", *NAMES[1:3], "crimson"]
    rows = [{"image_id": f"i{i:02d}", "answer": said[i % 4]} for i in range(N)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("m", folder / "runs")
    task = load_task(catalogue, "colours")
    return import_answers(catalogue, task, folder / "answers.jsonl", options).path


def give(name: str, folder: Path, run: Path) -> Said:
    places = {"RUN": run, "RUNS": folder / "runs", "ANSWERS": folder / "answers.jsonl",
              "ENTRY": folder / "new" / "m"}  # fmt: skip
    words: Sequence[object] = [places.get(word, word) for word in COMMANDS[name]]
    return harness(*words, "--include_path", folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("held", [WHOLE, SLICE], ids=["a whole", "a slice"])
def test_nothing_writes_into_a_run_that_is_held(
    folder: Path, run: Path, name: str, held: Shard
) -> None:
    with locked(run, held):
        before = files(folder)
        said = give(name, folder, run)
        if held is SLICE and name in READERS:
            assert said.code == 0, said.text
            return
        assert said.code == 1, said.text
        assert "another command writes into this directory" in said.text
        assert f"process {os.getpid()} on " in said.text
        assert files(folder) == before
    assert give(name, folder, run).code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_torn_row_of_any_bytes_is_told_or_left_out(folder: Path, run: Path, name: str) -> None:
    rows = run / "predictions.jsonl"
    rows.write_bytes(rows.read_bytes()[:-5] + b"\xe9\xff")
    said = give(name, folder, run)
    if name.startswith("import"):  # makes them anew
        assert said.code == 0, said.text
    elif name in ("merge", "score"):
        assert said.code == 1, said.text
        assert len(rows.read_bytes().splitlines()) == N - 1
    else:
        assert said.code == 2, said.text
        assert f"predictions.jsonl:{N}: is not a prediction" in said.text


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_left_of_a_kill_is_no_run_and_goes_away(folder: Path, run: Path, name: str) -> None:
    left = run.with_name(f".{run.name}.importing-7")
    left.mkdir()
    (left / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    (run / ".results.json.0123.tmp").touch()
    (folder / "new" / ".m.exporting-7").mkdir(parents=True)
    said = give(name, folder, run.parent if name == "merge" else run)
    assert said.code == 0, said.text
    assert str(left) not in said.text
    if name in ("pack", "export hf"):
        assert [each.name for each in (folder / "new").iterdir()] == ["m"]
    elif name != "compare":
        hidden = [each.name for each in run.parent.rglob(".*")]
        assert hidden == []


@pytest.mark.parametrize("name", COMMANDS)
def test_parts_that_are_a_file_are_told(folder: Path, run: Path, name: str) -> None:
    (run / "parts").write_text("no folder")
    said = give(name, folder, run)
    assert said.code == (0 if name == "import --fresh" else 2), said.text
    assert name == "import --fresh" or "parts: is no folder" in said.text


def test_tasks_that_are_not_whole_yet_are_no_tasks(folder: Path) -> None:
    left = folder / ".exported.exporting-7"
    left.mkdir()
    (left / "colours.yaml").write_bytes((folder / "colours.yaml").read_bytes())
    said = harness("list", "tasks", "--include_path", folder)
    assert said.text.splitlines().count("colours") == 1
    assert harness("check", "colours", "--include_path", folder).code == 0
