"""The ledger: levels belong to what was decided on, lines are only added, nothing vanishes."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from harness.errors import DataError, UserError
from harness.leaderboard.entries import format
from harness.leaderboard.entries.check import CheckOptions, check_path
from harness.leaderboard.entries.finding import Report
from harness.leaderboard.entries.format import open_plain
from harness.leaderboard.entries.ledger import (
    Decision,
    decisions_on,
    level_of,
    read_ledger,
    vanished,
)
from harness.specs.catalogue import Catalogue
from support.drafts import Draft

A, B = "a" * 64, "b" * 64


def decision(entry: str = "tiny", **values: Any) -> Decision:
    told = {"date": "2026-01-02", "manifest_sha256": A, "decision": "accepted"}
    told |= {"level": "re-scored", "reason": "checked"}
    return Decision(entry=entry, **(told | values))


def test_the_level_is_the_highest_for_the_manifest_as_it_is() -> None:
    ledger = (
        decision(),
        decision(decision="verified", level="spot-checked"),
        decision(decision="verified", level="parse-replayed"),
        decision("other", level="reproduced"),
    )
    assert level_of(decisions_on(ledger, "tiny"), A) == "spot-checked"
    assert level_of(decisions_on(ledger, "tiny"), B) == "re-scored"  # changed since
    assert level_of((), A) == "re-scored"


def test_what_was_accepted_and_not_withdrawn_may_not_vanish() -> None:
    ledger = (
        decision("kept"),
        decision("lost"),
        decision("gone"),
        decision("gone", decision="withdrawn", level=None),
    )
    assert vanished(ledger, {"kept"}) == ("lost",)
    assert vanished(ledger, {"kept", "lost"}) == ()


def test_a_missing_ledger_has_no_decisions_and_a_broken_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    assert read_ledger(path) == ()
    path.write_text(decision().model_dump_json() + "\n{}\nx\n")
    with pytest.raises(DataError) as error:
        read_ledger(path)
    assert [each.where.rpartition(":")[2] for each in error.value.problems] == ["2", "3"]


@pytest.fixture
def folder(draft: Draft) -> Path:
    """A folder with one entry and the decision on it."""
    data = (draft.save() / "manifest.json").read_bytes()
    write(draft.folder.parent, [decision(manifest_sha256=hashlib.sha256(data).hexdigest())])
    return draft.folder.parent


def write(folder: Path, ledger: list[Decision]) -> None:
    lines = [json.dumps(each.model_dump()) + "\n" for each in ledger]
    (folder / "decisions.jsonl").write_text("".join(lines))


def codes(reports: list[Report]) -> dict[str, list[str]]:
    return {each.name: [finding.code for finding in each.findings] for each in reports}


def check(tiny: Catalogue, folder: Path, against: Path | None = None) -> dict[str, list[str]]:
    return codes(check_path(tiny, folder, CheckOptions(against)))


def test_a_sound_folder_is_clean(tiny: Catalogue, folder: Path) -> None:
    assert check(tiny, folder) == {"tiny": [], "decisions.jsonl": []}


def test_each_rule_of_the_ledger_fires_alone(tiny: Catalogue, folder: Path) -> None:
    (good,) = read_ledger(folder / "decisions.jsonl")
    earlier = good.model_copy(update={"date": "2025-01-01"})
    without = good.model_copy(update={"level": None})
    other = good.model_copy(update={"manifest_sha256": B})
    for code, ledger in {
        "E702": [good, earlier],
        "E703": [good, decision("lost")],
        "E704": [good, without],
        "I706": [other],
    }.items():
        write(folder, ledger)
        assert check(tiny, folder)["decisions.jsonl"] == [code]
    (folder / "decisions.jsonl").write_text("{}\n")
    assert check(tiny, folder)["decisions.jsonl"] == ["E701"]


def test_lines_are_only_added(tiny: Catalogue, folder: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    (good,) = read_ledger(folder / "decisions.jsonl")
    more = good.model_copy(update={"decision": "verified", "level": "spot-checked"})
    write(folder, [good, more])
    assert check(tiny, folder, before) == {"decisions.jsonl": []}  # the entry is unchanged
    for changed in ([more, good], [more], [good.model_copy(update={"reason": "no"}), more]):
        write(folder, changed)
        assert check(tiny, folder, before)["decisions.jsonl"] == ["E705"]


def test_a_changed_entry_is_checked_and_waits(
    tiny: Catalogue, folder: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    changed = Draft(folder / "tiny")
    changed.card += "More.\n"
    changed.save()
    assert check(tiny, folder, before) == {"tiny": [], "decisions.jsonl": ["I706"]}


def test_a_removed_entry_is_an_error(tiny: Catalogue, folder: Path) -> None:
    shutil.rmtree(folder / "tiny")
    assert check(tiny, folder)["decisions.jsonl"] == ["E703"]


def test_a_folder_of_nothing_is_no_entry(tiny: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no manifest\.json and no entries"):
        check_path(tiny, tmp_path, CheckOptions())


def test_each_entry_is_hashed_and_read_once(
    tiny: Catalogue, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft.save()
    for name in ("a", "b", "c"):
        other = Draft(shutil.copytree(draft.folder, draft.folder.parent / name))
        other.manifest["entry"] = name
        other.save()
    opened: list[Path] = []

    def counted(path: Path) -> BinaryIO:
        opened.append(path)
        return open_plain(path)

    monkeypatch.setattr(format, "open_plain", counted)
    reports = check_path(tiny, draft.folder.parent, CheckOptions())
    assert [len(report.findings) for report in reports[:-1]] == [12] * 4  # W605, of each three
    counts = Counter(path for path in opened if path.name == "predictions.jsonl.gz")
    assert len(counts) == 16
    assert set(counts.values()) == {3}  # its hash, its check, and what copies are found by
