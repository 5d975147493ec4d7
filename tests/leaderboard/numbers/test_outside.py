"""Entries that stand outside the rankings are named with the reason, on the first page and that of
changes.
"""

import json
from dataclasses import asdict
from pathlib import Path

from harness.answers.outcome import Status
from harness.data.labels.of_task import NO_OVERRIDES
from harness.leaderboard.build import build
from harness.leaderboard.entries.format import MANIFEST
from harness.leaderboard.numbers.site_model import outside
from harness.store.prediction import Prediction
from leaderboard.numbers.entry_builder import Toy, draw_rows
from leaderboard.pages.reading import read_page


def test_every_kind_of_entry_on_no_ranking_is_named_with_its_reason(
    toy: Toy, tmp_path: Path
) -> None:
    toy.add("whole", {"toy_cw": draw_rows(1)})
    toy.add("part", {"toy_cw": draw_rows(2)[:-1]})
    failed = toy.finished("toy_cw", draw_rows(3))
    failed[0] = Prediction(
        failed[0].image_id, Status.ERROR, prompt_sha256=failed[0].prompt_sha256, error="it was down"
    )
    toy.add("failed", {"toy_cw": failed})
    toy.add("forged", {"toy_cw": draw_rows(4)})
    manifest = toy.entries / "forged" / MANIFEST
    values = json.loads(manifest.read_text())
    values["runs"][0]["claims"]["cw"]["corrected"]["n_right"] += 1
    manifest.write_text(json.dumps(values))
    for name in ("gone", "back"):
        toy.decide(name, "withdrawn", reason=f"{name}: a <b>mistake</b>.")
    toy.add("back", {"toy_cw": draw_rows(5)})
    toy.decide("back", "accepted", level="re-scored")
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert [(each.entry, each.why, each.where.split()[0]) for each in outside(site)] == [
        ("failed", "incomplete", "E311"), ("forged", "refused", "E401"),
        ("gone", "withdrawn", "2026-11-21"), ("part", "incomplete", "E302"),
    ]  # fmt: skip
    whole = json.loads((tmp_path / "site" / "data" / "boards.json").read_text())
    assert whole["outside"] == [asdict(each) for each in outside(site)]
    for board in site.boards:
        assert {row.name for row in board.rows} == {"whole", "back"}
    first, changes = (
        read_page((tmp_path / "site" / f"{name}.html").read_text()) for name in ("index", "changes")
    )
    (note,) = [
        each.text for each in first.find_all("p", class_="note") if "On no ranking" in each.text
    ]
    assert note == (
        "On no ranking: failed (incomplete), forged (refused), gone (withdrawn), part (incomplete)."
        " The reasons."
    )
    (table,) = [
        each.find_all("table")[0]
        for each in changes.find_all("div", aria_label="Entries on no ranking")
    ]
    rows = {row.find_all("th")[0].text: row.text for row in table.find_all("tr")[1:]}
    assert "1: img_089" in rows["part"] and "a <b>mistake</b>." in rows["gone"]
