"""A label set applies where its class list is the task's; one that is added decides nothing."""

import json
import logging
from pathlib import Path

import pytest

from harness.checks.before import share_among_tasks
from harness.cli import main
from harness.data.labels.label_set import Labels
from harness.data.labels.of_task import NO_OVERRIDES, Overrides, share_overrides
from harness.data.opened import open_task
from harness.errors import SpecError
from harness.leaderboard.entries.check import CheckOptions, check_path
from harness.prompts.plan import Plan, make_plan
from harness.runs.importing import ImportOptions, import_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.directory import RunDirectory
from support.colours import COLOURS, NAMES, N, write_task

IDS = [f"i{number:02d}" for number in range(N)]


@pytest.fixture
def two(folder: Path) -> Catalogue:
    """The colours, `extra` labels of them, and a task of the same images with other classes."""
    lines = (json.dumps({"image_id": each, "labels": [1]}) + "\n" for each in IDS)
    (folder / "extra.jsonl").write_text("".join(lines))
    (folder / "extra.yaml").write_text("label_set: extra\nformat: jsonl\nclass_list: colours\n")
    (folder / "tones.yaml").write_text(
        "class_list: tones\nclasses:\n  - {id: 0, name: dark}\n  - {id: 1, name: light}\n"
    )
    tones = (json.dumps({"image_id": each, "labels": [n % 2]}) + "\n" for n, each in enumerate(IDS))
    (folder / "tones.jsonl").write_text("".join(tones))
    (folder / "tones_task.yaml").write_text(
        "task: tones_task\nprotocol: classify\ndataset_path: images\nclass_list: tones\n"
        "label_sets: [tones.jsonl]\nmetadata: {version: 1}\n"
    )
    assert len(COLOURS) == 4
    return Catalogue((folder,))


def extra(folder: Path) -> Overrides:
    return Overrides({"extra": folder / "extra.jsonl"})


def opened(catalogue: Catalogue, task: str, overrides: Overrides) -> Plan:
    return make_plan(open_task(catalogue, load_task(catalogue, task), overrides))


def names(plan: Plan) -> list[str]:
    return [labels.name for labels in plan.opened.labels.sets]


def test_of_several_tasks_each_takes_what_applies(
    two: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = [load_task(two, name) for name in ("colours", "tones_task")]
    with caplog.at_level(logging.WARNING, logger="harness"):
        shared = share_overrides(two, tasks, extra(folder))
        assert share_overrides(two, tasks, shared) is shared
    assert [each.getMessage() for each in caplog.records] == [
        "label set `extra` is of other classes than these tasks, which are left as they are: "
        "`tones_task`"
    ]
    assert names(opened(two, "colours", shared)) == ["colours_first", "colours_all", "extra"]
    assert names(opened(two, "tones_task", shared)) == ["tones"]


def test_a_label_file_that_one_task_names_is_that_tasks_alone(two: Catalogue, folder: Path) -> None:
    tasks = [load_task(two, name) for name in ("colours", "tones_task")]
    shared = share_overrides(two, tasks, Overrides({"tones": folder / "tones.jsonl"}))
    assert names(opened(two, "colours", shared)) == ["colours_first", "colours_all"]
    assert names(opened(two, "tones_task", shared)) == ["tones"]


def test_for_a_single_task_a_label_set_must_apply(two: Catalogue, folder: Path) -> None:
    with pytest.raises(SpecError, match="applies to no task") as caught:
        opened(two, "tones_task", extra(folder))
    assert caught.value.problems[0].expected == "a task of class list `colours`"
    with pytest.raises(SpecError, match="did you mean `extra`"):
        share_overrides(two, [], Overrides({"extr": folder / "extra.jsonl"}))


def test_a_task_cannot_name_labels_of_other_classes(two: Catalogue, folder: Path) -> None:
    text = (folder / "tones_task.yaml").read_text()
    (folder / "tones_task.yaml").write_text(text.replace("[tones.jsonl]", "[extra]"))
    with pytest.raises(SpecError, match="`extra` is of other classes than its own"):
        opened(Catalogue((folder,)), "tones_task", NO_OVERRIDES)


@pytest.mark.parametrize(
    ("entries", "fits"),
    [
        ("".join(f"  - {{id: {i}, name: {name.upper()}}}\n" for i, name in enumerate(NAMES)), True),
        ("".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES[:3])), False),
        ("".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES[::-1])), False),
    ],
)
def test_the_same_classes_under_another_name_are_the_same(
    two: Catalogue, folder: Path, entries: str, fits: bool
) -> None:
    (folder / "hues.yaml").write_text(f"class_list: hues\nclasses:\n{entries}")
    text = (folder / "extra.yaml").read_text()
    (folder / "extra.yaml").write_text(text.replace("class_list: colours", "class_list: hues"))
    catalogue = Catalogue((folder,))
    if fits:
        assert "extra" in names(opened(catalogue, "colours", extra(folder)))
        return
    with pytest.raises(SpecError, match="applies to no task"):
        opened(catalogue, "colours", extra(folder))


