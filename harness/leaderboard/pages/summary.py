"""What a benchmark's rankings say at once, in a few sentences for the top of the first page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from harness.leaderboard.numbers.pairs import Pair, Pairs
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages.typeset import (
    KINDS,
    PROTOCOLS,
    between,
    between_signed,
    fixed,
    foreign,
    signed,
)
from harness.scores.results import Change, Protocol
from harness.scores.statistics import ALPHA
from harness.words import counted

_OVER_ALL_CLASSES: tuple[Protocol, ...] = ("cw_plus", "cw", "ow")
"""Protocols under which an answer may be any class, as a classifier's. The first that has an MLLM
is set beside the classifiers: an order fixed beforehand, so that no result decides on it."""

_PERCENT = "\N{NO-BREAK SPACE}%"


@dataclass(frozen=True, slots=True)
class _Result:
    """A model on a board that has an accuracy."""

    board: Board
    row: ScoredEntry
    accuracy: float
    n_level: int = 0
    """How many others have exactly this accuracy, where it is the best of several."""

    @property
    def text(self) -> Markup:
        """The model, its accuracy, the interval, and whether it is a claim."""
        ends = self.row.headline.ci95
        return Markup("{}{} with {}{}{}{}").format(
            foreign(self.row.model, 40),
            f" (level with {counted(self.n_level, 'other')})" if self.n_level else "",
            fixed(self.accuracy),
            _PERCENT,
            f" {between(ends)}" if ends else "",
            " (claimed)" if self.board.claimed else "",
        )


def summary(boards: Sequence[Board], crossed: Pairs | None) -> tuple[Markup, ...]:
    """Give what the boards of one benchmark say, none where they say nothing: how far the headline
    labels move the models, and how the best MLLM does beside the best classifiers.

    Runs of one's own that are partial, or were asked otherwise than their task asks, are left out.
    """
    whole = [board for board in boards if not board.note]
    return (*_label_change(whole), *_against_classifiers(whole, crossed))


def _label_change(boards: Sequence[Board]) -> Iterator[Markup]:
    """Say how far the headline labels move accuracy from what the original ones give."""
    moved = [
        (board, row, row.change)
        for board in boards
        if board.original
        for row in board.rows
        if row.change and row.change.delta is not None
    ]
    if not moved:
        return
    board, row, change = moved[0]
    step = _step([each.delta or 0.0 for *_, each in moved])
    if len(moved) == 1:
        whose = Markup("the accuracy of {}").format(foreign(row.model, 40))
        step += f" {between_signed(change.ci95)}" if change.ci95 else ""
        rest = f" under {_named(board.protocol)}{' (claimed)' if board.claimed else ''}"
    else:
        whose = Markup("accuracy")
        models = counted(len({row.name for _, row, _ in moved}), "model")
        protocols = counted(len({board.protocol for board, *_ in moved}), "protocol")
        n_claimed = sum(board.claimed for board, *_ in moved)
        claimed = f", of which {n_claimed} claimed" if n_claimed else ""
        rest = f" ({len(moved)} results of {models} under {protocols}{claimed})"
        rest += _beyond_chance([each for *_, each in moved])
    words = (
        "Under <code>{}</code> instead of the original labels <code>{}</code>, {} on the same "
        "images {}{}."
    )
    yield Markup(words).format(board.headline, board.original, whose, step, rest)


def _step(deltas: Sequence[float]) -> str:
    """Say by how much accuracy moves, as far as two decimals show it."""
    low, high = (round(end(deltas), 2) for end in (min, max))
    if low <= 0 <= high:
        ends = (signed(low), signed(high))
        return f"changes by {_range(*ends)} points"
    near, far = sorted((abs(low), abs(high)))
    return f"{'rises' if low > 0 else 'falls'} by {_range(fixed(near), fixed(far))} points"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _beyond_chance(changes: Sequence[Change]) -> str:
    """Say of how many changes the interval excludes zero."""
    ends = [each.ci95 for each in changes if each.ci95]
    if not ends:
        return ""
    found = _of(sum(low > 0 or high < 0 for low, high in ends), len(ends))
    known = " that have one" if len(ends) < len(changes) else ""
    return f"; the 95{_PERCENT} interval of the change excludes zero in {found}{known}"


def _against_classifiers(boards: Sequence[Board], crossed: Pairs | None) -> Iterator[Markup]:
    """Set the best MLLM beside the best classifier, and beside the best supervised one."""
    asked = _best(_asked(boards))
    free = [
        result
        for board in boards
        if board.protocol == "classify"
        for result in _scored(board)
        if result.row.kind != "mllm"
    ]
    best = _best(free)
    if asked is None or best is None:
        return
    supervised = _best([each for each in free if each.row.kind == "supervised"])
    others = [best]
    if supervised is not None and best.row.kind != "supervised":
        others.append(supervised)
    parts = [Markup("the best {} is {}").format(_kind(each), each.text) for each in others]
    said = Markup("By <code>{}</code>, the best MLLM under {} is {}; without a prompt, {}.").format(
        asked.board.headline, _named(asked.board.protocol), asked.text, Markup(" and ").join(parts)
    )
    tested = [(each, pair) for each in others if (pair := _pair(asked, each, crossed))]
    yield said + Markup(" ") + _tests(asked, tested) if tested else said


def _asked(boards: Sequence[Board]) -> Sequence[_Result]:
    """Give the MLLMs of the ranking that has the most of them, under the first protocol of
    `_OVER_ALL_CLASSES` that has any; a ranking of claims only where there is no other.
    """
    found = []
    for place, board in enumerate(boards):
        results = [each for each in _scored(board) if each.row.kind == "mllm"]
        if results and board.protocol in _OVER_ALL_CLASSES:
            protocol = _OVER_ALL_CLASSES.index(board.protocol)
            found.append(((board.claimed, protocol, -len(results), place), results))
    return min(found, default=(None, ()))[1]


def _scored(board: Board) -> Iterator[_Result]:
    for row in board.rows:
        if row.headline.accuracy is not None:
            yield _Result(board, row, row.headline.accuracy)


def _best(results: Sequence[_Result]) -> _Result | None:
    """Give the best result, the first of equal ones, with how many others are level with it."""
    if not results:
        return None
    best = max(results, key=lambda each: each.accuracy)
    return replace(best, n_level=sum(each.accuracy == best.accuracy for each in results) - 1)


def _pair(one: _Result, other: _Result, crossed: Pairs | None) -> Pair | None:
    """Give the comparison of two results on the same images, `one` first."""
    wanted = {f"{each.board.slug}:{each.row.name}" for each in (one, other)}
    found = next((pair for pair in crossed or () if {pair.a, pair.b} == wanted), None)
    if found is None or found.delta is None or found.a.startswith(f"{one.board.slug}:"):
        return found
    ends = None if found.ci95 is None else (-found.ci95[1], -found.ci95[0])
    return replace(found, delta=-found.delta, ci95=ends)


def _tests(mllm: _Result, tested: Sequence[tuple[_Result, Pair]]) -> Markup:
    """Say from which models a test separates the best MLLM."""
    parts = []
    for is_separate, words in ((True, "separable from"), (False, "not separable from")):
        names = [
            Markup("{} ({} points{})").format(
                foreign(other.row.model, 40),
                signed(pair.delta),
                f" {between_signed(pair.ci95)}" if pair.ci95 else "",
            )
            for other, pair in tested
            if (pair.p_holm < ALPHA) == is_separate
        ]
        if names:
            parts.append(Markup("{} {}").format(words, Markup(" and ").join(names)))
    words = "On the same images {} is {}, by the exact McNemar test with Holm’s correction."
    return Markup(words).format(foreign(mllm.row.model, 40), Markup(" and ").join(parts))


def _kind(result: _Result) -> str:
    noun = " classifier" if result.row.kind in ("supervised", "knn") else ""
    return f"{KINDS[result.row.kind]}{noun}"


def _named(protocol: Protocol) -> str:
    words = PROTOCOLS[protocol]
    return f"{words.short} ({words.name[0].lower()}{words.name[1:]})"


def _of(n: int, total: int) -> str:
    return f"all {total}" if n == total else f"{n or 'none'} of {total}"
