"""Every page: sound, accessible, inert, complete without scripts, and with the site's numbers."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from harness.data.sample import Sample
from harness.leaderboard.entries.card import TrainingData
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages.views import NAVIGATION, render
from leaderboard.pages.board_builder import PLANS
from leaderboard.pages.reading import Element, assert_inert, read_all
from leaderboard.pages.site_builder import make_site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
ELSEWHERE = ("data/", "images/", "feed.xml")  # written by the build, not by the pages
SITE = make_site()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("site")
    render(SITE, output)
    return output


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Element]:
    return read_all(folder)


def test_there_is_a_page_for_everything(pages: dict[str, Element]) -> None:
    expected = {f"{name}.html" for name, _ in NAVIGATION}
    expected |= {f"boards/{board.slug}.html" for board in SITE.boards}
    expected |= {f"models/{entry.name}.html" for entry in SITE.entries}
    assert set(pages) == expected


def test_frame_of_every_page(pages: dict[str, Element]) -> None:
    titles = set()
    for path, page in pages.items():
        (html,) = page.find_all("html")
        assert html.attributes["lang"] == "en"
        (policy,) = page.find_all("meta", http_equiv="Content-Security-Policy")
        assert policy.attributes["content"] == POLICY
        assert page.find_all("meta", name="viewport")
        titles.add(page.find_all("title")[0].text)
        (body,) = page.find_all("body")
        assert body.attributes["data-root"] == "../" * path.count("/")
        first = body.find_all("a")[0]
        assert first.has_class("skip") and first.attributes["href"] == "#main"
        (main,) = page.find_all("main")
        assert main.attributes["id"] == "main"
        marked = [a.attributes["href"] for a in page.find_all("a", aria_current="page")]
        assert marked == ([path] if "/" not in path else [])
    assert len(titles) == len(pages)


def test_headings_are_in_order(pages: dict[str, Element]) -> None:
    for path, page in pages.items():
        levels = [int(e.tag[1]) for e in page.find_all() if re.fullmatch("h[1-6]", e.tag)]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pages_are_inert(pages: dict[str, Element]) -> None:
    for page in pages.values():
        assert_inert(page)


def test_links_resolve(pages: dict[str, Element], folder: Path) -> None:
    ids = {
        path: {e.attributes.get("id", "") for e in page.find_all()} for path, page in pages.items()
    }
    for path, page in pages.items():
        for element in page.find_all():
            address = element.attributes.get("href") or element.attributes.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme or not address:
                continue
            target = (folder / path).parent / unquote(parts.path) if parts.path else folder / path
            name = target.resolve().relative_to(folder.resolve()).as_posix()
            if name.startswith(ELSEWHERE):
                continue
            assert target.is_file(), f"{path}: {address}"
            if parts.fragment and "=" not in parts.fragment:
                assert parts.fragment in ids[name], f"{path}: {address}"


def test_ids_are_unique_and_references_to_them_hold(pages: dict[str, Element]) -> None:
    for path, page in pages.items():
        ids = [e.attributes["id"] for e in page.find_all() if "id" in e.attributes]
        assert len(ids) == len(set(ids)), path
        for element in page.find_all():
            assert set(element.attributes.get("aria-labelledby", "").split()) <= set(ids), path


def test_wide_things_scroll_in_a_named_region_of_their_own(pages: dict[str, Element]) -> None:
    for path, page in pages.items():
        for element in page.find_all():
            if element.has_class("scroll") or element.tag == "pre":
                assert element.attributes["tabindex"] == "0", path
                assert element.attributes["role"] == "region" and element.attributes["aria-label"]
            if element.tag == "table" and "ranking" in element.attributes.get("class", ""):
                assert element.parent is not None and element.parent.has_class("scroll")


def test_every_figure_has_title_caption_drawing_and_numbers(pages: dict[str, Element]) -> None:
    figures = [figure for page in pages.values() for figure in page.find_all("figure")]
    assert len(figures) > 20
    for figure in figures:
        (drawing,) = figure.find_all("svg")
        assert drawing.attributes["role"] == "img"
        title, caption = drawing.attributes["aria-labelledby"].split()
        (head,) = figure.find_all("figcaption")
        assert head.find_all(id=title)[0].text and head.find_all(id=caption)[0].text
        (details,) = figure.find_all("details")
        rows = details.find_all("tr")
        assert len(rows) > 1 and len({len(row.children) for row in rows}) == 1


def cells_of(table: Element) -> dict[str, dict[str, Element]]:
    """Cells by entry and column; raises where a row has not as many cells as there are columns."""
    keys = [
        th.attributes["data-column"]
        for th in table.find_all("th")
        if "data-column" in th.attributes
    ]
    found = {}
    for row in table.find_all("tr"):
        if "data-entry" in row.attributes:
            cells = [child for child in row.children if isinstance(child, Element)]
            found[row.attributes["data-entry"]] = dict(zip(keys, cells, strict=True))
    return found


def expected_values(board: Board, row: ScoredEntry) -> dict[str, object]:
    run, entry, place = row.run.run, row.entry, board.place(row.name)
    assert place and row.before and row.change and row.rank_original
    groups = row.headline.groups
    return {
        "tier": place.tier, "rank": place.rank, "model": entry.card.model,
        "headline": row.headline.accuracy, "original": row.before.accuracy,
        "change": row.change.delta, "rank_shift": row.rank_original - place.rank,
        "oop": row.results.shares["oop"], "coverage": row.coverage, "date": entry.manifest.date,
        "group_S+": groups["S+"].accuracy, "group_M-": groups["M-"].accuracy,
        "empty_correct": row.headline.accuracy_empty_correct,
        "per_class": row.headline.mean_per_class, "unparsed": row.results.shares["unparsed"],
        "parameters": entry.card.parameters,
        "imagenet_train": entry.card.training_data.imagenet_train,
        "organization": entry.card.organization, "tokens": run.tokens, "seconds": run.seconds,
        "cost": run.cost, "oop_strict": row.results.out_share("strict"),
        "accuracy_strict": row.headline.accuracy_by("strict"),

    }  # fmt: skip


def test_values_of_the_rankings_are_those_of_the_site(pages: dict[str, Element]) -> None:
    for board in SITE.boards:
        (section,) = pages["index.html"].find_all("section", data_board=board.slug)
        cells = cells_of(section.find_all("table", class_="ranking")[0])
        assert list(cells) == [row.name for row in board.rows]
        for row in board.rows:
            for key, value in expected_values(board, row).items():
                if key not in cells[row.name]:
                    assert value is None, key
                    continue
                cell = cells[row.name][key]
                told = cell.attributes["data-value"]
                if value is None:
                    assert told == "" and cell.text == "–"
                elif isinstance(value, str):
                    assert told == value and value in cell.text
                else:
                    assert float(told) == pytest.approx(value, abs=5.1e-5), key


def test_text_of_the_rankings_has_intervals_and_counts(pages: dict[str, Element]) -> None:
    board = next(board for board in SITE.boards if board.protocol == "cw")
    (section,) = pages["index.html"].find_all("section", data_board=board.slug)
    row = next(row for row in board.rows if row.results.counts["oop"])
    cells = cells_of(section)[row.name]
    low, high = row.headline.ci95 or (0, 0)
    assert cells["headline"].text == f"{row.headline.accuracy:.2f} [{low:.2f}, {high:.2f}]"
    place = board.place(row.name)
    assert place
    assert cells["rank"].text == f"{place.rank} {place.rank_interval[0]}–{place.rank_interval[1]}"
    assert cells["oop"].text == f"{row.results.shares['oop']:.2f} ({row.results.counts['oop']})"


def test_reference_rows_stand_apart_and_say_how_they_are_made(pages: dict[str, Element]) -> None:
    for board in SITE.boards:
        (section,) = pages["index.html"].find_all("section", data_board=board.slug)
        (body,) = section.find_all("tbody", class_="references")
        rows = body.find_all("tr")
        assert [row.find_all("th")[0].text for row in rows] == [r.name for r in board.references]
        for reference in board.references:
            assert reference.note in section.text
            value = reference.accuracy[board.headline]
            assert value is None or f"{value:.2f}" in body.text


def columns_of(table: Element) -> list[Element]:
    return [th for th in table.find_all("th") if "data-column" in th.attributes]


def test_headings_of_groups_span_their_columns(pages: dict[str, Element]) -> None:
    for table in pages["index.html"].find_all("table", class_="ranking"):
        columns = columns_of(table)
        groups = [th.attributes["data-group"] for th in columns]
        heads = [th for th in table.find_all("th") if th.attributes.get("scope") == "colgroup"]
        assert [int(h.attributes["colspan"]) for h in heads] == [
            groups.count(h.attributes["data-group"]) for h in heads
        ]
        firsts = [place for place, th in enumerate(columns) if th.has_class("begins")]
        assert firsts == [groups.index(group) for group in dict.fromkeys(groups) if group != "core"]


def test_what_nobody_measured_has_no_column_and_no_line(tmp_path: Path) -> None:
    (plain,) = make_site(2, PLANS[3:]).boards
    rows = [changed(row, cost=None, tokens=None, prompt_tokens=None) for row in plain.rows]
    quiet = {"organization": "", "parameters": None, "license": ""}
    unknown = {"training_data": TrainingData(imagenet_train="unknown", imagenet_val="unknown")}
    cards = [row.entry.card.model_copy(update=quiet | unknown) for row in rows]
    entries = [replace(row.entry, card=card) for row, card in zip(rows, cards, strict=True)]
    rows = [replace(row, entry=entry) for row, entry in zip(rows, entries, strict=True)]
    site = make_site(2, PLANS[3:])
    board = replace(plain, rows=tuple(rows))
    render(replace(site, boards=(board,), entries=tuple(entries)), tmp_path)
    pages = read_all(tmp_path)
    (table,) = pages["index.html"].find_all("table", class_="ranking")
    keys = {th.attributes["data-column"] for th in columns_of(table)}
    gone = {"cost", "tokens", "organization", "parameters", "imagenet_train", "imagenet_val"}
    assert "seconds" in keys and not keys & gone
    terms = {each.text for each in pages["models/model-0.html"].find_all("dt")}
    assert "Time" in terms and not [
        each for each in terms if each in ("Parameters", "License", "Organization", "Cost")
    ]
    assert not [each for each in terms if each.startswith("Tokens")]
    assert "not told" not in pages["models/model-0.html"].text


def test_badges_say_what_sets_a_run_apart(tmp_path: Path) -> None:
    site = make_site(3, PLANS[:1])
    (board,) = site.boards
    first, second, third = board.rows
    rows = (
        replace(changed(first, model_facts={"adapter": "predictions"}), claimed="no text"),
        changed(second, sample=Sample(n=40, of=1280, seed=0, stratify=False)),
        third,
    )
    render(replace(site, boards=(replace(board, rows=rows),)), tmp_path)
    pages = read_all(tmp_path)
    for row, wanted in zip(rows, (["claimed", "imported"], ["sample"], []), strict=True):
        (line,) = pages["index.html"].find_all("tr", data_entry=row.name)
        (scores,) = pages[f"models/{row.name}.html"].find_all("tbody", class_="run")
        for place in (line, scores):
            assert [each.text for each in place.find_all("span", class_="badge")] == wanted
    method = {each.text for each in pages["method.html"].find_all("dt")}
    assert method >= {"claimed", "imported", "sample"}


def changed(row: ScoredEntry, **facts: object) -> ScoredEntry:
    """A row whose run's manifest says something else."""
    run = row.run.run.model_copy(update=facts)
    return replace(row, run=row.run.model_copy(update={"run": run}))


