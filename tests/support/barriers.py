"""What keeps people out of a page in a browser, as axe finds it, in light colours and dark ones."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
"""What a page may be emulated in."""


def barriers(page: Page, **rules: object) -> str:
    """What axe finds, in words; empty for nothing. It must not load the style sheet by itself."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, **rules})
    return found.generate_report() if found.violations_count else ""
