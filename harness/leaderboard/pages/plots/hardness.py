"""Multiple-choice accuracy by how hard the distractors are, a line a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure

_WIDTH, _TOP, _BOTTOM = 640.0, 16.0, 56.0
_LEFT, _RIGHT, _GAP = 48.0, 450.0, 15.0


@dataclass(frozen=True, slots=True)
class _Course:
    row: ScoredEntry
    """On the first of the boards that it is on."""
    accuracies: dict[int, float]
    """By the place of the board, in their order."""


def hardness(benchmark: str, boards: Sequence[Board]) -> Figure | None:
    """Draw the models that are on several of the `mc` boards of a benchmark, hardest board first;
    None when fewer than two boards say how their distractors were drawn, or no model is on two.
    """
    asked = sorted((board for board in boards if board.distractors), key=_order)
    courses = _courses(asked)
    if len(asked) < 2 or not courses:
        return None
    drawn, places = courses[: figure.MOST_MODELS], range(len(asked))
    return Figure(
        id=f"hardness-{benchmark}",
        title="Multiple choice by the hardness of the wrong options",
        caption=f"Accuracy (%) by {asked[0].headline}; wrong options are drawn as written below "
        "the axis, the hardest on the left (rank 1: the candidate most like the true class)."
        f"{figure.shown(len(courses))}",
        root=_draw(asked, drawn),
        table=figure.DataTable(
            ("Model", *(f"{board.task}: {_drawn_how(board)}" for board in asked)),
            tuple(
                (course.row.model, *(typeset.fixed(course.accuracies.get(n)) for n in places))
                for course in drawn
            ),
        ),
    )


def _window(board: Board) -> tuple[int, int] | None:
    found = (board.distractors or {}).get("rank")
    if isinstance(found, list | tuple) and len(found) == 2:
        return int(found[0]), int(found[1])
    return None


def _strategy(board: Board) -> str:
    return str((board.distractors or {}).get("strategy") or "random")


def _order(board: Board) -> tuple[bool, tuple[int, int], str]:
    """Sort windows by their first rank, where none is the hardest, from rank 1; last what was drawn
    at random or given, whose hardness is not known.
    """
    return _strategy(board).startswith(("random", "given")), _window(board) or (1, 0), board.task


def _drawn_how(board: Board) -> str:
    window = _window(board)
    return _strategy(board) + (f", ranks {window[0]}–{window[1]}" if window else "")


def _courses(boards: Sequence[Board]) -> list[_Course]:
    found: dict[str, _Course] = {}
    for place, board in enumerate(boards):
        for row in board.rows:
            course = found.setdefault(row.name, _Course(row, {}))
            if row.headline.accuracy is not None:
                course.accuracies[place] = row.headline.accuracy
    several = [course for course in found.values() if len(course.accuracies) > 1]
    return sorted(several, key=lambda each: (-_mean(each), each.row.model))


def _mean(course: _Course) -> float:
    return sum(course.accuracies.values()) / len(course.accuracies)


def _draw(boards: Sequence[Board], courses: Sequence[_Course]) -> Element:
    height = _TOP + _BOTTOM + max(260.0, _GAP * len(courses))
    bottom = height - _BOTTOM
    root = drawing.drawing(_WIDTH, height)
    values = [value for course in courses for value in course.accuracies.values()]
    up = figure.percent_scale(values, bottom, _TOP)
    across = [
        _LEFT + (_RIGHT - _LEFT) * (place + 0.5) / len(boards) for place in range(len(boards))
    ]
    figure.draw_axes(root, figure.Axis(up, (_LEFT, _RIGHT), upright=True))
    for x, board in zip(across, boards, strict=True):
        window = _window(board)
        drawing.text(root, "tick middle", (x, bottom + 18), _strategy(board), 16)
        if window:
            drawing.text(root, "tick middle", (x, bottom + 34), f"ranks {window[0]}–{window[1]}")
    _draw_courses(root, courses, across, up)
    return root


def _draw_courses(
    root: Element, courses: Sequence[_Course], across: Sequence[float], up: figure.Scale
) -> None:
    ends = [up(list(course.accuracies.values())[-1]) for course in courses]
    labels = figure.spread(ends, _GAP, _TOP, max(up.start, up.end))
    for course, end, label in zip(courses, ends, labels, strict=True):
        part = drawing.group(root, f"model k-{course.row.kind}")
        points = [(across[place], up(value)) for place, value in course.accuracies.items()]
        drawing.line(part, "slope", *points)
        for point in points:
            drawing.marker(part, "mark", course.row.kind, point, 3.5)
        drawing.line(part, "leader", (points[-1][0] + 6, end), (_RIGHT + 4, label))
        drawing.text(part, "name", (_RIGHT + 8, label), course.row.model, 25)
