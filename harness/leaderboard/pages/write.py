"""Write a site's pages: those at the root, one for each board, one for each entry, and the static
files. Numbers come from the `Site` alone.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from harness.leaderboard.numbers.site_model import Site
from harness.leaderboard.pages import typeset, wording
from harness.leaderboard.pages.views import benchmark_views, entry_view
from harness.specs.catalogue import own_root

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


@dataclass(frozen=True, slots=True)
class _Writer:
    """Renders templates into files of the site."""

    environment: jinja2.Environment
    output: Path

    def write(self, template: str, path: str, title: str, values: Mapping[str, object]) -> None:
        """Write one page; `root` leads from it to the top of the site."""
        file = self.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = self.environment.get_template(f"{template}.html.j2").render(
            page=template, page_title=title, root="../" * path.count("/"), **values
        )
        file.write_text(text, encoding="utf-8", newline="\n")


def render(site: Site, output: Path) -> None:
    """Write all HTML pages, the style sheet and the scripts into the folder `output`.

    The folder may exist and hold other files (`data/`, `images/`, `feed.xml`). The bytes written
    depend on `site` and on the templates only.
    """
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted((own_root() / "leaderboard" / "static").iterdir()):
        shutil.copyfile(path, output / path.name)
    writer = _Writer(_environment(site), output)
    benchmarks = benchmark_views(site)
    for name, title in NAVIGATION:
        writer.write(name, f"{name}.html", title, {"benchmarks": benchmarks})
    for benchmark in benchmarks:
        for board in benchmark.boards:
            title = f"{wording.PROTOCOLS[board.board.protocol].name}, {board.board.task}"
            writer.write("board", f"boards/{board.board.slug}.html", title, {"view": board})
    for entry in site.entries:
        values = {"view": entry_view(site, entry)}
        title = typeset.cut(entry.card.model, 80)
        writer.write("model", f"models/{entry.name}.html", title, values)


def _environment(site: Site) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(own_root() / "leaderboard" / "templates"),
        autoescape=True,
        finalize=typeset.output,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "site": site,
        "navigation": NAVIGATION,
        "typeset": typeset,
        "wording": wording,
    }
    return environment
