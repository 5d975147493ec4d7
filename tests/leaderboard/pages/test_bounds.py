"""Sites at the edges: empty, large, hostile, and made twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.leaderboard.numbers.site_model import Site
from harness.leaderboard.pages.views import NAVIGATION, render
from harness.store.manifest import MappingFacts
from leaderboard.pages.board_builder import PLANS
from leaderboard.pages.reading import assert_inert, read_all, read_page
from leaderboard.pages.site_builder import Texts, make_site


def test_two_renders_are_equal_and_leave_other_files(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("first")
    render(make_site(), folder)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "boards.json").write_text("{}")
    render(make_site(), tmp_path)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes()
    assert (tmp_path / "data" / "boards.json").read_text() == "{}"


def test_a_site_without_entries_has_all_its_pages(tmp_path: Path) -> None:
    empty = Site("0.1.0", "2026-11-20", (), (), (), (), ())
    render(empty, tmp_path)
    pages = read_all(tmp_path)
    assert set(pages) == {f"{name}.html" for name, _ in NAVIGATION}
    assert "no entry yet" in pages["index.html"].text


def test_index_of_100_models_on_two_boards_is_small_and_complete(tmp_path: Path) -> None:
    site = make_site(100, PLANS[2:])
    render(site, tmp_path)
    text = (tmp_path / "index.html").read_text("utf-8")
    assert len(text.encode()) < 450_000
    index = read_page(text)
    assert len(index.find_all("tr", data_kind="mllm")) == 80
    assert "The best 20 of 100 models are shown." in index.text
    board = read_page((tmp_path / f"boards/{site.boards[0].slug}.html").read_text("utf-8"))
    assert "The best 40 of 100 models are shown." in board.text
    assert "The best 30 of 100 models are shown." in board.text


def test_index_of_many_boards_leaves_figures_to_their_pages(tmp_path: Path) -> None:
    render(make_site(60), tmp_path)
    index = read_page((tmp_path / "index.html").read_text("utf-8"))
    assert [figure.attributes["id"] for figure in index.find_all("figure")] == [
        "label-changes-toy", "hardness-toy",
    ]  # fmt: skip
    assert (tmp_path / "index.html").stat().st_size < 450_000


EVIL = (
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"' onclick=x \u202eevil {{ 7*7 }}"
)


def test_a_hostile_entry_is_inert(tmp_path: Path) -> None:
    texts = Texts(
        model=EVIL + " {place}",
        organization=EVIL,
        answer=EVIL * 3,
        prompt=EVIL * 100,
        card=f"# {EVIL}\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![i](https://x/y.png)"
        f' [ok](https://example.org "{EVIL[:20]}")\n\n' + EVIL * 100,
        reason=EVIL,
        description=EVIL * 100,
    )
    render(make_site(5, texts=texts), tmp_path)
    pages = read_all(tmp_path)
    for path, page in pages.items():
        assert_inert(page)
        assert not [e for e in page.find_all("img") if e.attributes["src"] == "x"], path
        for element in page.find_all():
            if element.tag in ("title", "text") or "title" in element.attributes:
                assert "\u202e" not in element.text + element.attributes.get("title", "")
        assert "7*7" in page.text or "model" not in path
    model = pages["models/model-0.html"]
    assert EVIL * 100 in model.find_all("pre")[0].text
    assert [a.attributes["href"] for a in model.find_all("a") if a.text == "ok"] == [
        "https://example.org"
    ]
    assert "javascript:alert(1)" in model.find_all(class_="card")[0].text


def test_what_an_entry_says_of_its_run_is_inert(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\u202e\x1b\ud800"
    site = make_site(1, PLANS[:1])
    (board,) = site.boards
    (row,) = board.rows
    run = row.run.run
    facts = run.model_copy(
        update={
            "class_list": run.class_list.model_copy(update={"name": evil, "name_set": evil}),
            "data": run.data.model_copy(update={"split": evil}),
            "mapping": MappingFacts.model_construct(
                encoder=evil, encoder_sha256="0" * 64, class_template=evil, answer_template=evil
            ),
        }
    )
    row = replace(row, run=row.run.model_copy(update={"run": facts}))
    render(replace(site, boards=(replace(board, rows=(row,)),)), tmp_path)
    for path, found in read_all(tmp_path).items():
        assert_inert(found)
        assert not set(found.text) & set("\u202e\x1b\ud800"), path


def test_a_very_long_name_is_cut_for_the_eye(tmp_path: Path) -> None:
    site = make_site(5, PLANS[:1])
    (board,) = site.boards
    long = {"model": "x" * 10_000}
    rows = tuple(
        replace(row, entry=replace(row.entry, card=row.entry.card.model_copy(update=long)))
        for row in board.rows
    )
    render(replace(site, boards=(replace(board, rows=rows),)), tmp_path)
    index = read_page((tmp_path / "index.html").read_text("utf-8"))
    for element in index.find_all("bdi"):
        if element.text.startswith("xxx"):
            assert len(element.text) <= 48 and element.attributes["title"] == "x" * 10_000


def test_models_of_one_name_are_told_apart_by_their_entries(tmp_path: Path) -> None:
    render(make_site(3, PLANS[:1], Texts(model="Twin")), tmp_path)
    index = read_page((tmp_path / "index.html").read_text("utf-8"))
    (table,) = index.find_all("table", class_="ranking")
    names = [
        row.find_all("th")[0].text for row in table.find_all("tr") if "data-entry" in row.attributes
    ]
    assert sorted(names) == ["Twin model-0", "Twin model-1", "Twin model-2"]
