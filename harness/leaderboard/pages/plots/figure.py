"""A figure as a page shows it: title, caption, drawing, and the table of its numbers."""

from dataclasses import dataclass

from markupsafe import Markup

from harness.leaderboard.numbers.site_model import EntryPage, Row
from harness.leaderboard.pages import typeset

MOST_MODELS = 40
"""Models that a figure shows at most; the table beside says so."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """Numbers of a figure, set; the first cell of a row names it."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `id` is unique in its page."""

    id: str
    title: str
    caption: str
    svg: Markup
    table: DataTable


@dataclass(frozen=True, slots=True)
class Model:
    """A row of a board with its entry, which names it."""

    row: Row
    entry: EntryPage

    @property
    def name(self) -> str:
        """What the model is called, as its submitter wrote."""
        return self.entry.card.model


def shown(total: int, most: int = MOST_MODELS) -> str:
    """Say how many of the models a figure shows, when it does not show all."""
    if total <= most:
        return ""
    return f" The best {most} of {typeset.count(total)} models are shown."
