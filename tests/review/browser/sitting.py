"""One sitting of a person who only has a keyboard: twenty images, and all that keys can do."""

from collections.abc import Collection, Iterable
from pathlib import Path

from playwright.sync_api import Page, expect

from harness.review.answers import AnswerRow
from harness.review.page_data import read_script
from harness.review.queue import PAGE, Item, Queue, order_of
from review.browser.conftest import press
from support.review_folder import NAMES

Given = tuple[str, frozenset[int], tuple[str, ...], str]
"""Status, labels, flags and comment."""


def sit(page: Page, queue: Queue, folder: Path) -> dict[str, Given]:
    """Answer all images of `ann`; gives what was chosen, by image id."""
    items = read_script(folder / PAGE / "annotators" / "ann.js", "REVIEW_ITEMS")["items"]
    chosen = {}
    for number, image_id in enumerate(each["image_id"] for each in items):
        expect(page.locator("#progress")).to_contain_text(f"image {number + 1} ")
        chosen[image_id] = _answer(page, number, queue.item_of[image_id], queue.seed)
    expect(page.locator("#finished_title")).to_be_visible()
    return chosen


def _answer(page: Page, number: int, item: Item, seed: int) -> Given:
    order = order_of(seed, item, "ann")
    if number == 0:  # several labels, one of them taken back; flags; a comment
        press(page, "1", "2", "3", "2", "w", "x", "w", "c")
        page.keyboard.type("two things")
        press(page, "Escape", "Enter")
        return _given([order[0], order[2]], ("truncated",), "two things")
    if number == 1:
        press(page, "1", "n", "Enter")
        return _given([], status="none")
    if number == 2:
        press(page, "Enter")  # nothing is chosen yet
        expect(page.locator("#notice")).to_contain_text("Choose a class")
        press(page, "u", "+", "Shift+ArrowLeft", "0", "Enter")
        return _given([], status="unsure")
    if number == 3:  # a class that is not offered
        absent = next(each for each in range(6) if each not in item.candidates)
        press(page, "/")
        page.keyboard.type(NAMES[absent])
        page.keyboard.press("Enter")
        expect(page.locator("#candidates :checked")).to_have_count(1)
        press(page, "Enter")
        return _given([absent])
    press(page, "2", "Enter")
    return _given([order[1]])


def _given(
    labels: Collection[int], flags: tuple[str, ...] = (), comment: str = "", *, status: str = ""
) -> Given:
    return (status or "labelled", frozenset(labels), flags, comment)


def found_in(rows: Iterable[AnswerRow]) -> dict[str, Given]:
    """Give the same of what was handed in."""
    return {
        row.image_id: _given(row.labels, row.flags, row.comment, status=row.status) for row in rows
    }
