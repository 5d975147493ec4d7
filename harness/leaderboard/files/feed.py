"""The ledger as an Atom feed, so that people hear of new and withdrawn entries."""

import re
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

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
    for each in site.decisions:
        level = f" ({each.level})" if each.level else ""
        title = f"{each.entry}: {each.decision}{level}"
        page = f"models/{each.entry}.html" if each.entry in names else None
        said = each.model_dump_json()
        _add_entry(feed, said, title, date=each.date, page=page, summary=each.reason)
    tree = ET.ElementTree(feed)
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _add_moves(feed: ET.Element, since: Since, date: str) -> None:
    lines = [" ".join((x.board, x.entry, x.what, f"({x.why})" * bool(x.why))) for x in since.moves]
    text = "\n".join(line.rstrip() for line in lines)
    title, said = f"What moved since the release of {since.date}", f"{since.date} {date} {text}"
    _add_entry(feed, said, title, date=date, page="changes.html#moved", summary=text)


def _add_entry(
    feed: ET.Element, said: str, title: str, *, date: str, page: str | None, summary: str
) -> None:
    """Add an entry, whose id is made of what is `said`."""
    entry = _add(feed, "entry")
    _add(entry, "id", f"urn:uuid:{uuid.uuid5(_PROJECT, said)}")
    _add(entry, "title", title)
    _add(entry, "updated", f"{date}T00:00:00Z")
    if page:
        ET.SubElement(entry, "link", {"rel": "alternate", "href": page})
    _add(entry, "summary", summary)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = None if text is None else held(text)
    return element


def held(text: str) -> str:
    """Give text with a visible mark for every character that XML 1.0 cannot hold, escaped or not.

    A carriage return is a line feed, which every reader of XML would make of it.
    """
    return _NO_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
