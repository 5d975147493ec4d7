"""The page of suspect labels, and reports of labels."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.leaderboard.entries.branding import Branding
from harness.leaderboard.numbers.benchmark import Control, Suspect, Suspects, Voter
from harness.leaderboard.numbers.site_model import Site
from harness.leaderboard.pages.views import render, report_address
from harness.specs.site import SiteSpec
from leaderboard.pages.reading import Element, assert_inert, read_all
from leaderboard.pages.results_builder import CLASS_NAMES
from leaderboard.pages.site_builder import make_site

REPOSITORY = "https://github.com/example/benchmark/"
SITE = make_site(3)


def voters(n: int) -> tuple[Voter, ...]:
    board = SITE.boards[0]
    return tuple(
        Voter(board.slug, row.name, row.model, row.kind, 70.0 - place, place == 2)
        for place, row in enumerate(board.rows[:n])
    )


def doubted(n_voters: int, n_images: int, control: Control | None) -> Site:
    images = tuple(
        Suspect(f"toy_{place:05d}", (place % 3, 5), 3 + place % 2, n_voters)
        for place in range(n_images)
    )
    benchmark = replace(SITE.benchmarks[0], suspects=Suspects(voters(n_voters), images, control))
    return replace(SITE, benchmarks=(benchmark,))


def pages(site: Site, folder: Path) -> dict[str, Element]:
    render(site, folder)
    return read_all(folder)


def test_images_votes_and_the_control_are_told(tmp_path: Path) -> None:
    control = Control(voters(3), n=80, confirmed=60, gone=40, n_all=1000, gone_all=110)
    page = pages(doubted(3, 230, control), tmp_path)["suspects.html"]
    assert_inert(page)
    (gallery,) = page.find_all("ul", class_="gallery suspects")
    items = gallery.find_all("li")
    assert len(items) == 200
    assert "230 of 1,280 images under toy_regt; the first 200 are below" in page.text
    facts = [
        (dt.text, dd.text) for dt, dd in zip(*map(items[1].find_all, ("dt", "dd")), strict=True)
    ]
    assert facts == [
        ("Labels", "grey wolf, projectile"),
        ("Models", "missile"),
        ("Votes", "3 of 3 models"),
    ]
    a, b = (f"{each.board}%3A{each.entry}" for each in voters(2))
    (link,) = items[1].find_all("a")
    assert link.attributes["href"] == f"explorer.html#a={a}&b={b}&i=toy_00001"
    assert "have the class that the models name in 60 of these 80 (75.00 %)" in page.text
    assert "in 40 of them (50.00 %), and in 110 of all images (11.00 %)" in page.text
    assert "1 of the 3 votes are claims" in page.text
    (table,) = page.find_all("table")
    assert [row.find_all("th")[0].text for row in table.find_all("tr")[1:]] == [
        each.model for each in voters(3)
    ]


@pytest.mark.parametrize(("n_voters", "n_images"), [(2, 0), (3, 0)])
def test_what_is_not_known_is_said(tmp_path: Path, n_voters: int, n_images: int) -> None:
    page = pages(doubted(n_voters, n_images, None), tmp_path)["suspects.html"]
    assert not page.find_all("ul", class_="gallery suspects")
    few = "Too few models for this rule: 2 of the 3 that it needs"
    unknown = "How often this rule is right is not known here"
    assert (few in page.text, unknown in page.text) == (n_voters == 2, n_voters == 3)


def test_a_report_is_an_issue_filled_in(tmp_path: Path) -> None:
    branding = Branding(SiteSpec(repository=REPOSITORY))
    site = replace(doubted(3, 2, None), branding=branding)
    found = pages(site, tmp_path)
    for name, wanted in (("suspects", "tiger cat (named by 3 of 3 models)"), ("labels", "")):
        links = [
            each.attributes["href"]
            for each in found[f"{name}.html"].find_all("a")
            if "Report the label" in each.text
        ]
        address = urlsplit(links[0])
        assert address.geturl().startswith("https://github.com/example/benchmark/issues/new?")
        query = parse_qs(address.query)
        assert query["title"] == ["Label of toy_00000 (toy)"]
        lines = query["body"][0].split("\n")
        assert lines[:2] == ["Image: toy_00000", "Benchmark: toy"]
        assert lines[-1] == f"Suggested labels: {wanted}"
        sets = {"labels": ["toy_imgt", "toy_regt"], "suspects": ["toy_regt"]}[name]
        assert [line.split(":")[0] for line in lines[2:-1]] == [f"Labels of {s}" for s in sets]
        assert all(any(each in line for each in CLASS_NAMES) for line in lines[2:-1])
    assert "data-repository" in (tmp_path / "explorer.html").read_text()


def test_without_a_repository_no_page_links_to_issues(tmp_path: Path) -> None:
    render(doubted(3, 2, None), tmp_path)
    for path in tmp_path.glob("*.html"):
        assert "issues/new" not in path.read_text(), path.name


def test_a_report_holds_what_an_address_could_be_broken_by() -> None:
    benchmark = SITE.benchmarks[0]
    image_id = "a&body=b#c\n\N{RIGHT-TO-LEFT OVERRIDE}é" + "x" * 300
    address = report_address(REPOSITORY, benchmark, image_id, {"toy_imgt": ()}, "100 % +1")
    assert address is not None
    query = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert set(query) == {"title", "body"}
    shown, *_, last_but_one, last = query["body"][0].split("\n")
    assert shown.startswith("Image: a&body=b#c \N{REPLACEMENT CHARACTER}éxxx")
    assert len(shown) == len("Image: ") + 200
    assert (last_but_one, last) == ("Labels of toy_imgt: no label", "Suggested labels: 100 % +1")
    assert report_address(None, benchmark, image_id, {}) is None
