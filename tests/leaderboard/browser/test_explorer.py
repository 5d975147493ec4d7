"""The explorer counts as Python does, shows answers verbatim, and has its view in the address."""

import re
import shutil
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.scores.results import Share
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle

PAGE = 50


def address(board: Board, *names: str, **more: object) -> str:
    runs = zip("ab", names, strict=False)
    view = {letter: f"{board.slug}:{name}" for letter, name in runs}
    return "explorer.html#" + urlencode(view | more)


def status(page: Page) -> str:
    return page.locator("#status").inner_text()


def number_of_images(page: Page) -> int:
    if status(page).startswith("No image."):
        return 0
    found = re.match(r"Images \d+–\d+ of (\d+)\.", status(page))
    assert found, status(page)
    return int(found[1])


def told(letter: str, found: Share) -> str:
    right = 0 if found.accuracy is None else round(found.n * found.accuracy / 100)
    return f"{letter}: {typeset.fixed(found.accuracy)} % ({right} of {found.n} scored)"


@pytest.mark.slow
def test_slices_count_as_in_python(visits: Visits, built: BuiltSite) -> None:
    page = visits.open("explorer.html")
    for board in built.site.boards:
        row = board.rows[0]
        homes, groups = built.homes(board).values(), built.groups(board).values()
        classes = built.per_class(board, row.name)
        whole = Share(n=row.headline.n, accuracy=row.headline.accuracy)
        views = [({}, whole, len(homes))]
        views += [
            ({"g": name}, row.headline.groups[name], sum(each[:1] == name for each in groups))
            for name in ("S", "M")
        ]
        views += [
            ({"g": name}, row.headline.groups[name], sum(each == name for each in groups))
            for name in ("S+", "S-", "M+", "M-")
        ]
        views += [
            ({"c": number}, classes[number], sum(each == int(number) for each in homes))
            for number in list(classes)[::40]
        ]
        for view, share, size in views:
            page.goto(visits.url(address(board, row.name, **view)))
            settle(page)
            assert told("A", share) in status(page), (board.slug, view)
            assert number_of_images(page) == size


