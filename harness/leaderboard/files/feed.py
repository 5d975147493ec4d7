"""The ledger as an Atom feed, so that people hear of new and withdrawn entries."""

import re
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

from harness.leaderboard.entries.ledger import Decision
from harness.leaderboard.numbers.site_model import Since, Site

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROJECT = uuid.uuid5(uuid.NAMESPACE_URL, "https://pypi.org/project/mllm-classification-harness")


def write_feed(path: Path, site: Site) -> None:
    """Write `feed.xml` (RFC 4287), the newest decision first.

    Ids are made of what a decision says, so that they stay when others are added. Links are
    relative to the feed. All text goes through `held`.
    """
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    board = site.branding.spec
    own = uuid.uuid5(_PROJECT, board.title) if "title" in board.model_fields_set else _PROJECT
    _add(feed, "id", f"urn:uuid:{own}")
    _add(feed, "title", f"{board.title}: decisions")
    _add(feed, "updated", f"{site.date}T00:00:00Z")
    _add(_add(feed, "author"), "name", "The maintainers")
    ET.SubElement(feed, "link", {"rel": "self", "href": "feed.xml"})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": "changes.html"})
    names = {each.name for each in site.entries}
    if site.since is not None and site.since.moves:
        _add_moves(feed, site.since, site.date)
    for decision in site.decisions:
        _add_decision(feed, decision, has_page=decision.entry in names)
    tree = ET.ElementTree(feed)
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _add_moves(feed: ET.Element, since: Since, date: str) -> None:
    entry = _add(feed, "entry")
    lines = [" ".join((x.board, x.entry, x.what, f"({x.why})" * bool(x.why))) for x in since.moves]
    text = "\n".join(line.rstrip() for line in lines)
    _add(entry, "id", f"urn:uuid:{uuid.uuid5(_PROJECT, f'{since.date} {date} {text}')}")
    _add(entry, "title", f"What moved since the release of {since.date}")
    _add(entry, "updated", f"{date}T00:00:00Z")
    ET.SubElement(entry, "link", {"rel": "alternate", "href": "changes.html#moved"})
    _add(entry, "summary", text)


def _add_decision(feed: ET.Element, decision: Decision, *, has_page: bool) -> None:
    entry = _add(feed, "entry")
    level = f" ({decision.level})" if decision.level else ""
    _add(entry, "id", f"urn:uuid:{uuid.uuid5(_PROJECT, decision.model_dump_json())}")
    _add(entry, "title", f"{decision.entry}: {decision.decision}{level}")
    _add(entry, "updated", f"{decision.date}T00:00:00Z")
    if has_page:
        href = f"models/{decision.entry}.html"
        ET.SubElement(entry, "link", {"rel": "alternate", "href": href})
    _add(entry, "summary", decision.reason)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = None if text is None else held(text)
    return element


def held(text: str) -> str:
    """Give text with a visible mark for every character that XML 1.0 cannot hold, escaped or not.

    A carriage return is a line feed, which every reader of XML would make of it.
    """
    return _NO_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