def test_what_was_added_does_not_rank(two: Catalogue, folder: Path) -> None:
    found = opened(two, "colours", extra(folder)).opened.labels
    assert [labels.added for labels in found.sets] == [False, False, True]
    headline = found.headline
    assert headline is not None and headline.name == "colours_all"
    first = opened(two, "colours", NO_OVERRIDES).opened.labels.sets[:1]
    assert Labels((*first, found.sets[2]), found.equivalences).headline is None
    # A file given for a label set that the task names is no addition.
    own = Overrides({"colours_all": folder / "extra.jsonl"})
    replaced = opened(two, "colours", own).opened.labels.headline
    assert replaced is not None and replaced.labels["i00"] == {1}


def test_what_was_added_makes_no_option_the_right_one(two: Catalogue, folder: Path) -> None:
    """It says that all images are green: the options keep clear of that, and no more."""
    write_task(folder, "distractors: {n_options: 2}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text().replace("classes |", "options |")
    (folder / "colours.yaml").write_text(text)
    plan = opened(Catalogue((folder,)), "colours", extra(folder))
    for number, image_id in enumerate(IDS):
        options = plan.planner.options[image_id]
        assert number % 4 in options
        assert number % 4 == 1 or 1 not in options


def imported(catalogue: Catalogue, folder: Path, task: str) -> Path:
    path = folder / f"{task}.answers"
    rows = [{"image_id": each, "class_id": n % 2} for n, each in enumerate(IDS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("m", folder / "runs")
    return import_answers(catalogue, load_task(catalogue, task), path, options).path


def call(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["harness", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


def test_score_and_check_take_several_tasks(
    two: Catalogue, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    runs = [imported(two, folder, task) for task in ("colours", "tones_task")]
    own = ("--label_set", f"extra={folder / 'extra.jsonl'}", "--include_path", folder)
    assert call(monkeypatch, "score", *runs, *own) == 0
    scored = [json.loads(RunDirectory(run).results.read_text())["label_sets"] for run in runs]
    assert [list(each) for each in scored] == [["colours_first", "colours_all", "extra"], ["tones"]]
    assert call(monkeypatch, "check", "colours", "tones_task", *own) == 0
    assert caplog.text.count("left as they are: `tones_task`") == 2  # once a command
    assert call(monkeypatch, "score", runs[1], *own) == 2
    assert "applies to no task" in capfd.readouterr().err
    assert call(monkeypatch, "compare", *runs[:1], runs[0], *own) == 0
    assert "extra" in capfd.readouterr().out


@pytest.mark.parametrize("said", [None, "none"])
def test_equivalences_of_no_file_are_for_any_tasks(two: Catalogue, said: str | None) -> None:
    tasks = [load_task(two, name) for name in ("colours", "tones_task")]
    assert share_overrides(two, tasks, Overrides({}, said)).equivalences == said


def test_a_file_of_equivalent_classes_is_of_one_class_list(two: Catalogue, folder: Path) -> None:
    """Its ids 0 and 1 are red and green of the one, dark and light of the other."""
    path = folder / "same.json"
    path.write_text('{"equivalent_classes": [[0, 1]]}')
    tasks = [load_task(two, name) for name in ("colours", "tones_task")]
    with pytest.raises(SpecError, match="is of the ids of one class list") as caught:
        share_overrides(two, tasks, Overrides({}, str(path)))
    assert caught.value.problems[0].got == "`colours`, `tones`"
    shared = share_overrides(two, tasks[:1], Overrides({}, str(path)))
    assert opened(two, "colours", shared).opened.labels.equivalences.merge(1) == 0


def test_a_broken_task_does_not_keep_others_from_their_label_sets(
    two: Catalogue, folder: Path
) -> None:
    (folder / "broken.yaml").write_text("task: broken\nprotocol: nothing\n")
    catalogue = Catalogue((folder,))
    shared = share_among_tasks(catalogue, ["broken", "colours"], (), extra(folder))
    assert shared.shared


def test_the_projects_own_entries_are_checked_beside_imagenet_labels(
    root: Path, tmp_path: Path
) -> None:
    """The leaderboard's entries are of `mini`; a label file of ImageNet leaves them alone."""
    path = tmp_path / "multilabel.csv"
    path.write_text("id,proposed_labels\nILSVRC2012_val_00000001.JPEG,65\n")
    options = CheckOptions(overrides=Overrides({"multilabel": path}))
    with pytest.raises(SpecError, match="applies to no task"):
        check_path(Catalogue(()), root / "leaderboard" / "submissions", options)
