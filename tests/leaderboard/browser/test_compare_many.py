"""The page that compares three to five runs against plain loops over their right images."""

from collections import Counter
from itertools import combinations
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.scores.statistics import holm, mcnemar, wilson
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle
from leaderboard.browser.test_pages import NARROW
from support.barriers import barriers


class Run(NamedTuple):
    board: Board
    name: str

    @property
    def key(self) -> str:
        return f"{self.board.slug}:{self.name}"


def runs_of(built: BuiltSite) -> list[Run]:
    """All models of the largest board, and one of another."""
    board, other = built.largest_board, built.board("mini_cw", "cw_plus")
    return [*(Run(board, row.name) for row in board.rows[:3]), Run(other, "mini")]


def address(runs: list[Run], **more: object) -> str:
    a, b, *others = runs
    view = {"b": a.board.slug, "x": a.name, "y": b.name, "r": ",".join(each.key for each in others)}
    if b.board is not a.board:
        view["d"] = b.board.slug
    return "compare.html#" + urlencode(view | more)


def cells(page: Page, row: str) -> dict[str, str]:
    found = page.locator(f"#result tr{row} [data-cell]")
    return {each.get_attribute("data-cell") or "": each.inner_text() for each in found.all()}


def chosen(page: Page) -> list[str]:
    """The runs in the controls."""
    values = "all => all.map(each => each.value)"
    runs = page.locator("#runs .run").all()
    return [":".join(run.locator("select").evaluate_all(values)) for run in runs]


def rights(built: BuiltSite, runs: list[Run]) -> tuple[list[set[str]], set[str]]:
    """The images that each has right, and those that all have scored."""
    labels = next(
        each for each in built.label_sets(runs[0].board.task) if each.name == runs[0].board.headline
    )
    scored = {image_id for image_id, ids in labels.labels.items() if ids}
    return [built.right_images(run.board, run.name) & scored for run in runs], scored


def python_pairs(built: BuiltSite, board: Board) -> dict[frozenset[str], tuple[float, float]]:
    """The intervals of the build, by the keys of two runs: of the first less the second by name."""
    (benchmark,) = [each for each in built.site.benchmarks if each.name == board.benchmark]
    assert benchmark.crossed is not None
    pairs = [(pair.a, pair.b, pair.ci95) for pair in benchmark.crossed]
    for each in built.site.boards:
        pairs += [(f"{each.slug}:{p.a}", f"{each.slug}:{p.b}", p.ci95) for p in each.pairs]
    found = {}
    for a, b, ends in pairs:
        low, high = ends or (0.0, 0.0)
        found[frozenset((a, b))] = (low, high) if a < b else (-high, -low)
    return found


def test_accuracies_pairs_and_patterns_are_those_of_plain_loops(
    visits: Visits, built: BuiltSite
) -> None:
    runs = runs_of(built)
    right, scored = rights(built, runs)
    n = len(scored)
    page = visits.open(address(runs))
    expect(page.locator("#status")).to_contain_text(f"{n} of {len(built.images(runs[0].board))}")
    for letter, run, mine in zip("ABCD", runs, right, strict=True):
        shown = cells(page, f"[data-side={letter}]")
        row = built.row(run.board, run.name)
        assert shown["accuracy"] == typeset.fixed(row.headline.accuracy)
        assert shown["interval"] == typeset.between(wilson(len(mine), n))
        assert (shown["right"], shown["scored"]) == (str(len(mine)), str(n))
    places = list(combinations(range(len(runs)), 2))
    only = [(len(right[i] - right[j]), len(right[j] - right[i])) for i, j in places]
    corrected = holm([mcnemar(*each) for each in only])
    intervals = python_pairs(built, runs[0].board)
    for (i, j), (first, second), p in zip(places, only, corrected, strict=True):
        shown = cells(page, f"[data-pair={'ABCD'[i]}{'ABCD'[j]}]")
        low, high = intervals[frozenset((runs[i].key, runs[j].key))]
        ends = (low, high) if runs[i].key < runs[j].key else (-high, -low)
        assert shown == {
            "delta": typeset.signed(100 * (first - second) / n),
            "interval": typeset.between_signed(ends),
            "holm": typeset.probability(p),
            "p": typeset.probability(mcnemar(first, second)),
            "onlyA": str(first),
            "onlyB": str(second),
            "n": str(n),
        }
    patterns = Counter(
        "".join(letter for letter, mine in zip("ABCD", right, strict=True) if image in mine)
        or "none"
        for image in scored
    )
    ranked = sorted(patterns.items(), key=lambda each: (-each[1], each[0]))
    rows = page.locator("#patterns tbody tr")
    listed = [each.get_attribute("data-pattern") for each in rows.all()]
    assert listed == [key for key, _ in ranked[:10]] + ["rest"] * (len(ranked) > 10)
    for key, count in ranked[:10]:
        shown = cells(page, f"[data-pattern={key}]")
        assert shown == {"n": str(count), "share": typeset.fixed(100 * count / n)}
    counts = [int(each) for each in page.locator("#patterns [data-cell=n]").all_inner_texts()]
    assert sum(counts) == n


