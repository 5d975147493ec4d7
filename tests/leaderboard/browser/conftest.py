"""A real headless Chromium, and visits to pages that end when a page did what it must not do."""

import os
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from leaderboard.browser.built_site import BuiltSite, build_site

BROWSERS = ("chromium-headless-shell", "chromium")
FLAGS = (
    "--no-sandbox",  # the tests may run as root; the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 10_000


@pytest.fixture(scope="session")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    """The project's entries and a hostile one, built as `harness leaderboard build` builds them,
    by the first of the test processes that needs them.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "browser"
    kept = folder / "built.pickle"
    with FileLock(f"{folder}.lock"):
        if not kept.exists():
            made = build_site(root / "leaderboard" / "submissions", folder)
            kept.write_bytes(pickle.dumps(made))
        return cast(BuiltSite, pickle.loads(kept.read_bytes()))


@pytest.fixture(scope="module")  # no longer: while it lives, no other test can run an event loop
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def watch(context: BrowserContext, complaints: list[str], *own: str) -> None:
    """Write down what no page may do: complain, or ask for anything but its own files and `own`."""
    told = complaints.append
    context.set_default_timeout(PATIENCE_MS)
    context.on(
        "console",
        lambda message: (
            told(f"console: {message.text}") if message.type in ("error", "warning") else None
        ),
    )
    context.on("weberror", lambda error: told(f"script: {error.error}"))
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "blob:", "data:", *own))
            else told(f"request: {request.url}")
        ),
    )


@dataclass
class Visits:
    """Pages of a site, opened from the disk. `complaints`: what no page may do."""

    browser: Browser
    site: Path
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, address: str, **options: Any) -> Page:
        """Open a page in a window of its own and wait until its scripts have drawn it."""
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        watch(context, self.complaints)
        context.on("dialog", self._refuse)
        page = context.new_page()
        page.goto(self.url(address))
        if options.get("java_script_enabled", True):
            settle(page)
        return page

    def url(self, address: str) -> str:
        return f"{self.site.as_uri()}/{address}"

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def visits(browser: Browser, built: BuiltSite) -> Iterator[Visits]:
    found = Visits(browser, built.folder)
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []


def settle(page: Page) -> None:
    """Wait until a page that loads data has drawn what its address asks for."""
    page.wait_for_function("() => !document.querySelector('#result:not([aria-busy=false])')")