def test_a_model_page_tells_prompt_card_classes_gallery_and_decisions(
    pages: dict[str, Element],
) -> None:
    page = pages["models/model-0.html"].find_all("main")[0]
    entry = next(entry for entry in SITE.entries if entry.name == "model-0")
    for board in SITE.boards:
        for row in board.rows:
            assert row.name != "model-0" or (row.prompt and row.prompt in page.text)
    for told in ("93.50", "31.05", "missile", "88", "a fox, probably", "0.71", "right", "wrong"):
        assert told in page.text
    assert [e.text for e in page.find_all(class_="card-heading")] == ["About"]
    assert entry.decisions[0].reason in page.text
    images = [e.attributes["src"] for e in page.find_all("img")]
    assert images[:2] == ["../images/toy/toy_00000.png", "../images/toy/toy_00001.png"]


def lines_of(table: Element) -> list[list[str]]:
    lines = table.find_all("tr")
    return [[cell.text for cell in each.children if isinstance(cell, Element)] for each in lines]


def test_a_model_page_sets_the_ways_to_match_answers_side_by_side(
    pages: dict[str, Element],
) -> None:
    page = pages["models/model-0.html"].find_all("main")[0]
    for board in SITE.boards:
        row = next(row for row in board.rows if row.name == "model-0")
        (section,) = page.find_all("section", id=board.slug)
        tables = section.find_all("table", class_="numbers matching")
        notes = [item.text for item in section.find_all("ul", class_="notes")[0].find_all("li")]
        assert notes[0].startswith("3 of 1,280 answers were read by a lenient rule")
        if board.protocol == "ow":
            assert tables == []
            continue
        lines = lines_of(tables[0])
        assert lines[0][1:] == ["strict", "normalized", "as read"]
        scores = row.results.scores[board.protocol]
        ways = ("strict", "normalized", "read")
        for (_, *cells), score in zip(lines[1:-1], scores.values(), strict=True):
            assert cells == [f"{score.accuracy_by(way):.2f}" for way in ways]
        assert lines[-1][1:] == [f"{row.results.out_share(way):.2f}" for way in ways]


