"""What moved on a leaderboard since its last release, which a file beside the entries records."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from harness.errors import DataError, Problem, faults_of
from harness.leaderboard.entries.format import Part, read_bounded
from harness.leaderboard.numbers.ranking import Place
from harness.leaderboard.numbers.site_model import Move, ScoredEntry, Since, Site
from harness.limits import MOST_RECORD
from harness.scores.results import DECIMALS

RELEASE = "release.json"


class RowState(Part):
    """Where an entry was on a ranking."""

    rank: int
    tier: int
    accuracy: float | None
    answers_sha256: str


class BoardState(Part):
    """A ranking at a release."""

    headline: str
    labels_sha256: str
    rows: dict[str, RowState]


class Release(Part):
    """`release.json`: every ranking as it was; the build writes that of today to `data/`."""

    schema_version: Literal[1] = 1
    harness_version: str
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    boards: dict[str, BoardState]


def read_release(path: Path) -> Release | None:
    """Read the last release; None without the file. Raises DataError for one that is none."""
    if not path.is_file():
        return None
    try:
        return Release.model_validate_json(read_bounded(path, MOST_RECORD))
    except ValidationError as error:
        fix = "take data/release.json of a site that `harness leaderboard build` made"
        problem = Problem(str(path), "is no record of a release", got=faults_of(error), fix=fix)
        raise DataError(problem) from error


def state_of(site: Site) -> Release:
    """Give what a release of the site as it is now would record."""
    boards = {
        board.slug: BoardState(
            headline=board.headline,
            labels_sha256=site.label_sets_of(board)[board.headline].digest,
            rows={
                row.name: _row_state(row, place)
                for row in board.rows
                if (place := board.place(row.name))
            },
        )
        for board in site.boards
    }
    return Release(harness_version=site.version, date=site.date, boards=boards)


def _row_state(row: ScoredEntry, place: Place) -> RowState:
    accuracy = row.headline.accuracy
    return RowState(
        rank=place.rank,
        tier=place.tier,
        accuracy=None if accuracy is None else round(accuracy, DECIMALS),
        answers_sha256=row.entry.manifest.files[row.run.predictions].sha256,
    )


def since(before: Release, site: Site) -> Since:
    """Say what moved since a release, ranking by ranking, each with what is known of the reason."""
    now = state_of(site)
    moves: list[Move] = []
    for slug in [*now.boards, *(each for each in before.boards if each not in now.boards)]:
        old, new = before.boards.get(slug), now.boards.get(slug)
        whole = _reasons(old, new, before.harness_version != now.harness_version)
        moves += _moves(slug, old.rows if old else {}, new.rows if new else {}, whole)
    return Since(before.date, before.harness_version, tuple(moves))


def _reasons(old: BoardState | None, new: BoardState | None, other_harness: bool) -> list[str]:
    """What changed for all entries of a ranking."""
    found = ["another version of the harness"] if other_harness else []
    if old and new and (old.headline, old.labels_sha256) != (new.headline, new.labels_sha256):
        found.append("other labels")
    return found


def _moves(
    board: str, old: Mapping[str, RowState], new: Mapping[str, RowState], whole: list[str]
) -> Iterator[Move]:
    """Say what moved and why; nothing of entries that stand as they stood."""
    for name in sorted({*old, *new}):
        if name not in old:
            yield Move(board, name, f"new, rank {new[name].rank}", "")
        elif name not in new:
            yield Move(board, name, f"gone, was rank {old[name].rank}", "")
        elif old[name] != new[name]:
            why = _why(old[name], new[name], whole)
            yield Move(board, name, _what(old[name], new[name]), why)


def _what(old: RowState, new: RowState) -> str:
    pairs = (
        ("rank", str(old.rank), str(new.rank)),
        ("tier", str(old.tier), str(new.tier)),
        ("accuracy", _percent(old.accuracy), _percent(new.accuracy)),
    )
    found = [f"{name} {one} → {other}" for name, one, other in pairs if one != other]
    return ", ".join(found) or "answers changed, and no figure"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _why(old: RowState, new: RowState, whole: list[str]) -> str:
    own = ["other answers"] if old.answers_sha256 != new.answers_sha256 else []
    if old.accuracy == new.accuracy and not own:
        return "the entries around it moved"
    return ", ".join([*own, *whole]) or "not known"
