"""What may not be exported to the hub is left out or refused; nothing is left of a refusal."""

import json
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness.data.labels.of_task import Overrides
from harness.errors import UserError
from harness.export.hf.folder import HfOptions, export_hf
from harness.export.hf.tables import schema_of, write_table
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_label_set_spec
from support.imported_runs import imported_run

OPTIONS = HfOptions("me/data")
TASK = """include: {mini}
task: own
label_sets: {label_sets}
"""
LABEL_SET = """label_set: {name}
format: jsonl
path: {name}.jsonl
class_list: mini
description: of one's own
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return imported_run(tmp_path / "runs", "one", "mini_cw")


def refused(paths: list[Path], folder: Path, options: HfOptions = OPTIONS) -> str:
    """Export what is refused, and see that nothing was written."""
    before = sorted(folder.parent.iterdir())
    with pytest.raises(UserError) as caught:
        export_hf(Catalogue(), paths, folder, options)
    assert sorted(folder.parent.iterdir()) == before
    return str(caught.value)


def rewrite(path: Path, **values: object) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(found | values), encoding="utf-8")


def test_a_folder_that_is_no_run(tmp_path: Path, run: Path) -> None:
    """All problems are told at once."""
    (tmp_path / "empty").mkdir()
    rewrite(run / "manifest.json", status="incomplete", counts={"ok": 40, "error": 2})
    told = refused([tmp_path / "empty", tmp_path / "nowhere", run], tmp_path / "new")
    assert told.count("holds no run") == 1 and told.count("is not a run directory") == 1
    assert "mini_cw: is not complete\n  got: incomplete: 42 of 60 images, 2 failed" in told
    assert "fix: give the command that made the run again" in told


def test_a_run_that_is_not_scored(tmp_path: Path, run: Path) -> None:
    (run / "results.json").unlink()
    assert f"fix: harness score {run}" in refused([run], tmp_path / "new")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, run: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    assert "is not empty" in refused([run], tmp_path)
    assert "is not empty" in refused([run], tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


def test_two_runs_of_one_model_and_task(tmp_path: Path, run: Path) -> None:
    again = imported_run(tmp_path / "others", "one", "mini_cw")
    told = refused([run, again], tmp_path / "new")
    assert "is a second run of model `one` and task `mini_cw`" in told
    assert str(run) in told and str(again) in told
    export_hf(Catalogue(), [run, run.parent, run], tmp_path / "new", OPTIONS)


def test_two_names_of_one_file(tmp_path: Path) -> None:
    named = enumerate(("a b", "a_b"))
    runs = [imported_run(tmp_path / str(number), name, "mini_ow") for number, name in named]
    told = refused(runs, tmp_path / "new")
    assert "predictions/a_b--mini_ow.parquet: two names become this one" in told


def test_runs_that_count_classes_as_one_differently(tmp_path: Path, run: Path) -> None:
    overrides = Overrides({}, "none")
    other = imported_run(tmp_path / "others", "two", "mini_cw", overrides=overrides)
    told = refused([run, other], tmp_path / "new")
    assert "equivalences under class list `mini` is another one" in told
    assert "label set `mini_regt` is another one" in told, "its config is part of its digest"


def test_runs_under_different_names(tmp_path: Path, run: Path) -> None:
    classes = json.loads((run / "results.json").read_text())["class_list"]
    rewrite(run / "results.json", class_list=classes | {"digest": "0" * 64})
    other = imported_run(tmp_path / "others", "two", "mini_cw")
    told = refused([run, other], tmp_path / "new")
    assert "class list `mini` is another one" in told
    assert f"expected: sha256 {'0' * 64}" in told


def test_predictions_that_were_changed_after_scoring(tmp_path: Path, run: Path) -> None:
    rows = (run / "predictions.jsonl").read_text().splitlines(keepends=True)
    (run / "predictions.jsonl").write_text("".join(rows[1:]))
    told = refused([run], tmp_path / "new")
    assert "its results are not of its predictions" in told


def test_labels_that_changed_after_scoring(tmp_path: Path, run: Path) -> None:
    results = json.loads((run / "results.json").read_text())
    results["label_sets"]["mini_imgt"]["digest"] = "0" * 64
    rewrite(run / "results.json", **results)
    told = refused([run], tmp_path / "new")
    assert "was scored by other labels of `mini_imgt` than are here now" in told
    assert f"fix: harness score {run}" in told


def test_options_that_the_hub_would_not_take(tmp_path: Path, run: Path) -> None:
    for repo in ("data", "me/", "me/my data", "../data"):
        assert "OWNER/NAME" in refused([run], tmp_path / "new", HfOptions(repo=repo))
    told = refused([run], tmp_path / "new", HfOptions(license="Apache License"))
    assert "--license: is no licence's identifier" in told


def test_a_label_set_that_no_run_was_scored_by(tmp_path: Path, run: Path) -> None:
    file = tmp_path / "real.json"
    file.write_text("[]")
    told = refused(
        [run], tmp_path / "new", HfOptions("me/data", overrides=Overrides({"real": file}))
    )
    assert "no run was scored by label set `real`" in told
    assert f"harness score RUN --label_set real={file}" in told


@dataclass(frozen=True, slots=True)
class Own:
    """A task with label sets of one's own: one with a licence, one without, and a mere file."""

    catalogue: Catalogue
    run: Path


