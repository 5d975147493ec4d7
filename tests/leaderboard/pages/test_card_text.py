"""A model card's markdown becomes text that can do nothing."""

from harness.leaderboard.pages.typeset import card_html


def test_markdown_is_rendered_without_an_outline_of_its_own() -> None:
    assert card_html("# About\n\nA **good** `model`.") == (
        '<p class="card-heading">About</p>\n<p>A <strong>good</strong> <code>model</code>.</p>\n'
    )


def test_html_stays_text() -> None:
    text = card_html('<script>x</script>\n\n<a href="https://x" onclick="y">z</a>')
    assert "<script" not in text and "<a " not in text and "&lt;script&gt;" in text


def test_links_lead_to_https_alone_and_tell_nothing() -> None:
    text = card_html("[a](https://example.org) [b](javascript:x) [c](http://x.org) [d](../x)")
    assert text.count("<a ") == 1
    assert 'href="https://example.org" rel="nofollow noopener noreferrer"' in text


def test_images_are_not_loaded() -> None:
    assert "<img" not in card_html("![a](https://example.org/a.png)")
