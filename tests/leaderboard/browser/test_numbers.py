"""What scripts count, test and format is what Python does."""

import base64
import math
import random

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.stats import norm

from harness.data.image_ids import image_id_of
from harness.leaderboard.pages import typeset
from harness.scores.statistics import holm, mcnemar, wilson
from leaderboard.browser.conftest import Visits

pytestmark = pytest.mark.slow  # many pages are opened; test_pages.py is quick


@pytest.fixture
def page(visits: Visits) -> Page:
    return visits.open("explorer.html")


def values() -> list[float]:
    """Shares of small denominators, where halves of the last digit are frequent, and others."""
    shares = [100 * part / whole for whole in (8, 16, 64, 800, 1234) for part in range(whole + 1)]
    random_ones = random.Random(0)
    others = [random_ones.uniform(-100, 100) for _ in range(2000)]
    return [*shares, *(-share for share in shares), *others, 0.0, -0.0, 0.005, -0.004, 12.125]


def test_numbers_are_formatted_as_on_the_pages(page: Page) -> None:
    given = values()
    assert page.evaluate("all => all.map(x => NUMBERS.accuracy(x))", given) == [
        typeset.fixed(value) for value in given
    ]
    assert page.evaluate("all => all.map(x => NUMBERS.change(x))", given) == [
        typeset.signed(value) for value in given
    ]
    assert page.evaluate("[NUMBERS.accuracy(null), NUMBERS.change(null)]") == [typeset.BLANK] * 2


def test_probabilities_are_formatted_as_on_the_pages(page: Page) -> None:
    given = [0.0, 1e-300, 0.00009999, 0.0001, 0.00015, 0.03125, 0.21875, 0.99996, 1.0]
    assert page.evaluate("all => all.map(p => NUMBERS.probability(p))", given) == [
        typeset.probability(value) for value in given
    ]


def test_mcnemar_equals_python_from_one_image_to_fifty_thousand(page: Page) -> None:
    counts = [(a, b) for a in range(40) for b in range(40)]
    chance = random.Random(1)
    for total in (100, 1000, 5000, 50_000):
        for _ in range(25):
            a = round(total / 2 + chance.gauss(0, 3) * math.sqrt(total) / 2)
            counts.append((a, total - a))
    counts += [(0, 1000), (1, 1000), (400, 1400), (24_000, 26_000), (49_000, 1000)]
    found = page.evaluate("all => all.map(([a, b]) => NUMBERS.mcnemar(a, b))", counts)
    assert found == pytest.approx([mcnemar(a, b) for a, b in counts], rel=1e-9, abs=1e-300)


def test_holm_equals_python(page: Page) -> None:
    chance = random.Random(2)
    given = [[chance.random() ** 4 for _ in range(n)] for n in (1, 2, 7, 300)] + [[], [0.5, 0.5]]
    found = page.evaluate("all => all.map(values => NUMBERS.holm(values))", given)
    assert [pytest.approx(holm(values)) for values in given] == found


def test_wilson_equals_python(page: Page) -> None:
    given = [(right, n) for n in (1, 7, 20, 50_000) for right in sorted({0, 1, n // 3, n})]
    found = page.evaluate("all => all.map(([right, n]) => NUMBERS.wilson(right, n))", given)
    assert found == [pytest.approx(wilson(*each), abs=1e-9) for each in given]


def test_the_interval_of_a_class_holds_the_truth(page: Page) -> None:
    """Bonett and Price, by their formula; and 95 of 100 intervals hold the difference."""
    generator = np.random.default_rng(5)
    for n, cells in ((20, (0.5, 0.2, 0.1, 0.2)), (50, (0.6, 0.05, 0.15, 0.2))):
        drawn = generator.multinomial(n, cells, size=2000)
        counts = [[int(each[1]), int(each[2]), n] for each in drawn]
        found = np.array(
            page.evaluate("all => all.map(each => NUMBERS.pairedInterval(...each))", counts)
        )
        a, b = (drawn[:, 1] + 1) / (n + 2), (drawn[:, 2] + 1) / (n + 2)
        half = norm.ppf(0.975) * np.sqrt((a + b - (a - b) ** 2) / (n + 2))
        assert found == pytest.approx(100 * np.stack([a - b - half, a - b + half], axis=1))
        truth = 100 * (cells[1] - cells[2])
        assert 0.94 < np.mean((found[:, 0] <= truth) & (truth <= found[:, 1])) < 0.98


def test_numbers_and_sets_are_decoded(page: Page) -> None:
    def coded(array: np.ndarray) -> str:
        return base64.b64encode(array.tobytes()).decode()

    small = np.array([-1, 0, 999, -32768, 32767], dtype="<i2")
    large = np.array([0, 1, 2**32 - 1], dtype="<u4")
    generator = np.random.default_rng(0)
    one, two = (generator.random(1003) < 0.3 for _ in range(2))
    packed = [coded(np.packbits(each, bitorder="little")) for each in (one, two)]
    found = page.evaluate(
        """([small, large, one, two]) => {
            const [a, b] = [one, two].map(NUMBERS.bytes);
            return {
                small: [...NUMBERS.int16(small)],
                large: [...NUMBERS.uint32(large)],
                count: NUMBERS.count(a),
                both: NUMBERS.places(NUMBERS.both(a, b)),
                without: NUMBERS.places(NUMBERS.without(a, b)),
                again: NUMBERS.count(NUMBERS.without(
                    a, NUMBERS.bitsOf(1003, place => NUMBERS.has(a, place)))),
            };
        }""",
        [coded(small), coded(large), *packed],
    )
    assert found == {
        "small": small.tolist(),
        "large": large.tolist(),
        "count": int(one.sum()),
        "both": np.flatnonzero(one & two).tolist(),
        "without": np.flatnonzero(one & ~two).tolist(),
        "again": 0,
    }


def test_file_names_mean_the_same_image_as_in_python(page: Page) -> None:
    names = [
        "ILSVRC2012_val_00000293.JPEG",
        "val/n01440764/ILSVRC2012_val_00000293_n01440764.JPEG",
        "photos/cat 1.5.jpg",
        "photos/cat 1.5",
        "folder.png/cat.Webp",
        "a\\b\\cat.tiff",
        ".png",
        "cat.txt",
        "<img src=x onerror=alert(1)>.jpg",
    ]
    found = page.evaluate("all => all.map(name => PICTURES.imageIdOf(name))", names)
    assert found == [image_id_of(name) for name in names]


def test_names_are_cut_as_on_the_pages(page: Page) -> None:
    names = [
        "plain",
        "  two\n\twords ",
        "W" * 48,
        "W" * 49,
        "\N{GRINNING FACE}" * 60,
        "word " * 20,
        "\N{RIGHT-TO-LEFT OVERRIDE}gnol\N{ZERO WIDTH JOINER}\N{SOFT HYPHEN}\x00",
        "",
    ]
    found = page.evaluate("all => all.map(name => HARNESS.cut(name, 48))", names)
    assert found == [typeset.cut(name, 48) for name in names]
