"""A label set that is added to a check scores, and changes nothing of what an entry must hold."""

import json
from pathlib import Path

from harness.data.labels.of_task import Overrides
from harness.leaderboard.entries.check import CheckOptions, check_entry
from harness.specs.catalogue import Catalogue
from support.drafts import Draft
from support.tiny_benchmark import N


def test_options_and_images_are_checked_by_the_tasks_own_labels(
    draft: Draft, tiny_folder: Path, tmp_path: Path
) -> None:
    """The added labels call another class right for each image, and know images of their own."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "extra.yaml").write_text(
        "label_set: extra\nformat: jsonl\nclass_list: tiny\n"
    )
    rows = [{"image_id": f"t{n:03d}", "labels": [n % 10]} for n in range(N + 5)]
    path = tmp_path / "extra.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    catalogue = Catalogue((tiny_folder, tmp_path / "more"))
    plain = check_entry(catalogue, draft.folder, CheckOptions())
    added = check_entry(catalogue, draft.folder, CheckOptions(overrides=Overrides({"extra": path})))
    new = [each for each in added.findings if each not in plain.findings]
    assert {each.code for each in new} == {"I403"}
    assert all("the claim has no label set `extra`" in each.text for each in new)
    assert [each for each in plain.findings if each not in added.findings] == []


def test_easier_options_are_found_whatever_is_added(
    draft: Draft, tiny_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "extra.yaml").write_text(
        "label_set: extra\nformat: jsonl\nclass_list: tiny\n"
    )
    path = tmp_path / "extra.jsonl"
    path.write_text('{"image_id": "t000", "labels": [1]}\n')
    for row in draft.rows["tiny_mc"]:
        row["options"].reverse()
    options = CheckOptions(overrides=Overrides({"extra": path}))
    catalogue = Catalogue((tiny_folder, tmp_path / "more"))
    found = check_entry(catalogue, draft.save(), options).findings
    assert "E312" in {each.code for each in found}
