"""The whole way from entries to a site: deterministic, at once or not at all."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.answers.outcome import Status
from harness.data.images.pixels import pixels_sha256
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.errors import DataError, UserError
from harness.leaderboard.build import build
from harness.leaderboard.numbers import scoring
from harness.leaderboard.numbers.site_model import Site
from harness.specs.catalogue import Catalogue
from leaderboard.numbers.conftest import Built
from leaderboard.numbers.entry_builder import Toy, draw_rows, make_catalogue
from support.command import harness
from support.drafts import entry_in
from support.tiny_benchmark import tiny_entry, write_benchmark


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_two_builds_are_equal_and_leave_nothing_beside(built: Built, tmp_path: Path) -> None:
    build(built.toy.catalogue, built.toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert digests(tmp_path / "site") == digests(built.output)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_other_processes_give_the_same_site(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "_FEW_ROWS", 0)
    build(built.toy.catalogue, built.toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert digests(tmp_path / "site") == digests(built.output)


@pytest.mark.slow  # `built` has a refused entry too
def test_another_process_refuses_too(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "_FEW_ROWS", 0)
    toy.add("a", {"toy_cw": draw_rows(1)})
    rows = toy.finished("toy_cw", draw_rows(2))
    toy.add("b", {"toy_cw": [*rows[1:], replace(rows[0], class_id=5)]})
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert [row.name for row in site.boards[0].rows] == ["a"]
    assert {each.code for each in site.refused[0].findings} == {"E501"}


def test_a_task_of_cw_plus_has_a_board(tmp_path: Path) -> None:
    catalogue = write_benchmark(tmp_path / "tasks")
    tiny_entry(catalogue, tmp_path / "entries" / "tiny", tasks=["tiny_cw_plus"])
    site = build(catalogue, tmp_path / "entries", tmp_path / "site", NO_OVERRIDES)
    assert [(board.slug, board.rows[0].name) for board in site.boards] == [
        ("tiny_cw_plus--cw_plus", "tiny")
    ]


def test_no_path_of_this_machine_is_in_a_site(built: Built) -> None:
    inside = [str(built.toy.entries.parent), str(Path.cwd())]
    for path in built.output.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(each.encode() in data for each in inside), path


def test_an_older_site_is_replaced_as_a_whole(toy: Toy, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()  # an empty folder may be used
    for name in ("a", "b"):
        toy.add(name, {"toy_cw": draw_rows(1)})
    build(toy.catalogue, toy.entries, site, NO_OVERRIDES)
    assert (site / "models" / "b.html").is_file()
    toy.decide("b", "withdrawn")
    build(toy.catalogue, toy.entries, site, NO_OVERRIDES)
    assert (site / "models" / "a.html").is_file()
    assert not (site / "models" / "b.html").exists()
    assert not list((site / "data" / "toy").glob("b--*"))


def test_a_failed_build_leaves_the_older_site(toy: Toy, tmp_path: Path) -> None:
    site = tmp_path / "site"
    toy.add("a", {"toy_cw": draw_rows(1)})
    build(toy.catalogue, toy.entries, site, NO_OVERRIDES)
    before = digests(site)
    (toy.entries / "decisions.jsonl").write_text("no decision\n")
    with pytest.raises(DataError, match="is not a decision"):
        build(toy.catalogue, toy.entries, site, NO_OVERRIDES)
    assert digests(site) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entries", "site", "toy"]


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_no_site_is_left_alone(toy: Toy, tmp_path: Path, is_folder: bool) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    mine = tmp_path / "mine"
    note = mine / "note.txt" if is_folder else mine
    note.parent.mkdir(exist_ok=True)
    note.write_text("mine")
    with pytest.raises(UserError, match="is no site that this command built"):
        build(toy.catalogue, toy.entries, mine, NO_OVERRIDES)
    assert note.read_text() == "mine"


def test_all_entries_withdrawn_leaves_a_site_that_says_so(toy: Toy, tmp_path: Path) -> None:
    toy.decide("a", "withdrawn")
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert (site.boards, site.entries, site.date) == ((), (), "2026-11-21")
    assert "Because." in (tmp_path / "site" / "changes.html").read_text()


def test_levels_and_decisions_are_those_of_the_entry(built: Built) -> None:
    pages = {page.name: page for page in built.site.entries}
    # The decision is on another manifest than this one, so that it gives no level.
    assert pages["good"].level == "re-scored"
    assert [each.decision for each in pages["good"].decisions] == ["accepted"]
    assert (pages["bad"].level, pages["bad"].decisions) == ("re-scored", ())
    assert built.site.date == "2026-11-21"


def test_labels_of_ones_own_and_equivalences(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    groups = tmp_path / "groups.json"
    groups.write_text('{"equivalent_classes": [[0, 1]]}')
    mine = tmp_path / "mine.jsonl"
    mine.write_text('{"image_id": "img_000", "labels": [0]}\n')
    site = build(
        toy.catalogue,
        toy.entries,
        tmp_path / "site",
        Overrides({"corrected": mine}, str(groups)),
    )
    assert site.boards[0].rows[0].headline.n == 1
    assert site.boards[0].rows[0].results.equivalences.groups == [[0, 1]]
    assert site.boards[0].rows[0].results.equivalences.source == "groups.json"


def test_images_are_shipped_only_where_the_task_says_so(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    site = build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert site.benchmarks[0].images is None
    assert not (tmp_path / "site" / "images").exists()


def test_images_that_cannot_be_had_are_told(toy: Toy, tmp_path: Path) -> None:
    toy.add("a", {"toy_cw": draw_rows(1)})
    for path in (tmp_path / "toy").glob("*.yaml"):
        text = path.read_text().replace("{version: 1}", "{version: 1, redistribute_images: true}")
        path.write_text(text)
    (tmp_path / "toy" / "images").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "toy" / "images" / "img_000.png")
    with pytest.raises(DataError, match=r"not in its data set\n.*img_001"):
        build(Catalogue((tmp_path / "toy",)), toy.entries, tmp_path / "site", NO_OVERRIDES)
    assert not (tmp_path / "site").exists()


@pytest.fixture(scope="module")
def built_mini(tmp_path_factory: pytest.TempPathFactory, root: Path) -> tuple[Path, Site]:
    """The site of the project's own entries, by the command, and the numbers it was made of."""
    folder, made = tmp_path_factory.mktemp("mini") / "site", []

    def kept(*given: Any) -> Site:
        made.append(build(*given))
        return made[-1]

    words = ["leaderboard", "build", root / "leaderboard" / "submissions", "-o", folder]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.leaderboard.build.build", kept)
        done = harness(*words)
    assert done.code == 0, done.text
    assert re.search(r"mini_classify--classify: 3 models in \d tiers, by mini_regt", done.text)
    assert done.stdout.splitlines()[-1] == str(folder / "index.html")
    (site,) = made
    return folder, site


