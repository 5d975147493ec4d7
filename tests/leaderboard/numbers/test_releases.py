"""What moved since a release, with what is known of the reason."""

import json
from pathlib import Path

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError
from harness.leaderboard.build import build
from harness.leaderboard.numbers.site_model import Move, Site
from leaderboard.numbers.entry_builder import Toy, draw_rows


def built(toy: Toy, folder: Path) -> Site:
    return build(toy.catalogue, toy.entries, folder / "site", NO_OVERRIDES)


def test_what_moved_is_told_with_its_reason(toy: Toy, tmp_path: Path) -> None:
    toy.add("best", {"toy_ow": draw_rows(1, skill=0.9)})
    toy.add("other", {"toy_ow": draw_rows(2, skill=0.3)})
    toy.add("leaves", {"toy_ow": draw_rows(3, skill=0.6)})
    assert built(toy, tmp_path).since is None
    record = tmp_path / "site" / "data" / "release.json"
    kept = json.loads(record.read_text())
    release = toy.entries / "release.json"
    release.write_text(json.dumps(kept))
    same = built(toy, tmp_path).since
    assert same is not None and same.moves == ()
    assert "Nothing has moved." in (tmp_path / "site" / "changes.html").read_text()
    toy.decide("leaves", "withdrawn")
    toy.add("new", {"toy_ow": draw_rows(4, skill=1.0, out=0.0)})
    site = built(toy, tmp_path)
    assert site.since is not None
    slug = "toy_ow--ow"
    assert [(each.entry, each.what.split(",")[0], each.why) for each in site.since.moves] == [
        ("best", "rank 1 → 2", "the entries around it moved"),
        ("leaves", "gone", ""),
        ("new", "new", ""),
        ("other", "tier 3 → 2", "the entries around it moved"),
    ]
    changes = (tmp_path / "site" / "changes.html").read_text()
    assert "rank 1 → 2" in changes and 'id="moved"' in changes
    assert "best rank 1 → 2" in (tmp_path / "site" / "feed.xml").read_text("utf-8")
    state = kept["boards"][slug]
    state["labels_sha256"], state["rows"]["best"]["accuracy"] = "0" * 64, 12.5
    place = site.boards[0].place("best")
    assert place
    state["rows"]["best"]["rank"] = place.rank
    state["rows"]["best"]["tier"] = place.tier
    release.write_text(json.dumps(kept | {"harness_version": "0.0.1"}))
    moves = built(toy, tmp_path).since
    accuracy = site.boards[0].rows[1].headline.accuracy
    assert moves is not None and moves.moves[0] == Move(
        slug, "best", f"accuracy 12.5000 → {accuracy:.4f}",
        "another version of the harness, other labels",
    )  # fmt: skip


def test_a_record_that_is_none_stops_the_build(toy: Toy, tmp_path: Path) -> None:
    toy.add("best", {"toy_ow": draw_rows(1)})
    (toy.entries / "release.json").write_text("{}")
    with pytest.raises(DataError, match="is no record of a release"):
        built(toy, tmp_path)
    assert not (tmp_path / "site").exists()
