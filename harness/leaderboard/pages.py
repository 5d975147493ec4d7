"""Write a site's pages: every template that is a page, one page for each entry, and the static
files. Numbers come from the `Site` alone.
"""

import shutil
from pathlib import Path

import jinja2

from harness.catalogue import own_root
from harness.leaderboard.site_model import Site

NAVIGATION = (
    ("index", "Rankings"),
    ("compare", "Compare"),
    ("classes", "Classes"),
    ("explorer", "Explorer"),
    ("labels", "Labels"),
    ("method", "Method"),
    ("submit", "Submit"),
    ("data", "Data"),
    ("changes", "Changes"),
)
"""Pages at the root, each of the template of its name, and what their links say."""


def render(site: Site, output: Path) -> None:
    """Write all HTML pages, the style sheet and the scripts into the folder `output`.

    The folder may exist and hold other files (`data/`, `images/`, `feed.xml`). The bytes written
    depend on `site` and on the templates only.
    """
    environment = _environment()
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted((own_root() / "leaderboard" / "static").iterdir()):
        shutil.copyfile(path, output / path.name)
    known = set(environment.list_templates())
    pages = [page for page in NAVIGATION if f"{page[0]}.html.j2" in known]
    for name, title in pages:
        text = environment.get_template(f"{name}.html.j2").render(
            site=site, page=name, page_title=title, root="", navigation=pages
        )
        (output / f"{name}.html").write_text(text, encoding="utf-8", newline="\n")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(own_root() / "leaderboard" / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