@pytest.fixture
def mini(built_mini: tuple[Path, Site]) -> Path:
    return built_mini[0]


@pytest.fixture
def mini_site(built_mini: tuple[Path, Site]) -> Site:
    return built_mini[1]


def test_the_projects_entries_score_what_they_claim(mini_site: Site) -> None:
    compared = 0
    for page in mini_site.entries:
        rows = {
            (board.task, board.protocol): row
            for board in mini_site.boards
            for row in board.rows
            if row.name == page.name
        }
        for run in page.manifest.runs:
            for protocol, claims in run.claims.items():
                found = rows[run.task, protocol].results
                for name, claim in claims.items():
                    score = found.scores[protocol][name]
                    assert (score.n, score.n_right) == (claim.n, claim.n_right)
                    assert found.label_sets[name].digest == claim.label_set_digest
                    compared += 1
    assert compared >= 14


def test_the_projects_images_are_shipped_pixel_by_pixel(
    mini: Path, mini_site: Site, root: Path
) -> None:
    benchmark = mini_site.benchmarks[0]
    assert benchmark.images == "images/mini/{image_id}.png"
    entry = entry_in(root / "leaderboard" / "submissions" / "mini")
    hashes = {row.image_id: row.image_sha256 for row in entry.rows(entry.manifest.runs[0])}
    for image_id in benchmark.image_ids[::100]:
        with Image.open(mini / benchmark.images.format(image_id=image_id)) as image:
            assert image.mode == "RGB"
            assert pixels_sha256(image) == hashes[image_id]
    assert len(list((mini / "images" / "mini").iterdir())) == len(benchmark.image_ids)


def test_the_gallery_of_the_projects_model(mini_site: Site) -> None:
    rows = [row for board in mini_site.boards for row in board.rows if row.name == "mini"]
    (shown,) = (row.out_of_prompt for row in rows if row.protocol == "cw")
    assert 0 < len(shown) <= 24
    assert {each.status for each in shown} <= {Status.OOP, Status.UNPARSED, Status.REFUSED}
    assert all(row.prompt for row in rows)


def test_a_strange_benchmark_name_is_no_path(toy: Toy, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make_catalogue(other)
    for path in other.glob("*.yaml"):
        text = path.read_text()
        path.write_text(text.replace("class_list: toy", 'class_list: "../toy"'))
    toy = Toy(Catalogue((other,)), toy.entries)
    toy.add("a", {"toy_cw": draw_rows(1)})
    with pytest.raises(DataError, match="can be no file name"):
        build(toy.catalogue, toy.entries, tmp_path / "site", NO_OVERRIDES)