@pytest.mark.slow
def test_who_is_right_of_two_runs(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    pair = board.pairs[0]
    counts = {}
    for who in ("", "both", "a", "b", "neither", "unscored"):
        page = visits.open(address(board, pair.a, pair.b, w=who))
        counts[who] = number_of_images(page)
    assert (counts["a"], counts["b"]) == (pair.only_a, pair.only_b)
    assert counts["both"] + counts["a"] + counts["b"] + counts["neither"] == pair.n
    assert counts["unscored"] == counts[""] - pair.n > 0


def test_statuses_count_as_in_python(visits: Visits, built: BuiltSite) -> None:
    board = next(each for each in built.site.boards if each.protocol == "cw")
    row = board.rows[0]
    page = visits.open(address(board, row.name))
    for name, count in row.results.counts.items():
        page.get_by_label("Status of A").select_option(name)
        settle(page)
        assert number_of_images(page) == count
    assert row.results.counts["oop"] > 0


def test_answers_that_contain_a_text(visits: Visits, built: BuiltSite) -> None:
    board = next(each for each in built.site.boards if each.protocol == "ow")
    name = board.rows[0].name
    rows = built.rows(name, board.task)
    page = visits.open(address(board, name))
    text = max((row.answer or "" for row in rows[:50]), key=len).lower()
    page.get_by_label("Answer contains").fill(text.upper())
    wanted = sum(text in (row.answer or "").lower() for row in rows)
    expect(page.locator("#status")).to_contain_text(f" of {wanted}.")
    assert wanted > 0
    assert page.url.endswith(urlencode({"q": text.upper()}))
    for answer in page.locator("#images .answer").all_inner_texts():
        assert text in answer.lower()


def test_pages_of_the_list(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    ids = built.images(board)
    page = visits.open(address(board, board.rows[0].name))
    listed = page.locator("#images tbody tr")
    expect(listed).to_have_count(PAGE)
    page.get_by_role("link", name="Next page").first.focus()
    page.keyboard.press("Enter")
    expect(listed.first).to_have_attribute("data-image", ids[PAGE])
    assert "p=2" in page.url
    last = -(-len(ids) // PAGE)
    page.goto(visits.url(address(board, board.rows[0].name, p=last)))
    expect(listed.last).to_have_attribute("data-image", ids[-1])
    assert page.get_by_role("link", name="Next page").count() == 0
    page.go_back()
    expect(listed.first).to_have_attribute("data-image", ids[PAGE])


def test_one_image_has_all_labels_and_the_whole_answers(visits: Visits, built: BuiltSite) -> None:
    board = next(each for each in built.site.boards if each.protocol == "cw")
    name = board.rows[0].name
    rows = built.rows(name, board.task)
    classes = built.opened_tasks[board.task].classes
    chosen = next(row for row in rows if row.status == "oop")
    page = visits.open(address(board, name, i=chosen.image_id))
    expect(page.locator("#single h2")).to_be_focused()
    facts = page.locator("#single > dl div")
    shown = {
        term: text.split(", ")
        for term, text in (item.inner_text().split("\n", 1) for item in facts.all())
    }
    for labels in built.label_sets(board.task):
        names = [classes.by_id[number].name for number in labels.labels[chosen.image_id]]
        assert shown[f"Labels of {labels.name}"] == (names or ["no label"])
    side = page.locator(".side")
    assert side.locator(".answer").text_content() == chosen.answer
    expect(side).to_contain_text("out of prompt")
    image = page.locator("#single img")
    assert image.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0


def test_an_image_is_found_by_its_id_and_lost_by_a_wrong_one(
    visits: Visits, built: BuiltSite
) -> None:
    board = built.largest_board
    wanted = built.images(board)[77]
    page = visits.open("explorer.html")
    page.get_by_label("Image id").fill(f"folder/{wanted}.png")
    page.get_by_label("Image id").press("Enter")
    expect(page.locator("#single h2")).to_have_text(f"Image {wanted}")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#images")).to_be_visible()
    page.get_by_label("Image id").fill("nothing")
    page.get_by_label("Image id").press("Enter")
    expect(page.locator("#status")).to_have_text("There is no image nothing.")


@pytest.fixture
def without_images(built: BuiltSite, visits: Visits, tmp_path: Path) -> BuiltSite:
    """The site as it is for a benchmark whose images may not be shipped."""
    folder = tmp_path / "site"
    shutil.copytree(built.folder, folder, ignore=shutil.ignore_patterns("images", "models"))
    boards = folder / "data" / "boards.js"
    text, count = re.subn(r'"images": ?"[^"]*"', '"images":null', boards.read_text("utf-8"))
    assert count == len(built.site.benchmarks)
    boards.write_text(text, encoding="utf-8")
    visits.site = folder
    return built


def test_images_of_the_viewers_own_folder(
    visits: Visits, without_images: BuiltSite, tmp_path: Path
) -> None:
    board = without_images.largest_board
    first, second, *_ = without_images.images(board)
    own = tmp_path / "own"
    (own / "val").mkdir(parents=True)
    source = without_images.folder / "images" / board.benchmark / f"{first}.png"
    shutil.copy(source, own / "val" / f"{first}.png")
    (own / "notes.txt").write_text("no image")
    page = visits.open(address(board, board.rows[0].name))
    assert page.locator("#images img").count() == 0
    expect(page.locator("#own")).to_contain_text("nothing is uploaded")
    page.get_by_label("Folder of images").set_input_files(own)
    expect(page.locator("#folder-status")).to_have_text(
        f"1 of {len(without_images.images(board))} images found among 2 files."
    )
    image = page.locator("#images img")
    expect(image).to_have_count(1)
    assert image.get_attribute("src", timeout=1000).startswith("blob:")
    assert image.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
    page.goto(visits.url(address(board, board.rows[0].name, i=second)))
    settle(page)
    assert page.locator("#single img").count() == 0


def test_two_protocols_of_one_model(visits: Visits, built: BuiltSite) -> None:
    boards = {board.protocol: board for board in built.site.boards}
    name = next(
        row.name
        for row in boards["cw"].rows
        if any(row.name == other.name for other in boards["ow"].rows)
    )
    page = visits.open(f"explorer.html#a={boards['cw'].slug}:{name}&b={boards['ow'].slug}:{name}")
    for letter, protocol in zip("AB", ("cw", "ow"), strict=True):
        score = built.row(boards[protocol], name).headline
        assert told(letter, Share(n=score.n, accuracy=score.accuracy)) in status(page)


@pytest.mark.slow
def test_data_that_is_not_there_is_told(visits: Visits, without_images: BuiltSite) -> None:
    board = without_images.largest_board
    for path in (visits.site / "data").glob(f"*/{board.rows[0].name}--{board.task}.js"):
        path.unlink()
    page = visits.open(address(board, board.rows[0].name))
    expect(page.locator("#status")).to_contain_text("cannot be loaded")
    assert [each for each in visits.complaints if "ERR_FILE_NOT_FOUND" in each]
    visits.complaints.clear()
