"""The site of one's own runs, where they lie, whole or not."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError, UserError
from harness.leaderboard.numbers.site_model import Board, Site
from harness.leaderboard.own import OwnOptions, build_own, follow
from harness.runs.reopen import look_at
from harness.specs.catalogue import Catalogue
from leaderboard.own_runs import colour_run, interrupt, received
from support.command import harness
from support.imported_runs import imported_run


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def built(folder: Path, images: Path | None = None, *, copy_images: bool = False) -> Site:
    given = OwnOptions(folder / "site", images, copy_images)
    return build_own(Catalogue((folder,)), [folder / "runs"], given)


def board(site: Site, slug: str) -> Board:
    return next(each for each in site.boards if each.slug == slug)


def test_runs_are_scored_as_by_the_command_and_stay_as_they_are(folder: Path) -> None:
    runs = [colour_run(folder, "a"), colour_run(folder, "b", wrong="grey")]
    before = state(folder / "runs")
    found = board(built(folder), "colours--cw")
    assert state(folder / "runs") == before
    assert [row.model for row in found.rows] == ["b", "a"]
    for row, run in zip(found.rows, reversed(runs), strict=True):
        results = json.loads((run / "results.json").read_text())
        for name, score in results["scores"]["cw"].items():
            own = row.results.scores["cw"][name]
            assert (own.accuracy, own.n) == (score["accuracy"], score["n"])
    (pair,) = found.pairs
    assert (pair.a, pair.b, pair.n, pair.only_a, pair.only_b) == ("b", "a", 12, 3, 0)
    names = {path.name for path in (folder / "site").glob("*.html")}
    pages = (
        "index",
        "compare",
        "classes",
        "confusion",
        "explorer",
        "labels",
        "suspects",
        "method",
        "data",
    )
    assert names == {f"{each}.html" for each in pages}
    index = (folder / "site" / "index.html").read_text("utf-8")
    assert 'data-column="headline"' in index and 'data-column="level"' not in index


def test_a_run_that_goes_on_stands_by_itself(folder: Path) -> None:
    colour_run(folder, "a")
    interrupt(colour_run(folder, "b", wrong="grey"), 8)
    site = built(folder)
    part = board(site, "colours.part--cw")
    assert [row.model for row in board(site, "colours--cw").rows] == ["a"]
    assert (part.is_part, part.n_images, part.rows[0].headline.n) == (True, 12, 8)
    assert part.rows[0].coverage == pytest.approx(100 * 8 / 12)
    assert part.rankings == () and part.place("b") is None
    with (folder / "site" / "data" / "boards.csv").open(newline="") as file:
        lines = [each for each in csv.DictReader(file) if each["board"] == part.slug]
    assert lines and {(each["rank"], each["tier"]) for each in lines} == {("", "")}
    assert part.note == "Not complete: 8 of 12 images have an answer."
    page = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert part.note in page
    assert page.count('data-entry="b"') == 1
    table = page[: page.index('data-entry="b"')].rpartition("<table")[2]
    assert 'data-column="headline"' in table and 'data-column="rank"' not in table
    assert not (folder / "runs" / "b" / "colours" / "results.json").exists()


def test_of_a_run_that_goes_on_answers_to_images_without_a_label_are_answers_too(
    folder: Path,
) -> None:
    for labels in folder.glob("*.jsonl"):
        kept = [each for each in labels.read_text().splitlines() if '"i01"' not in each]
        labels.write_text("".join(f"{each}\n" for each in kept))
    interrupt(colour_run(folder, "going"), kept=8)
    part = board(built(folder), "colours.part--cw")
    assert part.note.startswith("Not complete: 8 of 12 images have an answer.")
    assert part.rows[0].headline.n < 8
    assert part.rows[0].coverage == pytest.approx(100 * 8 / 12)


def test_answers_that_are_not_mapped_yet_are_mapped_and_not_taken_for_wrong(
    tmp_path: Path,
) -> None:
    """What an open-world run in progress shows is what it will be when it has ended."""
    run = imported_run(tmp_path / "runs", "m", "mini_ow")
    catalogue = Catalogue()
    ended = {row.image_id: row for row in look_at(catalogue, run, NO_OVERRIDES).rows}
    assert any(row.rule == "mapped" for row in ended.values())
    manifest = json.loads((run / "manifest.json").read_text())
    interrupt(run, 40, without=("class_id", "rule", "similarity", "margin", "also"))
    (run / "manifest.json").write_text(
        json.dumps(manifest | {"status": "running", "mapping": None})
    )
    now = look_at(catalogue, run, NO_OVERRIDES).rows
    assert len(now) == 40
    for row in now:
        assert (row.class_id, row.status) == (ended[row.image_id].class_id, row.status)


def test_what_was_asked_otherwise_is_not_ranked_together(folder: Path) -> None:
    colour_run(folder, "a")
    colour_run(folder, "b")
    colour_run(folder, "c", settings=["limit=6"], n=6)
    site = built(folder)
    assert [row.model for row in board(site, "colours--cw").rows] == ["a", "b"]
    other = board(site, "colours.2--cw")
    assert [row.model for row in other.rows] == ["c"]
    assert other.note == "The first 6 of 12 images."
    assert not other.is_part
    colour_run(folder, "s", settings=["sample.n=6", "sample.seed=1"], n=11)
    drawn = board(built(folder), "colours.3--cw")
    assert [row.model for row in drawn.rows] == ["s"] and drawn.note.startswith("A sample of 6")
    assert [row.badges for row in (*other.rows, *drawn.rows)] == [("imported", "sample")] * 2
    colour_run(folder, "d", settings=["order_seed=3"])
    other = board(built(folder), "colours.3--cw")
    assert other.note == "Asked otherwise: order_seed: 0 -> 3."
    colour_run(folder, "p", settings=["prompt=short"])
    long = {each.note for each in built(folder).boards if "doc_to_text" in each.note}
    assert long == {"Asked otherwise: doc_to_text (prompt=short)."}
    (benchmark,) = site.benchmarks
    assert benchmark.crossed is not None  # and yet any two of them can be compared
    pairs = {frozenset((each.a, each.b)) for each in benchmark.crossed}
    assert {"colours--cw:a", "colours.2--cw:c"} in pairs


def test_two_runs_of_one_model_are_told_apart_by_their_folders(folder: Path) -> None:
    colour_run(folder, "a")
    (folder / "runs").rename(folder / "one")
    colour_run(folder, "a", wrong="grey")
    (folder / "runs").rename(folder / "two")
    given = OwnOptions(folder / "site")
    site = build_own(Catalogue((folder,)), [folder / "one", folder / "two"], given)
    assert [row.name for row in board(site, "colours--cw").rows] == ["two-a", "one-a"]
    assert {each.name for each in site.entries} == {"one-a", "two-a"}


def test_pictures_are_linked_where_they_lie(folder: Path) -> None:
    colour_run(folder, "a")
    built(folder)
    site = folder / "site"
    pictures = received(site / "data" / "colours" / "images.js")["pictures"]
    assert pictures["base"] == "../images/"
    assert [(site / pictures["base"] / each).resolve() for each in pictures["paths"]] == sorted(
        (folder / "images").iterdir()
    )
    assert not (site / "images").exists()
    page = (site / "labels.html").read_text(encoding="utf-8")
    assert 'src="../images/i03.png"' in page
    assert "img-src 'self' data: blob: file:;" in page


def test_pictures_of_another_folder_and_copies(folder: Path) -> None:
    colour_run(folder, "a")
    elsewhere = folder / "else where" / "deep"
    elsewhere.mkdir(parents=True)
    Image.new("RGB", (900, 30)).save(elsewhere / "i00.jpeg")
    built(folder, images=folder / "else where")
    pictures = received(folder / "site" / "data" / "colours" / "images.js")["pictures"]
    assert (pictures["base"], pictures["paths"][:2]) == (
        "../else%20where/deep/",
        ["i00.jpeg", None],
    )
    with pytest.raises(DataError, match="none of the images"):
        built(folder, images=folder / "runs")
    built(folder, copy_images=True)
    pictures = received(folder / "site" / "data" / "colours" / "images.js")["pictures"]
    copies = [folder / "site" / pictures["base"] / each for each in pictures["paths"]]
    assert len(copies) == 12 and all(each.is_file() for each in copies)


def test_the_rows_of_a_run_for_a_notebook(folder: Path) -> None:
    colour_run(folder, "a")
    site = built(folder)
    table = pq.read_table(folder / "site" / "runs" / "a--colours" / "scored.parquet").to_pylist()
    assert [row["image_id"] for row in table] == [f"i{place:02d}" for place in range(12)]
    assert table[3]["answer"] == "red-ish" and table[3]["status"] == "oop"
    assert table[3]["labels_colours_all"] == ["red", "grey"]
    (row,) = board(site, "colours--cw").rows
    for name, score in row.results.scores["cw"].items():
        assert sum(each[f"right_{name}"] for each in table) == score.n_right
    assert table[0]["class_name"] == "red"


def test_the_site_is_built_again_when_rows_change(folder: Path) -> None:
    run = colour_run(folder, "a")
    interrupt(run, 4)
    given = OwnOptions(folder / "site", refresh=7)
    builds = follow(Catalogue((folder,)), [folder / "runs"], given, 0.01)
    assert next(builds).boards[0].rows[0].headline.n == 4
    page = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh" content="7">' in page
    part = run / "parts" / "rank-0000-of-0001.jsonl"
    lines = part.read_text().splitlines()[:4]
    later = json.loads(lines[0]) | {"image_id": "i04"}
    part.write_text("".join(f"{line}\n" for line in [*lines, json.dumps(later)]))
    assert next(builds).boards[0].rows[0].headline.n == 5


def test_the_command_says_where_the_site_is(folder: Path) -> None:
    colour_run(folder, "a")
    site = folder / "<i>site"
    words = ("view", folder / "runs", "-o", site, "--include_path", folder)
    done = harness(*words)
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (site / "index.html").as_uri()
    assert 'http-equiv="refresh"' not in (site / "index.html").read_text(encoding="utf-8")
    refused = harness("view", folder / "runs", "-o", folder / "images", "--include_path", folder)
    assert refused.code == 2 and "no site that this command built" in refused.stderr
    both = harness(*words, "--images", folder, "--copy_images")
    assert both.code == 2 and "one of them" in both.stderr
    assert harness(*words, "--every", 3).code == 2


def test_runs_without_an_answer(folder: Path) -> None:
    interrupt(colour_run(folder, "a"), 0)
    with pytest.raises(DataError, match="no answer yet"):
        built(folder)
    with pytest.raises(UserError, match="holds no run"):
        build_own(Catalogue((folder,)), [folder / "images"], OwnOptions(folder / "site"))


def test_names_of_strangers_stay_text(folder: Path) -> None:
    colour_run(folder, "<b>a")
    site = folder / "<u>site"
    (folder / "runs").rename(folder / "<b>runs")
    build_own(Catalogue((folder,)), [folder / "<b>runs"], OwnOptions(site))
    for path in site.rglob("*.html"):
        assert "<b>" not in path.read_text(encoding="utf-8"), path
