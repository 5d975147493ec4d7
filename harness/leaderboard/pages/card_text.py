"""The text of a model card as HTML that can do nothing: markdown without markup, images, or links
to anywhere but https.
"""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from harness.leaderboard.pages import typeset


def card_html(text: str) -> Markup:
    """Render markdown (CommonMark) for a page.

    HTML in the text stays text. Headings become paragraphs of the class `card-heading`, so that no
    card can upset the outline of the page. Links lead to https only and give no referrer.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    markdown.validateLink = _is_https  # type: ignore[method-assign]
    tokens = markdown.parse(typeset.verbatim(text))
    _tame(tokens)
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def _is_https(url: str) -> bool:
    return url.startswith("https://")


def _tame(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
        if token.type == "heading_open":
            token.attrSet("class", "card-heading")
        elif token.type == "link_open":
            token.attrSet("rel", "nofollow noopener noreferrer")
        _tame(token.children or ())
