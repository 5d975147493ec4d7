"""Read a page as a browser does, and complain of what a page of this site must not have."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"))


@dataclass(slots=True)
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    children: "list[Element | str]" = field(default_factory=list)

    def find_all(self, tag: str | None = None, **wanted: str) -> "list[Element]":
        """All elements below, in order; keys of `wanted` may have `_` for `-`, or end in one."""
        names = {key.strip("_").replace("_", "-"): value for key, value in wanted.items()}
        found = []
        for child in self.children:
            if isinstance(child, str):
                continue
            if tag in (None, child.tag) and all(
                child.attributes.get(key) == value for key, value in names.items()
            ):
                found.append(child)
            found += child.find_all(tag, **wanted)
        return found

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def has_class(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {}, None)
        self.open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"</{tag}> closes <{self.open.tag}>"
        assert self.open.parent is not None
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def read_page(text: str) -> Element:
    """Read a page strictly: every element closed in order, no attribute twice."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open is reader.root, f"<{reader.open.tag}> is never closed"
    return reader.root


def read_all(folder: Path) -> dict[str, Element]:
    return {
        path.relative_to(folder).as_posix(): read_page(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.html"))
    }


def assert_inert(page: Element) -> None:
    """No script, style or handler of its own, and no address but https and the site's files."""
    for element in page.find_all():
        assert not [name for name in element.attributes if name.startswith("on")]
        assert "style" not in element.attributes and element.tag not in ("style", "iframe", "base")
        if element.tag == "script":
            assert not element.text and re.fullmatch(r"[a-z_]+\.js", element.attributes["src"])
        for name in ("href", "src"):
            address = element.attributes.get(name, "")
            assert urlsplit(address).scheme in ("", "https"), address
            if urlsplit(address).scheme:
                assert element.tag == "a" and "noopener" in element.attributes["rel"]
