"""The form of numbers, words and foreign text on the pages: the one place that decides it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from harness.leaderboard.entries.finding import is_hidden
from harness.scores import result_parts
from harness.scores.metrics import Group
from harness.scores.result_parts import Relation
from harness.scores.results import DECIMALS, SIDE_BY_SIDE, Interval, Matching, Protocol
from harness.specs.model import Kind


@dataclass(frozen=True, slots=True)
class ProtocolWords:
    """What the pages call a protocol: in full, in a table, and in a sentence on how it asks."""

    name: str
    short: str
    note: str


KINDS: Mapping[Kind, str] = {
    "mllm": "MLLM",
    "dual_encoder": "dual encoder",
    "supervised": "supervised",
    "knn": "k-NN",
}
PROTOCOLS: Mapping[Protocol, ProtocolWords] = {
    "ow": ProtocolWords(
        "Open world",
        "OW",
        "The prompt lists no classes; a text encoder maps every answer to the nearest class.",
    ),
    "mc": ProtocolWords("Multiple choice", "MC", "The prompt lists a few lettered options."),
    "cw": ProtocolWords(
        "Closed world",
        "CW",
        "The prompt lists all classes; an answer that is none of them is out of prompt (OOP) and "
        "wrong.",
    ),
    "cw_plus": ProtocolWords(
        "Closed world, mapped",
        "CW+",
        "The prompt lists all classes; an answer that is none of them is mapped to the nearest "
        "class by a text encoder.",
    ),
    "classify": ProtocolWords(
        "Classification without a prompt",
        "classify",
        "Classifiers, dual encoders and k\N{NON-BREAKING HYPHEN}NN choose among the classes by "
        "their scores.",
    ),
}
CLAIMED = (
    "Claimed: nothing in these entries gives the classes again, so that the figures rest on what "
    "the submitters say; they are ranked among themselves."
)
BADGES: Mapping[str, str] = {
    "claimed": "Nothing in the entry gives the classes again; ranked apart",
    "imported": "Something else than the harness asked the model",
    "sample": "Of a part of the images; never ranked beside a run of all of them",
}
MATCHINGS: Mapping[Matching, str] = SIDE_BY_SIDE
RELATIONS: Mapping[Relation, str] = result_parts.RELATIONS
GROUPS: Mapping[Group, str] = {
    "A": "all images with a label",
    "N": "no valid label; not scored",
    "S": "one label",
    "S+": "one label, and it is the original one",
    "S-": "one label, and it is not the original one",
    "M": "several labels",
    "M+": "several labels, the original one among them",
    "M-": "several labels, the original one not among them",
}


def group_name(group: Group) -> str:
    """Write a group with a real minus sign."""
    return group.replace("-", "\N{MINUS SIGN}")


BLANK = "–"
MINUS = "\N{MINUS SIGN}"
_JOINERS = "\u200c\u200d"
_MARKER = "\N{REPLACEMENT CHARACTER}"


def fixed(value: float | None, decimals: int = 2) -> str:
    """Write a number with its decimals and a real minus sign; a dash for none."""
    if value is None:
        return BLANK
    rounded = round(value, decimals) or 0.0  # no minus before a zero
    return f"{rounded:.{decimals}f}".replace("-", MINUS)


def signed(value: float | None, decimals: int = 2) -> str:
    """Write a change with its sign; a change that rounds to nothing has none."""
    sign = "+" if value is not None and round(value, decimals) > 0 else ""
    return sign + fixed(value, decimals)


def between(ends: Interval | None) -> str:
    """Write the ends of an interval, as `[45.86, 51.33]`; nothing for none."""
    return "" if ends is None else f"[{fixed(ends[0])}, {fixed(ends[1])}]"


def between_signed(ends: Interval | None) -> str:
    """Write the ends of the interval of a change; nothing for none."""
    return "" if ends is None else f"[{signed(ends[0])}, {signed(ends[1])}]"


def count(value: int | float | None) -> str:
    """Write a whole number with thousands apart; a dash for none."""
    return BLANK if value is None else f"{value:,.0f}".replace("-", MINUS)


def ranks(ends: tuple[int, int]) -> str:
    """Write the interval of a rank, as `1–3`."""
    return f"{ends[0]}–{ends[1]}"


def shift(places: int | None) -> str:
    """Write by how many ranks a model rises or falls."""
    if not places:
        return BLANK if places is None else "0"
    return f"{'↑' if places > 0 else '↓'}{abs(places)}"


def magnitude(value: int | None) -> str:
    """Write a number of parameters, as `7.00 B`; a dash for none."""
    if value is None:
        return BLANK
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return str(value)


def probability(value: float) -> str:
    """Write a p-value."""
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def size(value: int) -> str:
    """Write a number of bytes."""
    return f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"


def raw(value: float | int | None) -> str:
    """Write a number for machines, with at most four decimals; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"{round(value, DECIMALS) or 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def visible(text: str) -> str:
    """Put a space for line breaks and tabs, and a visible mark for every other hidden character."""
    spaced = " ".join(text.split())
    if spaced.isprintable():
        return spaced
    return "".join(_MARKER if is_hidden(char) and char not in _JOINERS else char for char in spaced)


def cut(text: str, limit: int) -> str:
    """Give the visible text, with an ellipsis where it is longer than `limit` characters."""
    shown = visible(text)
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def foreign(text: str, limit: int = 48) -> Markup:
    """Give a submitter's text for a line of a page: direction isolated, cut, whole as tooltip."""
    shown = cut(text, limit)
    if shown == visible(text):
        return Markup("<bdi>{}</bdi>").format(shown)
    return Markup('<bdi title="{}">{}</bdi>').format(visible(text), shown)


def verbatim(text: str) -> str:
    """Give a text as it was written, save for what no page can hold: other controls than line
    breaks and tabs, and halves of surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        _MARKER if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" else char
        for char in text.replace("\r\n", "\n")
    )


def output(value: object) -> object:
    """Give what a template prints: any text that is no markup goes through `verbatim`."""
    return verbatim(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def card_html(text: str) -> Markup:
    """Render markdown (CommonMark) for a page.

    HTML in the text stays text. Headings become paragraphs of the class `card-heading`, so that no
    card can upset the outline of the page. Links lead to https only and give no referrer.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    # The place that markdown-it has for a rule of one's own on links.
    markdown.validateLink = _is_https  # type: ignore[method-assign]
    tokens = markdown.parse(verbatim(text))
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
