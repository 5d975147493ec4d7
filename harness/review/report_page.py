"""The report of a review: one HTML file, and its numbers as JSON beside it."""

from pathlib import Path

from harness.report.html_page import write_html
from harness.review.report_numbers import ReportNumbers
from harness.review.report_tables import limits, report_tables, sentences
from harness.store.lines import write_json


def json_of(page: Path) -> Path:
    """Give the path of the numbers beside a page."""
    return page.with_suffix(".json")


def write_report(found: ReportNumbers, page: Path) -> None:
    """Write the page and, beside it, its numbers; each file whole or not at all. Raises RunError
    where the disk does not take them.
    """
    write_json(json_of(page), found.model_dump(mode="json", by_alias=True))
    write_html(
        Path(__file__).parent / "report.html.j2",
        page,
        found=found,
        tables=report_tables(found),
        findings=list(sentences(found)),
        limits=limits(found),
        numbers=json_of(page).name,
    )
