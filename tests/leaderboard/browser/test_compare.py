"""The page that compares two models says what Python says of them, whole and by slice."""

from itertools import combinations, permutations
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from harness.leaderboard.numbers.pairs import Pair
from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.scores.compare import Comparison, Side, compare
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits, settle


def address(board: Board, a: str, b: str, **more: object) -> str:
    return "compare.html#" + urlencode({"b": board.slug, "x": a, "y": b, **more})


def cell(page: Page, key: str) -> str:
    return page.locator(f"#result [data-cell={key}]").first.inner_text()


def shown(page: Page) -> dict[str, object]:
    keys = ("right", "onlyA", "onlyB", "wrong")
    texts = ("accuracyA", "accuracyB", "delta", "p")
    return {key: int(cell(page, key)) for key in keys} | {key: cell(page, key) for key in texts}


def expected(found: Comparison, interval: str = "") -> dict[str, object]:
    """What is shown of Python's comparison: A − B."""
    return {
        "right": found.both_right,
        "onlyA": found.only_a,
        "onlyB": found.only_b,
        "wrong": found.both_wrong,
        "accuracyA": typeset.fixed(found.accuracy_a),
        "accuracyB": typeset.fixed(found.accuracy_b),
        "delta": typeset.signed(found.delta) + interval,
        "p": typeset.probability(found.p_mcnemar),
    }


def compared(
    built: BuiltSite, board: Board, names: tuple[str, str], ids: set[str], labels: str
) -> Comparison:
    """Compare two entries on some images, by the harness's own comparison of two runs."""
    a, b = (
        Side(
            name,
            board.protocol,
            [row for row in built.rows(name, board.task) if row.image_id in ids],
        )
        for name in names
    )
    sets = {each.name: each for each in built.label_sets(board.task)}
    original = sets[board.original] if board.original else None
    return compare(a, b, sets[labels], built.equivalences(board.task), original)


def interval_of(pair: Pair, turned: bool) -> str:
    if pair.ci95 is None:
        return ""
    low, high = pair.ci95
    return " " + typeset.between_signed((-high, -low) if turned else (low, high))


