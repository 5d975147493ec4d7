"""The report of a review: one HTML file, and its numbers as JSON beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.report.html_page import write_html
from harness.report.table import Table
from harness.review.report_numbers import ReportNumbers
from harness.review.report_tables import limits, report_tables, sentences
from harness.store.lines import write_json

_SECTIONS = (
    (
        "verdicts",
        "What people made of the models’ answers",
        "For each model the images on which its answer is outside of the labels that were there, "
        "and those on which it is inside; by label group, and for images drawn at random from all.",
        ("verdicts",),
    ),
    (
        "influence",
        "Before and after the sources were shown",
        "The same person on the same image: does the answer name the model’s class before it is "
        "known who says so, and after?",
        ("influence",),
    ),
    (
        "effects",
        "What the new labels do to the models",
        "Every run on the same images, under the labels before and after.",
        ("effects",),
    ),
    (
        "rate",
        "How many labels change",
        "The images drawn at random say what to expect of all.",
        ("base_rate",),
    ),
    ("labels", "The labels before and after", "", ("groups", "ways")),
    ("time", "Time", "How long people look at an image.", ("times",)),
    (
        "agreement",
        "How far people agree",
        "What people disagree on is no better known than before.",
        ("agreement",),
    ),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    help: str
    tables: tuple[Table, ...]


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
        sections=list(_sections(found)),
        findings=list(sentences(found)),
        limits=list(limits(found)),
        numbers=json_of(page).name,
    )


def _sections(found: ReportNumbers) -> Iterator[Section]:
    tables = report_tables(found)
    for name, title, about, wanted in _SECTIONS:
        there = tuple(table for each in wanted for table in tables if table.name == each)
        if there:
            yield Section(name, title, about, there)
