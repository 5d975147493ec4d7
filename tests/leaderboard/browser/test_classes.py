"""The page of classes says what Python says of every class and model."""

from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.scores.answers import NO_CLASS, to_answers
from harness.scores.metrics import counted_rows
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle

pytestmark = pytest.mark.slow  # many pages are opened; test_pages.py is quick


def shown(page: Page) -> dict[str, tuple[str, str]]:
    """The accuracy and count of each entry."""
    return {
        row.get_attribute("data-entry") or "": (
            row.locator("[data-cell=accuracy]").inner_text(),
            row.locator("[data-cell=right]").inner_text(),
        )
        for row in page.locator("#models tbody tr").all()
    }


def test_accuracies_equal_those_of_python(visits: Visits, built: BuiltSite) -> None:
    page = visits.open("classes.html")
    for board in built.site.boards:
        tables = {row.name: built.per_class(board, row.name) for row in board.rows}
        for number in sorted({key for table in tables.values() for key in table}, key=int)[::25]:
            page.goto(visits.url(f"classes.html#b={board.slug}&c={number}"))
            settle(page)
            expected = {}
            for entry, table in tables.items():
                share = table[number]
                right = round(share.n * (share.accuracy or 0) / 100)
                expected[entry] = (typeset.fixed(share.accuracy), f"{right} of {share.n}")
            assert shown(page) == expected


def wrong_answers(built: BuiltSite, board: Board, name: str, number: int) -> Counter[str]:
    """What a model said of the images of a class where it was wrong: a class, or a status."""
    classes = built.opened_tasks[board.task].classes
    rows = built.rows(name, board.task)
    answers = to_answers(rows)
    counted = counted_rows(answers, board.protocol)
    right, homes = built.right_images(board, name), built.homes(board)
    labels = next(each for each in built.label_sets(board.task) if each.name == board.headline)
    words = {"oop": "out of prompt"}
    return Counter(
        classes.by_id[int(first)].name
        if counts and first != NO_CLASS
        else words.get(row.status, row.status)
        for row, first, counts in zip(rows, answers.first, counted, strict=True)
        if homes[row.image_id] == number
        and labels.labels.get(row.image_id)
        and row.image_id not in right
    )


def test_the_most_frequent_wrong_answers(visits: Visits, built: BuiltSite) -> None:
    page = visits.open("classes.html")
    outside = 0
    for protocol in ("cw", "cw_plus", "ow", "classify"):
        board = next(each for each in built.site.boards if each.protocol == protocol)
        name = board.rows[0].name
        for number in range(0, 60, 6):
            expected = wrong_answers(built, board, name, number)
            page.goto(visits.url(f"classes.html#b={board.slug}&c={number}"))
            settle(page)
            cell = page.locator(f"tr[data-entry='{name}'] [data-cell=wrong]").inner_text()
            counts = [int(part.rsplit("(", 1)[1][:-1]) for part in cell.split(", ") if "(" in part]
            assert counts == [count for _, count in expected.most_common(3)]
            for text, count in expected.most_common(1):
                top = [each for each, other in expected.items() if other == count]
                assert any(f"{each} ({count})" in cell for each in top), (text, cell)
            outside += "out of prompt" in cell
    assert outside > 0


def test_a_class_is_found_by_name_and_by_keyboard(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    classes = built.opened_tasks[board.task].classes
    wanted = classes.classes[7]
    page = visits.open(f"classes.html#b={board.slug}")
    page.get_by_label("Search a class").focus()
    page.keyboard.type(wanted.name.upper())
    expect(page.locator("#models caption")).to_have_text(f"{wanted.name}, by {board.headline}")
    expect(page.locator("#status")).to_contain_text(f" of {len(classes)} classes match")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Class")).to_be_focused()
    page.get_by_label("Search a class").fill("no such class")
    expect(page.locator("#status")).to_contain_text(f"0 of {len(classes)} classes match")
    assert page.locator("#models").count() == 0


def test_the_address_keeps_the_class(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    page = visits.open(f"classes.html#b={board.slug}")
    first = shown(page)
    page.get_by_role("combobox", name="Class").select_option("9")
    settle(page)
    chosen = shown(page)
    assert page.url.endswith(f"#b={board.slug}&c=9")
    assert shown(visits.open(f"classes.html#b={board.slug}&c=9")) == chosen != first
    page.go_back()
    settle(page)
    assert shown(page) == first


def test_all_classes_of_a_run_by_difficulty(visits: Visits, built: BuiltSite) -> None:
    board = built.board("mini_cw", "cw")
    table = built.per_class(board, "mini")
    page = visits.open(f"confusion.html#b={board.slug}&x=mini")
    rows = page.locator("#all tbody tr")
    assert rows.count() == len(table)
    shown = {}
    for row in rows.all():
        cells = [row.locator(f"[data-cell={key}]").inner_text() for key in ("accuracy", "right")]
        shown[row.get_attribute("data-class")] = tuple(cells)
    expected = {
        key: (
            typeset.fixed(share.accuracy),
            f"{round(share.n * (share.accuracy or 0) / 100)} of {share.n}",
        )
        for key, share in table.items()
    }
    assert shown == expected
    accuracies = [float(each[0]) for each in shown.values()]
    assert accuracies == sorted(accuracies)
    number = int(next(iter(shown)))
    wrong = wrong_answers(built, board, "mini", number)
    cell = rows.first.locator("[data-cell=wrong]").inner_text()
    assert f"({wrong.most_common(1)[0][1]})" in cell
    page.locator("#matrix").click(position={"x": 3, "y": 3})  # the first row is the hardest class
    assert page.get_by_role("combobox", name="Class").input_value() == str(number)
    first = page.locator("#zoom tbody tr").first.locator("td").all_inner_texts()
    assert sum(int(text or 0) for text in first[:-1]) == int(first[-1]) == table[str(number)].n
