"""What a hostile entry writes into every field is shown as text, or refused, and never runs."""

import json

import pytest

from harness.errors import DataError
from harness.leaderboard.entries.format import parse_manifest
from harness.leaderboard.pages import typeset
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle
from leaderboard.browser.hostile_entry import LONG, MARKUP, NAME, ONE_WORD, OVERRIDE

INERT = """() => ({
    scripts: [...document.scripts].filter(each => !each.src || each.src.includes("/data/")).length,
    images: [...document.images].filter(each => !/images[/]mini[/]|^blob:/.test(each.src)).length,
    handlers: [...document.querySelectorAll("*")].filter(
        each => each.getAttributeNames().some(name => name.startsWith("on"))).length,
    odd: [...document.links].filter(each => !/^(file|https):/.test(each.href)).length,
    styles: document.querySelectorAll("[style], style").length,
})"""


def addresses(built: BuiltSite) -> list[str]:
    board = built.board("mini_cw", "cw")
    run = f"{board.slug}:{NAME}"
    first = built.rows(NAME, "mini_cw")[0].image_id
    long = next(row.image_id for row in built.rows(NAME, "mini_cw") if row.answer == LONG)
    return [
        *(path.name for path in sorted(built.folder.glob("*.html"))),
        *(f"boards/{path.name}" for path in sorted((built.folder / "boards").glob("*.html"))),
        f"models/{NAME}.html",
        f"compare.html#b={board.slug}&x={NAME}&y=mini",
        f"classes.html#b={board.slug}",
        f"explorer.html#a={run}",
        f"explorer.html#a={run}&b={board.slug}:mini&q=%3Cscript%3E",
        f"explorer.html#a={run}&i={first}",
        f"explorer.html#a={run}&i={long}",
    ]


@pytest.mark.slow
def test_nothing_of_a_hostile_entry_runs_anywhere(visits: Visits, built: BuiltSite) -> None:
    shown = 0
    for address in addresses(built):
        page = visits.open(address)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        found = page.evaluate(INERT)
        assert found == dict.fromkeys(found, 0), address
        shown += MARKUP[:20] in page.locator("main").inner_text()
        page.close()
    assert shown > 5


def test_answers_are_shown_as_they_were_given(visits: Visits, built: BuiltSite) -> None:
    board = built.board("mini_cw", "cw")
    row = next(each for each in built.rows(NAME, "mini_cw") if each.answer == LONG)
    page = visits.open(f"explorer.html#a={board.slug}:{NAME}&i={row.image_id}")
    assert page.locator("#single .answer").text_content() == LONG[:2000]
    page.set_viewport_size({"width": 375, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_writing_from_right_to_left_stays_in_its_place(visits: Visits, built: BuiltSite) -> None:
    board = built.board("mini_cw", "cw")
    page = visits.open(f"compare.html#b={board.slug}&x={NAME}&y=mini")
    assert page.locator("#legend bdi").all_inner_texts() == [typeset.cut(ONE_WORD, 48), "mini"]
    for letter in "AB":
        chosen = page.get_by_role("combobox", name=f"Model {letter}")
        assert OVERRIDE not in chosen.inner_text()
    page.goto(visits.url(f"explorer.html#a={board.slug}:{NAME}"))
    settle(page)
    answer = page.locator("#images .answer bdi", has_text=OVERRIDE).first
    assert answer.evaluate("each => getComputedStyle(each).unicodeBidi") == "isolate"


def test_a_name_of_ten_thousand_letters_is_refused(built: BuiltSite) -> None:
    path = built.entries[NAME].folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    parse_manifest(json.dumps(manifest).encode(), "manifest.json")
    for change in ({"model": LONG}, {"entry": "../" + NAME}, {"entry": ONE_WORD}):
        with pytest.raises(DataError):
            parse_manifest(json.dumps(manifest | change).encode(), "manifest.json")
