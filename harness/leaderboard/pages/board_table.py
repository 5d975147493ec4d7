"""The ranking table of a board: its columns, and the cells of every model and reference row."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.leaderboard.entries.ledger import LEVELS
from harness.leaderboard.numbers.site_model import Board, Reference, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.typeset import GROUPS, KINDS, group_name
from harness.scores.metrics import Group
from harness.scores.results import Matching

_GROUP_HEADINGS: Mapping[str, str] = {
    "core": "Ranking",
    "labels": "Groups of images",
    "health": "Answers",
    "facts": "Model",
    "cost": "Cost",
}
_STRICTLY = "those that are a name in lower case and stripped"
_NORMALIZED = "a name but for case, markup, punctuation and spelling"
_LABEL_GROUPS: tuple[Group, ...] = ("S", "S+", "S-", "M", "M+", "M-")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell sorts by (empty: blank), what it shows, and what stands small beside it."""

    value: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `number` says how it sorts."""

    key: str
    group: str
    heading: str
    note: str
    cell: Callable[[ScoredEntry], Cell]
    number: bool = True
    detail: str = ""
    """Stands small below the heading."""
    css: str = ""
    """Class of its cells."""


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a model, or of a row of no model, in the order of the columns."""

    of: ScoredEntry | Reference
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class BoardTable:
    """The whole table."""

    columns: tuple[Column, ...]
    rows: tuple[Line, ...]
    references: tuple[Line, ...]

    @property
    def groups(self) -> tuple[tuple[str, str, int], ...]:
        """Give key, heading and number of columns of every group, in order."""
        counts = Counter(column.group for column in self.columns)
        return tuple((key, _GROUP_HEADINGS[key], count) for key, count in counts.items())


def board_table(board: Board, is_own: bool = False) -> BoardTable:
    """Lay a board out. A column in which no model has a value is left out: what nobody measured or
    said is absent. Nor have one's own runs (`is_own`) a level, which is for entries.
    """
    known = (*_core(board), *_labels(board), *_health(), *_facts(), *_cost())
    every = [column for column in known if not (is_own and column.key == "level")]
    cells = [(column, [column.cell(row) for row in board.rows]) for column in every]
    kept = [(column, found) for column, found in cells if any(cell.value for cell in found)]
    columns = [column for column, _ in kept]
    rows = zip(board.rows, zip(*(found for _, found in kept), strict=True), strict=True)
    references = (_reference(board, columns, item) for item in board.references)
    return BoardTable(_classed(columns), tuple(Line(*row) for row in rows), tuple(references))


