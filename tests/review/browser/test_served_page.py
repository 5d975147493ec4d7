"""The annotators' page in a real Chromium, from `harness review serve`."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.review.answers import read_answers
from harness.review.queue import Queue
from review.browser.conftest import Opener, assert_fit, press, rows_in
from review.browser.sitting import found_in, sit
from support.review_folder import make_folder
from support.review_server import served


def test_twenty_images_by_keyboard_alone_through_a_server_that_is_killed(
    annotator: Opener, tmp_path: Path
) -> None:
    """What is answered while the server is away is kept by the page, and sent when it is back."""
    queue = make_folder(tmp_path, "blind")
    path = tmp_path / "answers" / "ann.jsonl"
    with served(tmp_path) as server:
        person = annotator(tmp_path, server.address)
        page = person.open(link=server.link("ann"))
        chosen = sit(page, queue, tmp_path)
        expect(page.locator("#saved")).to_have_text("Saved")
        rows = rows_in(path.read_bytes())
        assert_fit(queue, rows)
        assert (len(rows), found_in(rows)) == (20, chosen)

        server.kill()
        person.complaints.clear()
        press(page, "z", "n")
        page.keyboard.press("Enter")
        expect(page.locator("#saved")).to_contain_text("Not saved yet: 1 kept in this browser")
        assert len(rows_in(path.read_bytes())) == 20
    refused = [each for each in person.complaints if "ERR_CONNECTION_REFUSED" in each]
    with served(tmp_path, int(server.address.rpartition(":")[2])) as server:
        # It asks again within 15 s.
        expect(page.locator("#saved")).to_have_text("Saved", timeout=30_000)
        assert [row.status for row in rows_in(path.read_bytes())[20:]] == ["none"]
        assert len(refused) > 0
        person.complaints.clear()  # of the browser about the server that was away

        other = annotator(tmp_path, server.address)  # another machine
        page = other.open(link=server.link("ann"))
        expect(page.locator("#progress")).to_contain_text("20 of 20 answered")
        press(page, "z")
        expect(page.locator("#none")).to_be_checked()
        for each in (person, other):
            each.context.close()  # before the server goes away under them
    assert len(read_answers(queue, tmp_path).rows) == 21


@pytest.mark.slow
def test_only_the_owner_of_a_token_gets_in_and_sources_come_after_the_first_answer(
    annotator: Opener, tmp_path: Path
) -> None:
    make_folder(tmp_path, "blind_then_shown", n=4)
    queue = Queue.read(tmp_path)
    with served(tmp_path) as server:
        person = annotator(tmp_path, server.address)
        asked: list[str] = []
        person.context.on("request", lambda request: asked.append(request.url))
        page = person.open(link=server.link("bob"))
        press(page, "1")
        assert (page.locator(".source").count(), [each for each in asked if "shown" in each]) == (
            0,
            [],
        )
        page.keyboard.press("Enter")
        expect(page.locator(".source").first).to_be_visible()
        press(page, "Enter")
        expect(page.locator("#saved")).to_have_text("Saved")
        rows = rows_in((tmp_path / "answers" / "bob.jsonl").read_bytes())
        assert_fit(queue, rows)
        assert [row.pass_ for row in rows] == ["blind", "shown"]
        assert not any(server.tokens["bob"] in each for each in asked)  # in no log of a proxy

        stranger = annotator(tmp_path, server.address)
        for link in (
            f"{server.address}/#token=wrong",
            f"{server.address}/?token=wrong",
            server.address,
        ):
            page = stranger.open(None, link=None)
            page.goto(link)
            expect(page.locator("body")).to_contain_text("This address is not valid")
            page.close()
        said = ("console: Failed to load", "console: Refused to execute")
        assert all(each.startswith(said) for each in stranger.complaints)
        stranger.complaints.clear()  # the browser says of each refusal that it was one
    assert [each.name for each in (tmp_path / "answers").iterdir()] == ["bob.jsonl"]
