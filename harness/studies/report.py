"""The report of a study: its numbers, tables, figures and page, as files of one folder."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from harness.errors import MissingPackageError
from harness.report.forms import Form, written
from harness.report.table import Table
from harness.store.lines import write_text, writing
from harness.studies.figures.allowed import NAMES, study_figures
from harness.studies.figures.look import ENDINGS
from harness.studies.page import write_page
from harness.studies.results import FILE, StudyResults
from harness.studies.tables import TABLES, study_tables

PAGE = "index.html"
_FORMS: tuple[tuple[Form, str], ...] = (("markdown", "md"), ("csv", "csv"), ("latex", "tex"))
_log = logging.getLogger(__name__)


def write_report(found: StudyResults, folder: Path) -> list[Path]:
    """Write `study.json`, `tables/`, `figures/` and `index.html` into a folder, each file whole or
    not at all, and give all that were written. What an earlier report left there and this one does
    not have is removed; other files stay. Without matplotlib there are no figures, and a warning
    says so. Raises RunError where the disk does not take a file.
    """
    found.write(folder)
    tables = list(_write_tables(found, folder / "tables"))
    figures = _write_figures(found, folder / "figures")
    drawn = {path.stem: path for path in figures if path.suffix == ".svg"}
    page = folder / PAGE
    texts = {name: path.read_text(encoding="utf-8") for name, path in drawn.items()}
    write_page(found, texts, page)
    files = [folder / FILE, *tables, *figures, page]
    for path in _possible(folder):
        if path not in files:
            with writing(path):
                path.unlink(missing_ok=True)
    return files


def _write_tables(found: StudyResults, folder: Path) -> Iterator[Path]:
    by_name: defaultdict[str, list[Table]] = defaultdict(list)
    for table in study_tables(found):
        by_name[table.name].append(table)
    for name, tables in by_name.items():
        for form, ending in _FORMS:
            path = folder / f"{name}.{ending}"
            write_text(path, written(tables, [], form))
            yield path


def _write_figures(found: StudyResults, folder: Path) -> list[Path]:
    try:
        return [path for figure in study_figures(found) for path in figure.write(folder)]
    except MissingPackageError as error:
        _log.warning("%s", error)
        return []


def _possible(folder: Path) -> Iterator[Path]:
    """Give every file that a report may have."""
    yield from (folder / "tables" / f"{name}.{each}" for name in TABLES for _, each in _FORMS)
    yield from (folder / "figures" / f"{name}.{each}" for name in NAMES for each in ENDINGS)
