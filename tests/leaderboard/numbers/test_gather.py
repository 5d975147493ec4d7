"""What a leaderboard is built from: whole entries of comparable runs, and a ledger that agrees."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError, UserError
from harness.leaderboard.build import build
from harness.leaderboard.numbers.benchmark_labels import labels_by_task
from harness.leaderboard.numbers.gather import gather, open_tasks
from harness.specs.catalogue import Catalogue
from harness.store.manifest import Manifest
from leaderboard.numbers.entry_builder import Toy, draw_rows, make_catalogue


def test_entries_come_by_name_with_their_ledger(toy: Toy) -> None:
    for name in ("b", "a"):
        toy.add(name, {"toy_cw": draw_rows(1)})
    toy.decide("a", "accepted", level="re-scored")
    (toy.entries / ".git").mkdir()
    (toy.entries / "README.md").write_text("About the entries.")
    found = gather(toy.catalogue, toy.entries)
    assert [entry.name for entry in found.entries] == ["a", "b"]
    assert [decision.entry for decision in found.ledger] == ["a"]


def test_withdrawn_entries_are_left_out_and_told_of(toy: Toy) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    toy.add("b", {"toy_cw": draw_rows(2)})
    toy.decide("b", "accepted", level="re-scored")
    toy.decide("b", "withdrawn")
    found = gather(toy.catalogue, toy.entries)
    assert [entry.name for entry in found.entries] == ["a"]
    assert [decision.decision for decision in found.ledger] == ["accepted", "withdrawn"]
    toy.decide("b", "accepted", level="re-scored")
    assert [entry.name for entry in gather(toy.catalogue, toy.entries).entries] == ["a", "b"]


def test_an_entry_that_was_decided_on_cannot_vanish(toy: Toy) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    toy.decide("gone", "accepted", level="re-scored")
    with pytest.raises(DataError, match=r"decided on are not there\n.*gone"):
        gather(toy.catalogue, toy.entries)


def test_broken_entries_are_refused_and_told(toy: Toy) -> None:
    for name in ("a", "b", "c", "d"):
        toy.add(name, {"toy_cw": draw_rows(1)})
    shutil.rmtree(toy.entries / "a" / "runs")
    (toy.entries / "c" / "MODEL_CARD.md").write_text("another card")
    (toy.entries / "d").rename(toy.entries / "e")
    (toy.entries / "f").symlink_to(toy.entries / "b")
    found = gather(toy.catalogue, toy.entries)
    assert [entry.name for entry in found.entries] == ["b"]
    codes = {each.name: {finding.code for finding in each.findings} for each in found.refused}
    assert codes == {"a": {"E203"}, "c": {"E203", "E204"}, "e": {"E202"}, "f": {"E102"}}


def test_a_folder_without_entries(toy: Toy) -> None:
    with pytest.raises(DataError, match="holds no entry"):
        gather(toy.catalogue, toy.entries)
    with pytest.raises(UserError, match="no such folder"):
        gather(toy.catalogue, toy.entries / "nothing")


def refused(toy: Toy, manifest: Manifest) -> str:
    """The reason for which an entry with this manifest is on no board; empty where it is on one."""
    toy.add("a", {"toy_cw": draw_rows(1)}, {"toy_cw": manifest})
    toy.add("b", {"toy_cw": draw_rows(1)})
    site = build(toy.catalogue, toy.entries, toy.entries.parent / "site", NO_OVERRIDES)
    found = [f"{each.code} {each.text}" for report in site.refused for each in report.findings]
    assert len(site.boards[0].rows) == 2 - bool(found)
    return "; ".join(found)


def test_a_run_of_other_settings_is_not_comparable(toy: Toy) -> None:
    kwargs = {"max_new_tokens": 99}
    rows = toy.finished("toy_cw", draw_rows(1))
    told = refused(toy, toy.manifest("toy_cw", rows, generation_kwargs=kwargs))
    assert told == "E208 `toy_cw`, 1: generation_kwargs.max_new_tokens: 99 -> 32"


def test_where_the_images_were_is_no_matter(toy: Toy) -> None:
    rows = toy.finished("toy_cw", draw_rows(1))
    assert not refused(toy, toy.manifest("toy_cw", rows, dataset_path="/elsewhere", revision="1"))


def test_a_run_that_another_encoder_mapped_is_not_comparable(toy: Toy) -> None:
    manifest = toy.manifest("toy_cw", toy.finished("toy_cw", draw_rows(1)))
    assert manifest.mapping
    other = manifest.mapping.model_copy(update={"encoder": "clip"})
    told = refused(toy, manifest.model_copy(update={"mapping": other}))
    assert told == "E208 `toy_cw`, 1: mapping: clip, raw, raw -> lexical, raw, raw"


def test_a_run_over_other_classes_is_not_comparable(toy: Toy) -> None:
    manifest = toy.manifest("toy_cw", draw_rows(1))
    other = manifest.class_list.model_copy(update={"sha256": "1" * 64})
    told = refused(toy, manifest.model_copy(update={"class_list": other}))
    assert told == "E207 `toy_cw`: other classes than `toy` now"


def test_tasks_of_the_same_labels_share_their_arrays(toy: Toy) -> None:
    entry = toy.add("a", {"toy_cw": draw_rows(1), "toy_ow": draw_rows(2)})
    found = labels_by_task(open_tasks(toy.catalogue, [entry], NO_OVERRIDES))
    assert found["toy_cw"] is found["toy_ow"]
    assert found["toy_cw"].name == "toy"


def test_other_labels_of_the_same_classes_are_another_benchmark(toy: Toy, tmp_path: Path) -> None:
    entry = toy.add("a", {"toy_cw": draw_rows(1), "toy_ow": draw_rows(2)})
    opened_tasks = open_tasks(toy.catalogue, [entry], NO_OVERRIDES)
    found = opened_tasks["toy_ow"].labels
    other = tuple(replace(labels, name=f"new_{labels.name}", digest="1") for labels in found.sets)
    opened_tasks["toy_ow"] = replace(opened_tasks["toy_ow"], labels=replace(found, sets=other))
    names = {task: benchmark.name for task, benchmark in labels_by_task(opened_tasks).items()}
    assert names == {"toy_cw": "toy.original", "toy_ow": "toy.new_original"}
    same_name = tuple(replace(labels, digest="1") for labels in found.sets)
    opened_tasks["toy_ow"] = replace(opened_tasks["toy_ow"], labels=replace(found, sets=same_name))
    with pytest.raises(DataError, match=r"`toy_cw`, `toy_ow`.*not the same labels"):
        labels_by_task(opened_tasks)


def test_labels_are_those_of_today(toy: Toy, tmp_path: Path) -> None:
    entry = toy.add("a", {"toy_cw": draw_rows(1)})
    path = tmp_path / "toy" / "corrected.jsonl"
    path.write_text('{"image_id": "img_000", "labels": [5]}\n')
    opened = open_tasks(Catalogue((tmp_path / "toy",)), [entry], NO_OVERRIDES)["toy_cw"]
    assert opened.labels.sets[1].labels == {"img_000": frozenset({5})}


def test_a_task_that_the_catalogue_lacks(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    other = make_catalogue(tmp_path / "other")
    (tmp_path / "other" / "cw.yaml").unlink()
    (report,) = gather(other, toy.entries).refused
    assert [each.code for each in report.findings] == ["E207"]
