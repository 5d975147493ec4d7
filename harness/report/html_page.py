"""A page in one HTML file, without network or script, in which what others wrote is inert."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from harness.report.drawing import clipped
from harness.report.forms import plain
from harness.report.table import Cell, Number
from harness.report.terminal import shown
from harness.store.lines import write_text

_LONGEST = 100
"""Characters of a name on the page; what is longer loses its middle."""


def write_html(template: Path, path: Path, **values: Any) -> None:
    """Fill a template in and write the page, whole or not at all. It finds `page_parts.html.j2` for
    what such pages have in common. Raises RunError where the disk does not take it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        finalize=_inert,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"parts": _parts, "foreign": foreign}
    write_text(path, environment.get_template(template.name).render(**values))


def _parts(cell: Cell) -> tuple[str, str]:
    """Give a cell's value, and what stands beside it in small type."""
    if isinstance(cell, Number):
        return _minus(cell.shown() + cell.mark), _minus(cell.beside())
    return plain(cell), ""


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def foreign(text: str) -> Markup:
    """Give a name that somebody chose: bounded, and isolated from the direction of other text."""
    return Markup("<bdi>{}</bdi>").format(clipped(text, _LONGEST))


def _inert(value: object) -> object:
    """Give what the template prints: text is as `shown`, and escaped after that."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value