@pytest.mark.slow
def test_pictures_of_a_chosen_pattern_and_the_way_back(visits: Visits, built: BuiltSite) -> None:
    runs = runs_of(built)[:3]
    right, scored = rights(built, runs)
    page = visits.open(address(runs))
    page.locator("#patterns").get_by_role("link", name="only A right").press("Enter")
    settle(page)
    assert page.url.endswith("&p=A")
    alone = sorted((right[0] - right[1] - right[2]) & scored)
    expect(page.locator("#pictured h3")).to_have_text(f"Images: only A right ({len(alone)})")
    assert page.locator("#pictured li a").all_inner_texts() == alone[:50]
    page.locator("#pictured li a").first.click()
    expect(page.locator("#single h2")).to_have_text(f"Image {alone[0]}")
    headline = runs[0].board.headline
    told = [text.strip() for text in page.locator(".side .by-set").all_inner_texts()]
    assert [text for text in told if text.startswith(headline)] == [
        f"{headline}: right",
        f"{headline}: wrong",
    ]
    page.go_back()
    settle(page)
    page.locator("#pairs").get_by_role("link", name="A − C").click()
    settle(page)
    expect(page.locator("#square")).to_be_visible()
    assert cells(page, "")["onlyA"] == str(len((right[0] - right[2]) & scored))


@pytest.mark.slow
def test_runs_are_added_and_removed_by_keys_and_stand_in_the_address(
    visits: Visits, built: BuiltSite
) -> None:
    page = visits.open("compare.html")
    add = page.get_by_role("button", name="Add a run")
    for letter in "CDE":
        add.press("Enter")
        expect(page.get_by_role("combobox", name=f"Ranking of {letter}")).to_be_focused()
        settle(page)
    expect(add).to_be_disabled()
    assert page.locator("#accuracies tbody tr").count() == 5
    keys = chosen(page)
    assert len(set(keys)) == 5
    again = visits.open(page.url.rsplit("/", 1)[1])
    assert again.locator("#patterns").inner_text() == page.locator("#patterns").inner_text()
    page.get_by_role("button", name="Remove B").press("Enter")
    expect(add).to_be_focused()
    settle(page)
    assert chosen(page) == [keys[0], *keys[2:]]
    page.get_by_role("combobox", name="Label group").select_option("S+")
    settle(page)
    group = next(built.groups(board) for board in built.site.boards)
    assert cells(page, "[data-side=A]")["scored"] == str(list(group.values()).count("S+"))
    expect(page.locator("#result")).to_contain_text("Intervals of the whole are computed")
    assert cells(page, "[data-pair=AB]")["interval"] == ""
    page.go_back()
    page.go_back()
    settle(page)
    assert page.locator("#accuracies tbody tr").count() == 5


@pytest.mark.slow
def test_unknown_runs_of_an_address_are_left_out(visits: Visits, built: BuiltSite) -> None:
    runs = runs_of(built)[:2]
    page = visits.open(address(runs, r="gone:gone,%3Cscript%3E", p="XYZ"))
    expect(page.locator("#square")).to_be_visible()
    assert "gone" not in page.url and "XYZ" not in page.url


@pytest.mark.slow
def test_many_runs_have_no_barriers_wide_or_narrow(visits: Visits, built: BuiltSite) -> None:
    page = visits.open(address(runs_of(built)), color_scheme="light")
    assert barriers(page) == ""
    page.emulate_media(color_scheme="dark")
    assert barriers(page) == ""
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert barriers(page) == ""
