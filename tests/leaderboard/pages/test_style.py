"""Colours of the style sheet have enough contrast in both schemes (WCAG 2.1, AA)."""

import re

import pytest

from harness.specs.catalogue import own_root

STYLE = (own_root() / "leaderboard" / "static" / "style.css").read_text("utf-8")
TEXTS = [
    ("ink", "paper"), ("ink", "raised"), ("soft", "paper"), ("soft", "raised"), ("link", "paper"),
    ("link", "raised"), ("good", "paper"), ("bad", "paper"), ("good", "raised"), ("bad", "raised"),
    ("on-right-right", "right-right"), ("on-wrong-right", "wrong-right"),
    ("on-right-wrong", "right-wrong"), ("on-wrong-wrong", "wrong-wrong"),
    ("on-no-class", "no-class"), ("on-pale", "t0"), ("on-pale", "t1"), ("on-pale", "t2"),
    ("on-middle", "t3"), ("on-deep", "t4"),
]  # fmt: skip
SHAPES = [
    (name, ground)
    for name in ("mllm", "dual", "supervised", "knn", "strong-rule", "focus")
    for ground in ("paper", "raised")
]


def variables(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.S)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {}
    )


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_shapes_stand_out(scheme: str) -> None:
    colours = variables(scheme)
    for pairs, least in ((TEXTS, 4.5), (SHAPES, 3.0)):
        for name, ground in pairs:
            assert contrast(colours[name], colours[ground]) >= least, (name, ground)


def test_dark_gives_every_colour_that_light_has() -> None:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.S)[:2]
    names = [set(re.findall(r"--([\w-]+):", part)) for part in (light, dark)]
    assert names[0] == names[1]


def test_style_asks_nothing_of_the_network() -> None:
    assert "@import" not in STYLE and "url(" not in STYLE
