"""A table of numbers before it has a form: all forms are made of it, and so say the same."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from harness.scores.results import Interval

NONE = "–"
"""What stands for a value that there is not."""


@dataclass(frozen=True, slots=True)
class Number:
    """A percentage or a change in points, with what belongs to it."""

    value: float | None
    ci95: Interval | None = None
    count: int | None = None
    """How many images or answers it is the share of."""
    n: int | None = None
    """Of how many it is a share or a mean."""
    signed: bool = False
    mark: str = ""
    """What stands behind the value, as explained below the table."""

    def shown(self) -> str:
        """Give the value with two decimals; a dash for none."""
        if self.value is None:
            return NONE
        return f"{self.value:+.2f}" if self.signed else f"{self.value:.2f}"

    def ends(self) -> str:
        """Give the interval, which may be none."""
        if self.value is None or self.ci95 is None:
            return ""
        low, high = self.ci95
        return f"[{low:+.2f}, {high:+.2f}]" if self.signed else f"[{low:.2f}, {high:.2f}]"

    def beside(self) -> str:
        """Give all that stands beside the value, which may be nothing."""
        return " ".join(each for each in (self.ends(), self.counts()) if each)

    def counts(self) -> str:
        """Give what it is a share of, which may be none."""
        found = [str(each) for each in (self.count, self.n) if each is not None]
        return f"({'/'.join(found)})" if found else ""


@dataclass(frozen=True, slots=True)
class Probability:
    """A p-value."""

    value: float
    digits: int = 2

    def shown(self) -> str:
        """Write it; 0 is one too small for a float, and never the truth."""
        return f"{self.value:.{self.digits}g}" if self.value else "<1e-300"


Cell = str | int | Number | Probability


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column: a name, or numbers."""

    key: str
    """Its heading in CSV."""
    heading: str
    """Its heading for people."""
    parts: tuple[str, ...] = ()
    """What its numbers have beside the value, in CSV in columns: `lower`, `upper`, `count`, `n`."""
    is_name: bool = False
    has_best: bool = False
    """The highest number is the best one."""
    only_csv: bool = False
    """It is left out where people read."""
    is_extra: bool = False
    """It is the first to be left out where a terminal has no room."""
    stays: bool = False
    """It is never left out; nor are names, and the first column of figures."""

    @classmethod
    def csv_only(cls, *keys: str) -> "tuple[Column, ...]":
        """Give columns that people do not read, and that so need no heading."""
        return tuple(cls(each, each, only_csv=True) for each in keys)


def names(*headings: str) -> tuple[Column, ...]:
    """Give columns of names; the key of `label set` is `label_set`."""
    return tuple(Column(each.replace(" ", "_"), each, is_name=True) for each in headings)


INTERVAL = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: rows have one cell for each column."""

    name: str
    """By which one asks for it, and the first part of its label in LaTeX."""
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    caption: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What all its rows are about, where the title says it and no column does."""
    peers: Sequence[Hashable] = ()
    """For each row of which others it may be the best: those with the same value. A row with None
    has no others, nor has any row where there are no peers."""
    references: Sequence[tuple[Cell, ...]] = ()
    """Rows below the others that are of no run, as what guessing reaches; for people alone."""

    @property
    def for_people(self) -> list[tuple[int, Column]]:
        """The columns that people read, each with its place in a row."""
        return [(place, each) for place, each in enumerate(self.columns) if not each.only_csv]

    def best(self) -> frozenset[tuple[int, int]]:
        """Give the places (row, column) of the best of two or more peers, as two decimals show."""
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for place, peer in enumerate(self.peers):
            if peer is not None:
                groups[peer].append(place)
        return frozenset(
            (row, place)
            for rows in groups.values()
            for place, column in enumerate(self.columns)
            if column.has_best
            for row in self._highest(rows, place)
        )

    def _highest(self, rows: Sequence[int], place: int) -> list[int]:
        values = {}
        for row in rows:
            cell = self.rows[row][place]
            if isinstance(cell, Number) and cell.value is not None:
                values[row] = round(cell.value, 2)
        if len(rows) < 2 or len(values) < len(rows):  # of one that is missing nobody knows
            return []
        return [row for row, value in values.items() if value == max(values.values())]


Item = TypeVar("Item")


def table_of(
    items: Iterable[Item],
    columns: Iterable[tuple[Column | str, Callable[[Item], Cell]]],
    name: str,
    title: str,
    caption: str = "",
    about: Mapping[str, str] | None = None,
) -> Table:
    """Give a table with a row for each item; a text for a column heads one of names."""
    heads, cells = zip(*columns, strict=True)
    shown = [each for head in heads for each in (names(head) if isinstance(head, str) else (head,))]
    rows = [tuple(cell(item) for cell in cells) for item in items]
    return Table(name, title, tuple(shown), rows, caption, about or {})