@pytest.fixture
def own(tmp_path: Path) -> Own:
    folder = tmp_path / "own"
    folder.mkdir()
    mini = Catalogue().find(Kind.TASK, "mini_cw")
    labels = Catalogue().find(Kind.LABEL_SET, "mini_imgt").parent.parent / "mini/labels/imgt.jsonl"
    for name, more in (("given", "license: cc-by-4.0\n"), ("gated", ""), ("file", None)):
        (folder / f"{name}.jsonl").write_bytes(labels.read_bytes())
        if more is not None:
            (folder / f"{name}.yaml").write_text(LABEL_SET.format(name=name) + more)
    named = "[mini_imgt, given, gated, file.jsonl]"
    (folder / "task.yaml").write_text(TASK.format(mini=mini, label_sets=named))
    catalogue = Catalogue((folder,))
    return Own(catalogue, imported_run(tmp_path / "runs", "one", "own", catalogue=catalogue))


def test_labels_without_a_licence_are_left_out(own: Own, tmp_path: Path) -> None:
    written = export_hf(own.catalogue, [own.run], tmp_path / "new", OPTIONS)
    left_out = {each.name: each.left_out for each in written.label_sets}
    assert left_out["given"] is None and left_out["mini_imgt"] is None
    assert left_out["gated"] == left_out["file"] == "no licence that allows to pass it on"
    names = {path.stem for path in (tmp_path / "new" / "labels").iterdir()}
    assert names == {"given", "mini_imgt"}
    card = (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    assert "- cc-by-4.0\n" in card
    (line,) = [line for line in card.splitlines() if line.startswith("| gated |")]
    assert line.endswith("| – | no: no licence that allows to pass it on |")
    scores = pq.read_table(tmp_path / "new" / "scores" / "scores.parquet").to_pylist()
    assert {row["label_set"] for row in scores if row["metric"] == "accuracy"} == set(left_out)
    tasks = (tmp_path / "new" / "eval.yaml").read_text(encoding="utf-8")
    assert "- id: own/cw/gated\n- id:" in tasks, "a leaderboard whose labels are not in here"


def test_a_file_in_place_of_a_licensed_one_is_left_out(tmp_path: Path) -> None:
    """The licence is of the file that the YAML names, not of any that bears its name."""
    file = tmp_path / "mine.jsonl"
    file.write_bytes(
        (Catalogue().find(Kind.LABEL_SET, "mini_imgt").parent.parent / "mini/labels/imgt.jsonl")
        .read_bytes()
    )  # fmt: skip
    overrides = Overrides({"mini_imgt": file})
    run = imported_run(tmp_path / "runs", "one", "mini_ow", overrides=overrides)
    options = HfOptions("me/data", overrides=overrides)
    written = export_hf(Catalogue(), [run], tmp_path / "new", options)
    left_out = {each.name: each.left_out for each in written.label_sets}
    assert left_out["mini_regt"] is None
    assert left_out["mini_imgt"] is not None and "its user's own" in left_out["mini_imgt"]


def test_classes_that_count_as_one_by_gated_labels_are_not_told(tmp_path: Path, run: Path) -> None:
    config = tmp_path / "eq.json"
    config.write_text('{"equivalent_classes": [[3, 4]]}')
    catalogue = Catalogue()
    export_hf(catalogue, [run], tmp_path / "told", OPTIONS)
    assert counted_as(tmp_path / "told") == [60 if each == 61 else each for each in range(64)]
    rescore(catalogue, run, Overrides({}, str(config)))
    told = refused([run], tmp_path / "new")
    assert "was scored by other labels of `mini_regt`" in told, "it was read without its config"
    options = HfOptions("me/data", overrides=Overrides({}, str(config)))
    export_hf(catalogue, [run], tmp_path / "own", options)
    assert counted_as(tmp_path / "own") == [None] * 64
    assert "| 1, not listed" in (tmp_path / "own" / "README.md").read_text(encoding="utf-8")


def counted_as(folder: Path) -> list[int | None]:
    classes = pq.read_table(folder / "classes" / "mini.parquet").to_pylist()
    return [row["counts_as"] for row in classes]


def test_licences_of_the_catalogue() -> None:
    """Gated labels, and those of which no licence is known, have none."""
    catalogue = Catalogue()
    found = {
        name: load_label_set_spec(catalogue, name).license
        for name in catalogue.names(Kind.LABEL_SET)
    }
    licensed = {name: license for name, license in found.items() if license is not None}
    assert licensed == {
        "imgt": "mit",
        "mini_imgt": "apache-2.0",
        "mini_regt": "apache-2.0",
        "real": "apache-2.0",
    }
    assert {"cleaner_validation", "multilabel", "regt"} <= found.keys()


def test_half_a_pair_of_surrogates(tmp_path: Path) -> None:
    run = imported_run(tmp_path / "runs", "one", "mini_cw", answers=("dog \ud83d", "cat 😀"))
    export_hf(Catalogue(), [run], tmp_path / "new", OPTIONS)
    table = pq.read_table(tmp_path / "new" / "predictions" / "one--mini_cw.parquet")
    assert table["answer"].to_pylist()[:2] == ["dog \ufffd", "cat 😀"]


@dataclass(frozen=True, slots=True)
class Wide:
    """A row of some length."""

    text: str
    ids: tuple[int, ...]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    peaks = []
    for n in (10_000, 60_000):
        tracemalloc.start()
        rows = (Wide(f"{number:0100}", tuple(range(10))) for number in range(n))
        write_table(tmp_path / f"{n}.parquet", schema_of(Wide), rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert pq.read_metadata(tmp_path / f"{n}.parquet").num_rows == n
    assert peaks[1] < 1.2 * peaks[0]
    assert [field.name for field in schema_of(Wide)] == ["text", "ids"]
