"""The documentation site: built without a warning, it needs no other host when it is read."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.specs.task import TaskSpec
from harness.specs.task_parts import DistractorSpec

pytest.importorskip("mkdocs", reason="mkdocs-material is not here: `make test` installs it")
pytest.importorskip("material", reason="mkdocs-material is not here: `make test` installs it")
FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class _Fetched(HTMLParser):
    """Collects what a browser fetches for a page, and what it would fetch for a diagram."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        key = FETCHED.get(tag)
        fetched = tag != "link" or "canonical" not in (values.get("rel") or "")
        if key and values.get(key) and fetched:
            self.found.append(values[key] or "")
        if "mermaid" in (values.get("class") or ""):
            self.found.append("https://mermaid")


def fetched(page: str) -> list[str]:
    reader = _Fetched()
    reader.feed(page)
    return reader.found + re.findall(r"url\(['\"]?([^)'\"]+)", page)


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)],
        cwd=root,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    yield folder


@pytest.mark.slow
def test_no_page_fetches_from_another_host(site: Path, root: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 30
    outside = {
        address
        for page in pages
        for address in fetched(page.read_text(encoding="utf-8"))
        if re.match(r"(https?:)?//", address)
    }
    assert outside == set()
    assert fetched('<img src="https://a.b/c.png"><style>x{url(//d.e)}</style>') == [
        "https://a.b/c.png",
        "//d.e",
    ]
    config = (root / "mkdocs.yml").read_text(encoding="utf-8")
    assert "repo_url" not in config  # the theme would ask GitHub for the number of stars


@pytest.mark.slow
def test_every_page_is_in_the_navigation(site: Path, root: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    for page in (root / "docs").glob("*.md"):
        if page.name != "index.md":
            assert f'href="{page.stem}.html"' in start, page.name


@pytest.mark.slow
def test_the_reference_has_every_field_with_its_text(site: Path, root: Path) -> None:
    page = (site / "reference" / "task.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", page)
    by_loader = {"directory", "folders", "file"}
    for spec in (TaskSpec, DistractorSpec):
        for name in spec.model_fields.keys() - by_loader:
            assert re.search(
                rf"<td><code>{name}</code></td>\n<td>.+</td>\n<td>.+</td>\n<td>.+</td>", page
            ), name
    assert "Options of a question, the right one included." in text
    assert re.search(r"at least 2, at most 26\s+4\s+Options of a question", text)
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "<code>--max_cost</code>" in commands and "harness leaderboard build" in commands
    reading = (site / "reference" / "reading.html").read_text(encoding="utf-8")
    assert "<code>single_mention</code>" in reading
