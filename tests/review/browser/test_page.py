"""The annotators' page in a real Chromium, opened from the disk."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.review.queue import Queue
from review.browser.conftest import Opener, assert_fit, downloaded, press, settle, stored
from review.browser.sitting import found_in, sit
from support.review_folder import NAMES, make_folder

HARM = "<img src=x onerror=\"document.title='hurt'\"><script>document.title='hurt'</script>"


def test_twenty_images_by_keyboard_alone(annotator: Opener, blind: Path) -> None:
    queue = Queue.read(blind)
    page = annotator(blind).open()
    chosen = sit(page, queue, blind)
    rows = downloaded(page)
    assert_fit(queue, rows)
    assert (len(rows), found_in(rows)) == (20, chosen)
    assert all(0 <= (row.seconds or 0) < 60 for row in rows)


def test_answers_are_there_after_closing_and_on_another_machine(
    annotator: Opener, blind: Path, tmp_path: Path
) -> None:
    person = annotator(blind)
    page = person.open()
    press(page, "1", "Enter", "2", "Enter", "n", "Enter")
    rows = downloaded(page)
    page.close()
    page = person.open()
    expect(page.locator("#progress")).to_contain_text("3 of 20 answered · image 4")
    press(page, "ArrowLeft", "ArrowLeft")
    expect(page.locator("#candidates input").nth(1)).to_be_checked()

    file = tmp_path / "ann.jsonl"
    text = "".join(row.line() for row in rows)
    file.write_text(text + text[:40])  # cut off in its last line
    other = annotator(blind).open(None)
    other.get_by_label("ann").check()
    other.locator("#import").set_input_files(file)
    other.get_by_role("button", name="Start").click()
    settle(other)
    expect(other.locator("#notice")).to_contain_text("3 answers taken from the file; its last line")
    expect(other.locator("#progress")).to_contain_text("3 of 20 answered · image 4")
    assert downloaded(other) == rows


@pytest.mark.slow
def test_a_file_of_another_person_or_queue_is_refused_whole(
    annotator: Opener, blind: Path, tmp_path: Path
) -> None:
    page = annotator(blind).open()
    press(page, "1", "Enter", "2", "Enter")
    rows = downloaded(page)
    wrong = [
        (rows[1].model_copy(update={"annotator": "bob"}), "is an answer of bob"),
        (rows[1].model_copy(update={"queue_sha256": "0"}), "belongs to another queue"),
        (rows[1].model_copy(update={"image_id": "x"}), "is about an image that you do not have"),
    ]
    other = annotator(blind).open(None)
    other.get_by_label("ann").check()
    for row, says in wrong:
        file = tmp_path / "ann.jsonl"
        file.write_text(rows[0].line() + row.line())
        other.locator("#import").set_input_files(file)
        other.get_by_role("button", name="Start").click()
        expect(other.locator("#notice")).to_contain_text(f"Line 2 of the file {says}; nothing was")
        assert stored(other) == 0


@pytest.mark.slow
def test_undo_takes_back_changes_then_answers(annotator: Opener, blind: Path) -> None:
    page = annotator(blind).open()
    press(page, "1", "2", "z")
    expect(page.locator("#candidates :checked")).to_have_count(1)
    press(page, "Enter", "2", "Enter", "z")
    expect(page.locator("#progress")).to_contain_text("image 2")
    expect(page.locator("#candidates input").nth(1)).to_be_checked()
    press(page, "Control+z")
    expect(page.locator("#progress")).to_contain_text("image 1")
    press(page, "n")
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_contain_text("image 3")
    rows = downloaded(page)
    assert [row.status for row in rows] == ["labelled", "labelled", "none"]
    assert rows[0].image_id == rows[2].image_id


def test_two_tabs_of_one_person_lose_nothing(annotator: Opener, blind: Path) -> None:
    person = annotator(blind)
    one, two = person.open(), person.open()
    press(one, "1", "Enter", "1", "Enter")
    expect(two.locator("#progress")).to_contain_text("2 of 20 answered · image 1")
    expect(two.locator("#candidates :checked")).to_have_count(1)  # what the other tab said
    press(two, *["ArrowRight"] * 10)
    for page in (one, two) * 3:
        press(page, "2", "Enter")
    assert stored(one) == 8
    assert downloaded(one) == downloaded(two)


@pytest.mark.slow
def test_without_localstorage_answers_stay_in_the_page_and_it_says_so(
    annotator: Opener, blind: Path
) -> None:
    person = annotator(blind)
    full = (
        "Storage.prototype.setItem = () => { throw new DOMException('x', 'QuotaExceededError'); }"
    )
    person.context.add_init_script(full)
    page = person.open()
    press(page, "1", "Enter", "2", "Enter")
    expect(page.locator("#saved")).to_contain_text("This browser keeps nothing (QuotaExceeded")
    assert (stored(page), len(downloaded(page))) == (0, 2)
    page.evaluate("Storage.prototype.setItem = function (key, text) { this[key] = text; }")
    press(page, "1", "Enter")  # there is room again: the earlier ones are kept, too
    expect(page.locator("#saved")).to_have_text("Saved in this browser")
    assert stored(page) == 3


@pytest.mark.slow
def test_hidden_time_does_not_count(annotator: Opener, blind: Path) -> None:
    person = annotator(blind)
    person.context.clock.install()
    page = person.open()
    hide = "Object.defineProperty(document, 'hidden', { value: %s, configurable: true });"
    hide += "document.dispatchEvent(new Event('visibilitychange'))"
    for is_hidden, seconds in ((False, 60), (True, 3600), (False, 30)):
        page.evaluate(hide % str(is_hidden).lower())
        person.context.clock.run_for(1000 * seconds)
    press(page, "1", "Enter")
    (row,) = downloaded(page)
    assert row.seconds is not None
    assert 90 <= row.seconds < 100


@pytest.mark.slow
def test_images_come_from_a_folder_that_is_chosen(annotator: Opener, tmp_path: Path) -> None:
    make_folder(tmp_path, n=4, has_images=False)
    (tmp_path / "pictures" / "image_02.jpg").unlink()
    page = annotator(tmp_path).open(None)
    page.get_by_label("ann").check()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_have_text("Choose the folder with the images first.")
    page.locator("#folder").set_input_files(tmp_path / "pictures")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_contain_text("3 of 4 images are in the chosen folder.")
    seen = []
    for _ in range(4):
        settle(page)
        seen.append(
            page.locator("#no_picture").inner_text()
            if page.locator("#no_picture:visible").count()
            else ""
        )
        page.keyboard.press("ArrowRight")
    assert sorted(filter(None, seen)) == ["image_02.jpg is not in the chosen folder."]
    assert page.evaluate("document.getElementById('picture').src").startswith("blob:")


def test_the_first_answer_is_locked_before_the_sources_are_loaded(
    annotator: Opener, tmp_path: Path
) -> None:
    queue = make_folder(tmp_path, "blind_then_shown", n=4)
    page = annotator(tmp_path).open()
    loaded = "[...document.scripts].some((each) => each.src.endsWith('ann.shown.js'))"
    press(page, "1")
    assert (page.evaluate(loaded), page.locator(".source").count()) == (False, 0)
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_text("And now that you see the sources?")
    expect(page.locator(".source").first).to_be_visible()
    expect(page.locator("#hint")).to_contain_text("Your first answer is kept")
    press(page, "2", "Enter", "z")  # back to the second answer, never to the first
    expect(page.locator("#candidates :checked")).to_have_count(2)
    expect(page.locator("#question")).to_have_text("And now that you see the sources?")
    rows = downloaded(page)
    assert_fit(queue, rows)
    assert [(row.pass_, len(row.labels)) for row in rows] == [("blind", 1), ("shown", 2)]


@pytest.mark.slow
def test_an_adjudication_shows_answers_without_names_and_asks_why(
    annotator: Opener, tmp_path: Path
) -> None:
    queue = make_folder(tmp_path, "adjudicate", n=4)
    page = annotator(tmp_path).open()
    expect(page.locator("#votes li")).to_have_text(
        [
            "Answer A: tench, red fox" + "Both are in it, the second at the edge.",
            "Answer B: sea lion",
            "Answer C: not sure",
        ]
    )
    press(page, "1", "Enter")
    expect(page.locator("#notice")).to_have_text("Give the reason for your answer.")
    page.keyboard.type("the fins")
    press(page, "Control+Enter")
    expect(page.locator("#progress")).to_contain_text("1 of 4")
    rows = downloaded(page)
    assert_fit(queue, rows)
    assert [(row.pass_, row.comment) for row in rows] == [("adjudicate", "the fins")]


def test_names_and_comments_that_mean_harm_are_inert(annotator: Opener, tmp_path: Path) -> None:
    make_folder(tmp_path, "shown", n=4, names=(HARM, *NAMES[1:5], "‮" + "x" * 300))
    person = annotator(tmp_path, viewport={"width": 375, "height": 740})
    page = person.open()
    press(page, "1", "c")
    page.keyboard.type(HARM)
    half = "(field) => { field.value += '\\ud83d'; field.dispatchEvent(new Event('input')); }"
    page.locator("#comment").evaluate(half)  # of a pasted text that was cut at 2,000
    press(page, "Escape", "/")
    page.keyboard.type("img src")
    expect(page.locator("#found [role=option]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    press(page, "Escape", "Enter")
    assert downloaded(page)[0].comment == HARM + "\ufffd"
    page.close()
    page = person.open()
    press(page, "ArrowLeft")
    assert page.locator("#comment").input_value() == HARM + "\ufffd"
    assert page.title() != "hurt"
    assert page.evaluate("document.querySelectorAll('[onerror], main script').length") == 0
