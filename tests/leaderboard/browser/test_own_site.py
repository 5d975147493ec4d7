"""The site of one's own runs in a browser: pictures from where they lie, no barriers, nothing asked
of a network.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from harness.leaderboard.own import OwnOptions, build_own
from harness.specs.catalogue import Catalogue
from leaderboard.browser.conftest import Visits
from leaderboard.browser.test_pages import CONTRAST, NARROW
from leaderboard.own_runs import colour_run, interrupt
from support.barriers import barriers


@pytest.fixture
def own(browser: Browser, folder: Path) -> Iterator[Visits]:
    colour_run(folder, "a")
    colour_run(folder, "b", wrong="grey")
    interrupt(colour_run(folder, "part", wrong="blue"), 8)
    build_own(Catalogue((folder,)), [folder / "runs"], OwnOptions(folder / "site"))
    found = Visits(browser, folder / "site")
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []


@pytest.mark.slow
def test_runs_are_looked_at_beside_their_images(own: Visits) -> None:
    page = own.open("explorer.html#a=colours--cw:a&b=colours--cw:b")
    row = page.locator("#images tr[data-image=i03]")
    expect(row.locator("[data-side=A]")).to_contain_text("red-ish")
    expect(row.locator("[data-side=B] .verdict")).to_have_text("right")
    picture = row.locator("img")
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 3
    page = own.open("compare.html#b=colours--cw&x=a&d=colours.part--cw&y=part")
    expect(page.locator("#status")).to_contain_text("8 of 12 images")


@pytest.mark.slow
def test_no_page_of_own_runs_has_barriers_or_dead_links(own: Visits) -> None:
    pages = ("index", "explorer", "compare", "confusion", "labels", "suspects", "data", "method")
    pages += ("models/a", "models/part")
    for name in pages:
        page = own.open(f"{name}.html", color_scheme="light")
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        assert barriers(page) == "", name
        page.emulate_media(color_scheme="dark")
        assert barriers(page, runOnly=[CONTRAST]) == "", name
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
        for link in page.locator("a[href]").evaluate_all("all => all.map(each => each.href)"):
            path = link.split("#")[0].removeprefix("file://")
            assert not link.startswith("file:") or Path(path).is_file(), f"{name}: {link}"


@pytest.mark.slow
def test_labels_are_corrected_by_a_line_of_a_label_file(own: Visits) -> None:
    page = own.open("explorer.html#a=colours--cw:a&b=colours--cw:b&i=i03")
    page.get_by_text("Correct the label").press("Enter")
    line = json.loads(page.locator("details.report pre").inner_text())
    assert line["image_id"] == "i03" and len(line["labels"]) >= 1
    assert f"{line['labels'][0]} is " in page.locator("details.report p").inner_text()
    assert page.get_by_role("link", name="Report the label").count() == 0
    page = own.open("suspects.html")
    expect(page.locator("main")).to_contain_text("Too few models for this rule: 2 of the 3")