def test_a_model_page_says_how_general_answers_are_where_a_hierarchy_does(
    pages: dict[str, Element],
) -> None:
    for section in pages["models/model-0.html"].find_all("section", class_="run"):
        board = section.attributes["id"]
        tables = section.find_all("table", class_="numbers granularity")
        assert len(tables) == ("ow" in board)
        for table in tables:
            head, *lines = lines_of(table)
            assert head[1:4] == ["Exact", "Too generic", "Too specific"]
            assert all(line[1:4] == ["60.00", "40.00", "0.00"] for line in lines) and lines


def test_a_model_page_says_how_sure_answers_are_and_draws_it(pages: dict[str, Element]) -> None:
    for section in pages["models/model-0.html"].find_all("section", class_="run"):
        tables = section.find_all("table", class_="numbers calibration")
        drawn = [each.attributes.get("id") for each in section.find_all("figure")]
        is_sure = "mc" in section.attributes["id"].split("--")
        assert len(tables) == is_sure
        assert drawn == ([f"reliability-{section.attributes['id']}"] if is_sure else [])
        for table in tables:
            _, *rows = lines_of(table)
            assert [row[1] for row in rows] == ["probability", "score"] * 2
            assert rows[0][2:] == ["300", "45.00", "15.00 [10.00, 20.00]", "3.50",
                                   "80.00 [70.00, 90.00]", "30.00", "50.00"]  # fmt: skip
            assert rows[1][4:7] == ["–", "–", "80.00 "]


