"""The rankings of a board's page: one table for each label set and group of images, of which one is
shown. Which one is in the address, and the style sheet alone shows it.
"""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from harness.leaderboard.numbers.ranking import FEW_IMAGES, Place, Ranking
from harness.leaderboard.numbers.site_model import Board, Reference, ScoredEntry
from harness.leaderboard.pages.typeset import GROUPS, group_name


@dataclass(frozen=True, slots=True)
class Link:
    """A choice that leads to a ranking."""

    address: str
    text: str
    n: int
    """Images of that ranking."""
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A model in a ranking."""

    place: Place
    row: ScoredEntry
    namesake: str
    """The entry's name where several models of the board have one name, else empty."""
    moved: int
    """By how many ranks it stands higher than by the headline labels on all images."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One ranking as the page shows it."""

    ranking: Ranking
    key: str
    """What its address ends in."""
    is_headline: bool
    labels: tuple[Link, ...]
    images: tuple[Link, ...]
    lines: tuple[Line, ...]
    references: tuple[Reference, ...]
    """Rows of no model, whose accuracies are of all images."""

    @property
    def title(self) -> str:
        """Say what images it is of, after the label set's name."""
        group = self.ranking.group
        return "all images with a label" if group == "A" else f"images with {GROUPS[group]}"

    @property
    def has_own_n(self) -> bool:
        """Whether some model is scored on fewer images than another."""
        return any(line.place.n != self.ranking.n for line in self.lines)

    @property
    def warning(self) -> str:
        """Say that it is of few images; empty where it is not."""
        if self.ranking.n >= FEW_IMAGES:
            return ""
        return (
            f"A ranking of few images (fewer than {FEW_IMAGES}): it says little about which model "
            "is better."
        )


def choices(board: Board) -> tuple[Choice, ...]:
    """Give the rankings of a board, that of the headline last: the style sheet shows it where the
    address names no other one. None for a board without rankings.
    """
    found = [_choice(board, ranking) for ranking in board.rankings]
    return tuple(sorted(found, key=lambda each: each.is_headline))


def _choice(board: Board, ranking: Ranking) -> Choice:
    whole = [each for each in board.rankings if each.group == "A"]
    own = [each for each in board.rankings if each.label_set == ranking.label_set]
    alike = {each.label_set: each for each in board.rankings if each.group == ranking.group}
    by_labels = [alike.get(each.label_set, each) for each in whole]
    return Choice(
        ranking=ranking,
        key=_key(ranking),
        is_headline=ranking.is_of(board.headline),
        labels=tuple(_link(each, each.label_set, ranking) for each in by_labels),
        images=tuple(_link(each, _images(each), ranking) for each in own),
        lines=_lines(board, ranking),
        references=board.references if ranking.group == "A" else (),
    )


def _lines(board: Board, ranking: Ranking) -> tuple[Line, ...]:
    rows = {row.name: row for row in board.rows}
    models = Counter(row.model for row in board.rows)
    headline = next(each for each in board.rankings if each.is_of(board.headline))
    before = {place.name: place.rank for place in headline.places}
    return tuple(
        Line(
            place,
            row := rows[place.name],
            row.name if models[row.model] > 1 else "",
            before[place.name] - place.rank,
        )
        for place in ranking.places
    )


def _link(ranking: Ranking, text: str, shown: Ranking) -> Link:
    return Link(f"#{_key(ranking)}", text, ranking.n, ranking is shown)


def _images(ranking: Ranking) -> str:
    return "all" if ranking.group == "A" else group_name(ranking.group)


def _key(ranking: Ranking) -> str:
    """Give the id of a ranking on its page; a colon is in no quoted name."""
    group = "" if ranking.group == "A" else f":{ranking.group}"
    return f"by:{quote(ranking.label_set, safe='')}{group}"