@pytest.mark.slow
def test_every_pair_of_a_board_in_both_orders(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    everything = set(built.images(board))
    pairs = {(pair.a, pair.b): pair for pair in board.pairs}
    page = visits.open("compare.html")
    for names in permutations([row.name for row in board.rows], 2):
        page.goto(visits.url(address(board, *names)))
        settle(page)
        turned = names not in pairs
        pair = pairs[names[::-1] if turned else names]
        found = compared(built, board, names, everything, board.headline)
        assert shown(page) == expected(found, interval_of(pair, turned))
        assert cell(page, "holm") == typeset.probability(pair.p_holm)
        assert int(cell(page, "onlyB" if turned else "onlyA")) == pair.only_a


@pytest.mark.slow
def test_an_mllm_and_a_classifier_are_compared_as_by_the_command(
    visits: Visits, built: BuiltSite
) -> None:
    """Of two rankings, in both orders; the interval and Holm over all runs are Python's."""
    one, two = built.board("mini_cw", "cw"), built.board("mini_classify", "classify")
    (benchmark,) = [each for each in built.site.benchmarks if each.name == one.benchmark]
    assert benchmark.crossed is not None
    names = (f"{one.slug}:mini", f"{two.slug}:mini_dual")
    (pair,) = [each for each in benchmark.crossed if {each.a, each.b} == set(names)]
    sets = {each.name: each for each in built.label_sets(one.task)}
    sides = [
        Side(name, board.protocol, built.rows(name, board.task))
        for name, board in (("mini", one), ("mini_dual", two))
    ]
    found = compare(
        *sides, sets[one.headline], built.equivalences(one.task), sets[str(one.original)]
    )
    assert pair.ci95 == pytest.approx(found.ci95)
    page = visits.open(address(one, "mini", "mini_dual", d=two.slug))
    settle(page)
    assert shown(page) == expected(found, interval_of(pair, turned=False))
    assert cell(page, "holm") == typeset.probability(pair.p_holm)
    low, high = (typeset.fixed(-end) for end in reversed(pair.ci95 or (0, 0)))
    words = f"B is better than A by {typeset.fixed(-(found.delta or 0))} points"
    expect(page.locator("#verdict")).to_contain_text(f"{words} (95 % CI [{low}, {high}]), Holm p")
    for table in ("wrong", "right"):
        for key, total in (("onlyA", found.only_a), ("onlyB", found.only_b)):
            cells = page.locator(f"#{table} [data-cell={key}]").all_inner_texts()
            assert sum(map(int, cells)) == total
    page.get_by_role("button", name="Swap A and B").click()
    settle(page)
    assert f"#b={two.slug}&x=mini_dual&d={one.slug}&y=mini" in page.url
    assert cell(page, "delta") == typeset.signed(-(found.delta or 0)) + interval_of(pair, True)


@pytest.mark.parametrize("labels", ["mini_regt", pytest.param("mini_imgt", marks=pytest.mark.slow)])
def test_slices_are_recounted_as_in_python(visits: Visits, built: BuiltSite, labels: str) -> None:
    board = built.largest_board
    a, b = next(combinations([row.name for row in board.rows], 2))
    page = visits.open("compare.html")
    groups, homes = built.groups(board), built.homes(board)
    some = sorted(set(homes.values()))[::17]
    slices = [{"g": group, "c": ""} for group in ("S+", "S-", "M+", "M-", "S", "M")]
    slices += [{"g": "", "c": number} for number in some]
    slices += [{"g": "S+", "c": number} for number in some[:2]]
    checked = 0
    for view in slices:
        ids = {
            image
            for image in built.images(board)
            if groups[image].startswith(str(view["g"])) and view["c"] in ("", homes[image])
        }
        found = compared(built, board, (a, b), ids, labels)
        page.goto(visits.url(address(board, a, b, l=labels, **view)))
        settle(page)
        assert shown(page) == expected(found)
        checked += found.n
    assert checked > 1000


def test_the_tables_of_slices_lead_to_the_slices(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    a, b = (row.name for row in board.rows[:2])
    page = visits.open(address(board, a, b))
    for table in ("groups", "classes"):
        row = page.locator(f"#{table} tbody tr").first
        n, delta = (row.locator(f"[data-cell={key}]").inner_text() for key in ("n", "delta"))
        row.get_by_role("link").click()
        expect(page.locator("#status")).to_contain_text(f"{n} of ")
        assert cell(page, "delta") == delta
        page.go_back()
        settle(page)


def test_images_where_they_differ_open_in_the_explorer(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    a, b = (row.name for row in board.rows[:2])
    page = visits.open(address(board, a, b))
    listed = page.locator("#onlyA li a").all_inner_texts()
    rights = [built.right_images(board, name) for name in (a, b)]
    assert listed == sorted(rights[0] - rights[1])[:50]
    page.locator("#onlyA li a").first.click()
    expect(page.locator("#single h2")).to_have_text(f"Image {listed[0]}")
    verdicts = page.locator(".side .by-set").all_inner_texts()
    assert [f"{board.headline}: right", f"{board.headline}: wrong"] == [
        text.strip() for text in verdicts if text.startswith(board.headline)
    ]


def test_controls_write_the_address_and_back_undoes(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    a, b = (row.name for row in board.rows[:2])
    page = visits.open(address(board, a, b))
    page.get_by_role("combobox", name="Label group").select_option("S+")
    settle(page)
    assert page.url.endswith(f"#b={board.slug}&x={a}&y={b}&g=S%2B")
    page.get_by_role("button", name="Swap A and B").press("Enter")
    settle(page)
    assert page.url.endswith(f"#b={board.slug}&x={b}&y={a}&g=S%2B")
    before = shown(page)
    again = visits.open(page.url.rsplit("/", 1)[1])
    assert shown(again) == before
    page.go_back()
    expect(page.get_by_role("combobox", name="Model A")).to_have_value(a)
    page.go_back()
    expect(page.get_by_role("combobox", name="Label group")).to_have_value("")
    page.go_forward()
    expect(page.get_by_role("combobox", name="Label group")).to_have_value("S+")


@pytest.mark.slow
def test_an_address_of_what_is_gone_shows_what_there_is(visits: Visits, built: BuiltSite) -> None:
    page = visits.open("compare.html#b=gone&x=%3Cscript%3E&y=gone&l=gone&g=gone&c=gone")
    expect(page.locator("#square")).to_be_visible()
    assert "gone" not in page.url