def test_a_model_page_sets_both_readings_of_several_answers_side_by_side(
    pages: dict[str, Element],
) -> None:
    for section in pages["models/model-0.html"].find_all("section", class_="run"):
        tables = section.find_all("table", class_="numbers several")
        assert len(tables) == ("cw" in section.attributes["id"].split("--"))
        for table in tables:
            _, known, unclear = lines_of(table)
            assert known[1:] == ["70 of 1,000", "50.00", "40.00 [38.00, 42.00]",
                                 "45.00 [43.00, 47.00]"]  # fmt: skip
            assert unclear[3] == "not known of 3"


def test_sums_of_tokens_say_what_they_leave_out(tmp_path: Path) -> None:
    site = make_site(2, PLANS[:1])
    (board,) = site.boards
    told = {"tokens": 4000, "prompt_tokens": 90000, "uncounted": {"tokens": 3}}
    rows = tuple(changed(row, **told) for row in board.rows)
    render(replace(site, boards=(replace(board, rows=rows),)), tmp_path)
    page = (tmp_path / "models/model-0.html").read_text("utf-8")
    assert "at least 4,000 (3 answers without a count)" in page
    assert "<dd>90,000</dd>" in page
    assert "4,000 <small>at least</small>" in (tmp_path / "index.html").read_text("utf-8")


def test_labels_and_changes(pages: dict[str, Element]) -> None:
    labels = pages["labels.html"].find_all("main")[0].text
    assert "150 images. The first 100 are below" in labels
    assert "toy_00099" in labels and "toy_00100" not in labels
    changes = pages["changes.html"].find_all("main")[0]
    assert changes.text.index("withdrawn") < changes.text.index("accepted")
    assert "models/gone.html" not in [a.attributes["href"] for a in changes.find_all("a")]
