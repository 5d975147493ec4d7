"""A study's page: one HTML file that needs nothing else, no network and no script."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from harness.report.html_page import write_html
from harness.report.table import Table
from harness.studies import tables
from harness.studies.figures.allowed import study_figures
from harness.studies.figures.look import Figure
from harness.studies.finding import findings
from harness.studies.granularity import granularity_table
from harness.studies.inline import inlined
from harness.studies.results import StudyResults

_DESIGNS = {
    "one_at_a_time": "one factor at a time, all else as in the task",
    "grid": "all combinations of the factors' levels",
    "list": "a list of combinations",
}
_TABLES = {
    "granularity": granularity_table, "places": tables.places_table, "seeds": tables.seeds_table,
}  # fmt: skip
"""The numbers of a figure that are one table."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a figure where it is drawn, how to read it, its numbers."""

    name: str
    title: str
    help: str
    svg: Markup | None
    tables: tuple[Table, ...]


def write_page(found: StudyResults, figures: Mapping[str, str], path: Path) -> None:
    """Write the page, whole or not at all; `figures` gives the SVG of a figure by its name, and may
    lack some, whose tables are then shown alone. Raises RunError where the disk does not take it,
    ValueError for a figure that is no SVG.
    """
    write_html(
        Path(__file__).parent / "page.html.j2",
        path,
        found=found,
        sections=list(_sections(found, figures)),
        findings=list(findings(found)),
        design=_DESIGNS[found.design],
        n_images=max((each.n for each in found.scores), default=0),
        has_figures=bool(figures),
        has_seeds=any(each.seeds for each in found.factors),
    )


def _sections(found: StudyResults, figures: Mapping[str, str]) -> Iterator[Section]:
    drawn = study_figures(found)
    for figure in drawn:
        svg = figures.get(figure.name)
        label = f"{figure.title}. The table below has the numbers."
        inline = inlined(svg, figure.name, label) if svg is not None else None
        own = tuple(each for each in _tables(found, figure) if each.rows)
        yield Section(figure.name, figure.title, figure.help, inline, own)
    rest = {each.factor for each in found.factors}
    rest -= {factor for figure in drawn for factor in figure.factors}
    scale = [each for each in tables.levels_tables(found, found.headline, rest) if each.rows]
    if scale:
        reading = "The levels that no figure shows by themselves."
        yield Section("scale", "For scale", reading, None, tuple(scale))
    if found.variance:
        reading = "How much of the variance in the grid each factor, and each pair, takes."
        table = tables.variance_table(found)
        yield Section("variance", "Shares of the variance", reading, None, (table,))
    if found.scores:
        reading = "One row a run, one column a label set."
        yield Section("scores", "All runs", reading, None, (tables.scores_table(found),))


def _tables(found: StudyResults, figure: Figure) -> list[Table]:
    """Give the numbers of a figure."""
    label_set, name = found.headline, figure.name
    own: list[Table] = []
    if name in _TABLES:
        own = [_TABLES[name](found, label_set)]
    elif name == "ranges":
        own = [tables.factors_table(found, model, label_set) for model in found.models]
    elif name == "label_changes":
        own = tables.label_changes_tables(found)
    return [*own, *tables.levels_tables(found, label_set, figure.factors)]
