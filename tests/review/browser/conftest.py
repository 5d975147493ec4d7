"""Pages of a review in a real Chromium, from the disk and from a server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from harness.review.answers import AnswerRow, parse_row, wrong_with
from harness.review.queue import Queue
from leaderboard.browser.conftest import browser, watch
from support.review_folder import make_folder

__all__ = ["browser"]


@pytest.fixture(scope="session")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blind review of twenty images."""
    folder = tmp_path_factory.mktemp("blind")
    make_folder(folder, "blind")
    return folder


@dataclass
class Annotator:
    """One person's browser. `complaints` is what no page may do."""

    context: BrowserContext
    folder: Path
    address: str | None = None
    """Of the server; else the page is opened from the disk."""
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str | None = "ann", link: str | None = None) -> Page:
        """Open a tab; with a name, on the first image that has no answer."""
        page = self.context.new_page()
        at = (self.folder / "page" / "index.html").as_uri()
        page.goto(link or (at + (f"?annotator={name}" if name else "")))
        if name or link:
            settle(page)
        return page


Opener = Callable[..., Annotator]


@pytest.fixture
def annotator(browser: Browser) -> Iterator[Opener]:
    made: list[Annotator] = []

    def make(folder: Path, address: str | None = None, **options: Any) -> Annotator:
        found = Annotator(browser.new_context(**options), folder, address)
        watch(found.context, found.complaints, *([address] if address else []))
        made.append(found)
        return found

    yield make
    for each in made:
        each.context.close()
    assert [each.complaints for each in made] == [[] for _ in made]


def settle(page: Page) -> None:
    """Wait until an image is on the screen, or all are answered."""
    page.wait_for_selector("#picture:visible, #no_picture:visible, #finished:visible")


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, as a person who sees what comes of them."""
    for key in keys:
        before = page.locator("#progress").inner_text().partition(" · ")[0]
        page.keyboard.press(key)
        if key.startswith("Arrow"):
            settle(page)
        if key == "Enter" and page.locator("#notice:visible").count() == 0:
            expect(page.locator("#progress")).not_to_contain_text(before)
            settle(page)


def downloaded(page: Page) -> list[AnswerRow]:
    """Press Download, and read the file as `read_answers` does."""
    with page.expect_download() as found:
        page.get_by_role("button", name="Download").first.click()
    return rows_in(Path(found.value.path()).read_bytes())


def rows_in(data: bytes) -> list[AnswerRow]:
    found = [parse_row(line, f"line {n}") for n, line in enumerate(data.splitlines())]
    rows = [row for row in found if isinstance(row, AnswerRow)]
    assert len(rows) == len(found), found
    return rows


def assert_fit(queue: Queue, rows: list[AnswerRow]) -> None:
    assert [problem for row in rows if (problem := wrong_with(queue, row))] == []


def stored(page: Page) -> int:
    """How many answers localStorage has."""
    count = "Object.keys(localStorage).filter((key) => key.startsWith('review:')).length"
    return int(page.evaluate(count))