def _classed(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Give the columns with the classes of their cells, which the style sheet knows them by."""
    groups = ["core", *(column.group for column in columns)]
    found = []
    for column, before in zip(columns, groups, strict=False):
        names = ("" if column.number else "text", "begins" if column.group != before else "")
        found.append(replace(column, css=" ".join(filter(None, (*names, column.css)))))
    return tuple(found)


def _core(board: Board) -> Sequence[Column]:
    original = board.original or "original labels"
    names = Counter(row.model for row in board.rows)
    return (
        Column("tier", "core", "Tier", "1: not separable from the best (exact McNemar, Holm)",
               lambda row: _tier(board, row)),
        Column("rank", "core", "Rank", "With the 95 % interval of the rank, classes redrawn",
               lambda row: _rank(board, row)),
        Column("model", "core", "Model", "Leads to the model's page",  # keeps namesakes apart
               lambda row: _text(row.model, row.name if names[row.model] > 1 else ""),
               number=False),
        Column("kind", "core", "Kind", "Kind of model", lambda row: _text(KINDS[row.kind]),
               number=False),
        Column("headline", "core", board.headline, "Accuracy in % and its 95 % interval (Wilson)",
               lambda row: _percent(row.headline.accuracy, typeset.between(row.headline.ci95)),
               css="headline"),
        Column("original", "core", original, "Accuracy in % by the original labels and its 95 % "
               "interval (Wilson), on the images that the headline labels score too", _before),
        Column("change", "core", "Change", "Points from the original to the headline labels on the "
               "images that have both, with the 95 % interval, classes redrawn", _change),
        Column("rank_shift", "core", "Shift", "Ranks by which the headline labels lift the model, "
               "on the images that have both", _shift),
        Column("oop", "core", "OOP", "Answers that are no name of the prompt, % (count)",
               _share("oop")),
        Column("coverage", "core", "Coverage", "Images that have an answer, %",
               lambda row: _percent(row.coverage)),
        Column("level", "core", "Level", "How far the entry was verified",
               lambda row: Cell(str(LEVELS.index(row.entry.level)), row.entry.level), css="text"),
        Column("date", "core", "Date", "Day on which the last run ended",
               lambda row: _text(row.entry.manifest.date), number=False),
    )  # fmt: skip


def _labels(board: Board) -> Sequence[Column]:
    return (
        *(_label_group(board, name) for name in _LABEL_GROUPS if board.original or len(name) == 1),
        Column("empty_correct", "labels", "N right", "Accuracy in %, images without a valid label "
               "counted as right, as in the paper's evaluator",
               lambda row: _percent(row.headline.accuracy_empty_correct)),
        Column("per_class", "labels", "Per class", "Mean of the accuracies of the classes, %",
               lambda row: _percent(row.headline.mean_per_class)),
    )  # fmt: skip


def _label_group(board: Board, name: Group) -> Column:
    shares = [row.headline.groups.get(name) for row in board.rows]
    most = max((share.n for share in shares if share), default=0)

    def cell(row: ScoredEntry) -> Cell:
        share = row.headline.groups.get(name)
        return _percent(share.accuracy if share else None)

    note, detail = f"Accuracy in % on images with {GROUPS[name]}", f"n = {typeset.count(most)}"
    return Column(
        f"group_{name}", "labels", group_name(name), note, cell, detail=detail if most else ""
    )


def _health() -> Sequence[Column]:
    return (
        Column("accuracy_strict", "health", "Strict", f"Accuracy in % when only {_STRICTLY} count; "
               f"below, those that are {_NORMALIZED}",
               lambda row: _closer(row.headline.accuracy_by), detail="normalized"),
        Column("oop_strict", "health", "Strict OOP", f"All answers but {_STRICTLY}, %; below, but "
               f"those that are {_NORMALIZED}",
               lambda row: _closer(row.results.out_share), detail="normalized"),
        Column("unparsed", "health", "Unparsed", "No single class is named, % (count)",
               _share("unparsed")),
        Column("refused", "health", "Refused", "The model declined to answer, % (count)",
               _share("refused")),
        Column("empty", "health", "Empty", "The model answered with nothing, % (count)",
               _share("empty")),
        Column("error", "health", "Error", "The call failed; not an answer, not scored, % (count)",
               _share("error")),
    )  # fmt: skip


def _facts() -> Sequence[Column]:
    return (
        Column("parameters", "facts", "Parameters", "How many weights the model has",
               lambda row: Cell(typeset.raw(row.entry.card.parameters),
                                typeset.magnitude(row.entry.card.parameters))),
        Column("imagenet_train", "facts", "Saw train", "Was ImageNet train trained on? As the "
               "submitter says", lambda row: _said(row.entry.card.training_data.imagenet_train),
               number=False),
        Column("imagenet_val", "facts", "Saw val", "Was ImageNet validation trained on? As the "
               "submitter says", lambda row: _said(row.entry.card.training_data.imagenet_val),
               number=False),
        Column("organization", "facts", "Organization", "Who made the model",
               lambda row: _text(row.entry.card.organization), number=False),
    )  # fmt: skip


def _said(disclosure: str) -> Cell:
    """What is unknown sorts as a blank, and a column of it says nothing."""
    return Cell("" if disclosure == "unknown" else disclosure, disclosure)


def _cost() -> Sequence[Column]:
    return (
        Column("tokens", "cost", "Tokens", "Tokens generated in the whole run; “at least” where "
               "answers do not say theirs", _tokens),
        Column("seconds", "cost", "Seconds", "Time of the whole run",
               lambda row: _number(row.run.run.seconds)),
        Column("cost", "cost", "US $", "Price of the whole run; “at least” where answers have no "
               "price, or nobody counted those that have none",
               lambda row: _percent(row.run.run.cost, "" if row.is_all_priced else "at least")),
    )  # fmt: skip


def _tokens(row: ScoredEntry) -> Cell:
    run = row.run.run
    detail = "at least" if "tokens" in (run.uncounted or {}) else ""
    return Cell(typeset.raw(run.tokens), typeset.count(run.tokens), detail)


def _tier(board: Board, row: ScoredEntry) -> Cell:
    place = board.place(row.name)
    return _number(place.tier if place else None)


def _rank(board: Board, row: ScoredEntry) -> Cell:
    place = board.place(row.name)
    if place is None:
        return _number(None)
    return _text(str(place.rank), typeset.ranks(place.rank_interval))


def _before(row: ScoredEntry) -> Cell:
    """Show the accuracy by the original labels, with its n where the headline's is another."""
    if row.before is None:
        return _number(None)
    ends = typeset.between(row.before.ci95)
    other = row.before.n != row.headline.n
    detail = f"{ends} of {typeset.count(row.before.n)}" if other else ends
    return _percent(row.before.accuracy, detail)


def _change(row: ScoredEntry) -> Cell:
    if row.change is None:
        return _number(None)
    delta, ends = row.change.delta, typeset.between_signed(row.change.ci95)
    return Cell(typeset.raw(delta), typeset.signed(delta), ends)


def _shift(row: ScoredEntry) -> Cell:
    shift = None
    if row.rank_original is not None and row.rank_on_common is not None:
        shift = row.rank_original - row.rank_on_common
    return Cell(typeset.raw(shift), typeset.shift(shift))


def _share(status: str) -> Callable[[ScoredEntry], Cell]:
    def cell(row: ScoredEntry) -> Cell:
        found = row.results.counts.get(status, 0)
        share = row.results.shares.get(status)
        return _percent(share, f"({typeset.count(found)})" if found else "")

    return cell


def _closer(by: Callable[[Matching], float | None]) -> Cell:
    normalized = by("normalized")
    return _percent(by("strict"), "" if normalized is None else typeset.fixed(normalized))


def _number(value: float | None) -> Cell:
    return Cell(typeset.raw(value), typeset.count(value))


def _percent(value: float | None, detail: str = "") -> Cell:
    return Cell(typeset.raw(value), typeset.fixed(value), detail)


def _text(value: str, detail: str = "") -> Cell:
    return Cell(value, value or typeset.BLANK, detail)


def _reference(board: Board, columns: Sequence[Column], item: Reference) -> Line:
    blank = _number(None)
    known = {
        "model": _text(item.name),
        "headline": _percent(item.accuracy.get(board.headline)),
        "original": _percent(item.accuracy.get(board.original)) if board.original else blank,
    }
    return Line(item, tuple(known.get(column.key, blank) for column in columns))
