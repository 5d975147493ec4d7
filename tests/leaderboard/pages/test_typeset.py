"""Numbers and foreign text have one form."""

import pytest
from markupsafe import Markup

from harness.leaderboard.pages import typeset


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (typeset.fixed(60.0486), "60.05"),
        (typeset.fixed(-1.5), "−1.50"),
        (typeset.fixed(-0.001), "0.00"),
        (typeset.fixed(None), "–"),
        (typeset.signed(1.234), "+1.23"),
        (typeset.signed(-1.234), "−1.23"),
        (typeset.signed(0.001), "0.00"),
        (typeset.signed(None), "–"),
        (typeset.between((45.86, 51.334)), "[45.86, 51.33]"),
        (typeset.between(None), ""),
        (typeset.between_signed((-1.0, 2.0)), "[−1.00, +2.00]"),
        (typeset.count(1280), "1,280"),
        (typeset.count(None), "–"),
        (typeset.shift(2), "↑2"),
        (typeset.shift(-1), "↓1"),
        (typeset.shift(0), "0"),
        (typeset.shift(None), "–"),
        (typeset.magnitude(7_240_000_000), "7.24 B"),
        (typeset.magnitude(1_400_000), "1.4 M"),
        (typeset.magnitude(17), "17"),
        (typeset.probability(0.00001), "< 0.0001"),
        (typeset.probability(0.0312), "0.0312"),
        (typeset.size(123_456), "123.5 kB"),
        (typeset.size(5_000_000), "5.0 MB"),
        (typeset.raw(60.04862), "60.0486"),
        (typeset.raw(-0.00001), "0"),
        (typeset.raw(-2), "-2"),
        (typeset.raw(100.0), "100"),
        (typeset.raw(None), ""),
    ],
)
def test_form_of_numbers(written: str, expected: str) -> None:
    assert written == expected


def test_foreign_text_is_escaped_isolated_and_cut_with_the_whole_as_tooltip() -> None:
    assert typeset.foreign("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert (
        typeset.foreign('"' * 6, 4) == '<bdi title="' + "&#34;" * 6 + '">' + "&#34;" * 3 + "…</bdi>"
    )


def test_characters_without_a_form_are_marked() -> None:
    assert typeset.visible("a\u202eb\x00c\ud800\n d") == "a�b�c� d"
    assert typeset.visible("می\u200cخواهم") == "می\u200cخواهم"  # a joiner that Persian needs
    assert typeset.verbatim("a\r\n\tb\x07\ud800") == "a\n\tb��"


def test_whatever_a_template_prints_can_stand_on_a_page() -> None:
    assert typeset.output("a\x1b\ud800\n<b>") == "a��\n<b>"  # escaping comes after
    assert typeset.output(Markup("<b>\x1b")) == Markup("<b>\x1b")
    assert isinstance(typeset.output(Markup("<b>")), Markup)
    assert typeset.output(3) == 3
