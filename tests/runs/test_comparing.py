"""Two runs on the images that they have in common."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from scipy.stats import binomtest

from harness.errors import DataError, SpecError
from harness.runner.session import NO_OVERRIDES
from harness.runs.compare import RunComparison, compare_runs
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.reopen import open_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import NAMES, N

IDS = [f"i{number:02d}" for number in range(N)]


def make(catalogue: Catalogue, model: str, wrong: int, **how: str) -> Path:
    """Import a run whose first `wrong` answers are the class after the right one."""
    folder = catalogue.include_paths[0]
    path = folder / f"{model}.jsonl"
    rows = [{"image_id": each, "class_id": (i % 4 + (i < wrong)) % 4} for i, each in enumerate(IDS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    name = how.pop("from_task", "colours")
    settings = tuple(f"{key}={value}" for key, value in how.items())
    options = ImportOptions(model, folder / "runs", True, settings=settings)
    task = load_task(catalogue, name, settings)
    return import_answers(catalogue, task, path, options).path


def compared(catalogue: Catalogue, a: Path, b: Path, *names: str) -> RunComparison:
    return compare_runs([open_run(catalogue, path, NO_OVERRIDES) for path in (a, b)], names)


def test_the_table_the_difference_and_the_test(catalogue: Catalogue) -> None:
    found = compared(catalogue, make(catalogue, "a", 6), make(catalogue, "b", 0))
    first = found.comparisons[0]
    assert (first.a, first.b, first.label_set) == ("a", "b", "colours_first")
    cells = (first.both_right, first.only_a, first.only_b, first.both_wrong)
    assert cells == (6, 0, 6, 0)
    assert first.delta == -50
    assert first.p_mcnemar == pytest.approx(binomtest(0, 6).pvalue)
    assert len(found.comparisons) == 2
    assert first.p_holm == pytest.approx(2 * first.p_mcnemar)
    assert found.to_json()["n_common"] == 12


def test_one_label_set_needs_no_correction(catalogue: Catalogue) -> None:
    a, b = make(catalogue, "a", 6), make(catalogue, "b", 0)
    found = compared(catalogue, a, b, "colours_all")
    assert [each.label_set for each in found.comparisons] == ["colours_all"]
    assert found.comparisons[0].p_holm == found.comparisons[0].p_mcnemar
    with pytest.raises(SpecError, match="did you mean `colours_all`"):
        compared(catalogue, a, b, "colors_all")


def test_images_of_one_run_only_are_left_out(catalogue: Catalogue) -> None:
    found = compared(catalogue, make(catalogue, "a", 6, limit="8"), make(catalogue, "b", 0))
    assert ([each.n for each in found.runs], found.n_common) == ([8, 12], 8)
    assert (found.comparisons[0].n, found.comparisons[0].n_left_out) == (8, 4)


def other_task(folder: Path, task: str, **keys: str) -> None:
    lines: Mapping[str, str] = {
        "task": task,
        "protocol": "classify",
        "dataset_path": "images",
        "class_list": "colours",
        "label_sets": "[colours_all]",
        "metadata": "{version: 1}",
        **keys,
    }
    (folder / f"{task}.yaml").write_text("".join(f"{k}: {v}\n" for k, v in lines.items()))


def test_tasks_and_protocols_may_differ(catalogue: Catalogue) -> None:
    other_task(catalogue.include_paths[0], "colours_other")
    catalogue = Catalogue(catalogue.include_paths)
    a, b = make(catalogue, "a", 6), make(catalogue, "a", 0, from_task="colours_other")
    found = compared(catalogue, a, b)
    assert [each.label_set for each in found.comparisons] == ["colours_all"]
    only = found.comparisons[0]
    assert (only.a, only.b) == ("a on colours", "a on colours_other")
    assert (only.protocol_a, only.protocol_b) == ("cw", "classify")


def test_other_labels_of_one_name_are_refused(catalogue: Catalogue) -> None:
    """Each run would be held against the labels of whichever is named first."""
    folder = catalogue.include_paths[0]
    for name, shift in (("one", 0), ("two", 1)):
        (folder / name).mkdir()
        rows = [{"image_id": each, "labels": [(i + shift) % 4]} for i, each in enumerate(IDS)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / name / "own.jsonl").write_text(text)
        other_task(folder, f"task_{name}", label_sets=f"[colours_all, {name}/own.jsonl]")
    catalogue = Catalogue(catalogue.include_paths)
    a, b = (make(catalogue, "a", 3, from_task=f"task_{name}") for name in ("one", "two"))
    with pytest.raises(DataError, match="`own` are different ones"):
        compared(catalogue, a, b)
    only = compared(catalogue, a, b, "colours_all").comparisons[0]
    assert (only.n, only.delta) == (12, 0)


def test_other_classes_are_refused(catalogue: Catalogue) -> None:
    folder = catalogue.include_paths[0]
    names = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (folder / "hues.yaml").write_text(f"class_list: hues\nclasses:\n{names}")
    other_task(folder, "hues_task", class_list="hues")
    catalogue = Catalogue(catalogue.include_paths)
    a, b = make(catalogue, "a", 6), make(catalogue, "b", 0, from_task="hues_task")
    with pytest.raises(DataError, match="different class lists"):
        compared(catalogue, a, b)


def test_other_equivalences_are_refused(catalogue: Catalogue) -> None:
    folder = catalogue.include_paths[0]
    (folder / "same.json").write_text('{"equivalent_classes": [[0, 1]]}')
    other_task(folder, "merged", equivalences="same.json")
    catalogue = Catalogue(catalogue.include_paths)
    a, b = make(catalogue, "a", 6), make(catalogue, "b", 0, from_task="merged")
    with pytest.raises(DataError, match="count different classes as one"):
        compared(catalogue, a, b)


def test_what_the_runs_were_asked_differently_is_named(catalogue: Catalogue) -> None:
    a, b = make(catalogue, "a", 6), make(catalogue, "b", 0)
    assert compared(catalogue, a, b).differing == ()
    prompt = "'{{ classes | join(\" \") }} <image> what?'"
    c = make(catalogue, "c", 0, doc_to_text=prompt, **{"generation_kwargs.max_new_tokens": "9"})
    found = compared(catalogue, a, c)
    assert found.differing == ("doc_to_text", "generation_kwargs.max_new_tokens")
    assert found.to_json()["differing"] == list(found.differing)


def test_other_options_of_multiple_choice_are_counted(catalogue: Catalogue) -> None:
    lines = {"protocol": "mc", "doc_to_text": "<image> {{ options | join(' ') }} {{ letters[0] }}?"}
    for seed in (0, 1):
        how = f"{{n_options: 3, seed: {seed}}}"
        other_task(catalogue.include_paths[0], f"mc_{seed}", **lines, distractors=how)
    catalogue = Catalogue(catalogue.include_paths)
    a, b, c = (
        make(catalogue, name, 0, from_task=task)
        for name, task in (("a", "mc_0"), ("b", "mc_0"), ("c", "mc_1"))
    )
    assert compared(catalogue, a, b).comparisons[0].n_other_options == 0
    found = compared(catalogue, a, c)
    one, two = (
        {row.image_id: row.options for row in open_run(catalogue, path, NO_OVERRIDES).rows}
        for path in (a, c)
    )
    other = sum(set(one[each]) != set(two[each]) for each in one)
    assert other > 0
    assert found.comparisons[0].n_other_options == other
    order = sum(one[each] != two[each] for each in one) - other
    assert found.comparisons[0].n_other_order == order
    assert found.differing == ("distractors.seed",)
    assert (found.comparisons[0].a, found.comparisons[0].b) == ("a on mc_0", "c on mc_1")
