"""The ranking table of a board: its columns, and the cells of every model and reference row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.leaderboard.entries.ledger import LEVELS
from harness.leaderboard.numbers.site_model import Board, EntryPage, Reference, Row, Site
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.wording import GROUPS, KINDS, group_name
from harness.score.metrics import Group
from harness.store.manifest import Manifest

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
class Column:
    """One column; `number` tells how it sorts."""

    key: str
    group: str
    heading: str
    note: str
    number: bool = True
    detail: str = ""
    """Stands small below the heading."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell sorts by (empty: blank), what it shows, and what stands small beside it."""

    value: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of one model, in the order of the columns."""

    row: Row
    entry: EntryPage
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """The cells of a row of no model."""

    reference: Reference
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class BoardTable:
    """The whole table."""

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    references: tuple[ReferenceRow, ...]

    @property
    def groups(self) -> tuple[tuple[str, str, int], ...]:
        """Give key, heading and number of columns of every group, in order."""
        counts = Counter(column.group for column in self.columns)
        return tuple((key, _GROUP_HEADINGS[key], count) for key, count in counts.items())


def board_table(site: Site, board: Board) -> BoardTable:
    """Lay a board out. Every board has the same columns in the same order, blank where it has no
    numbers, since the style sheet hides groups of columns by their places.
    """
    entries = {entry.entry: entry for entry in site.entries}
    columns = _columns(board)
    names = Counter(entries[row.entry].card.model for row in board.rows)
    rows = tuple(_table_row(board, row, entries[row.entry], names) for row in board.rows)
    references = tuple(_reference_row(board, columns, item) for item in board.references)
    return BoardTable(columns, rows, references)


def _columns(board: Board) -> tuple[Column, ...]:
    original = board.original or "original labels"
    return (
        Column("tier", "core", "Tier", "1: not separable from the best (exact McNemar, Holm)"),
        Column("rank", "core", "Rank", "With the 95 % interval of the rank, classes redrawn"),
        Column("model", "core", "Model", "Leads to the model's page", number=False),
        Column("kind", "core", "Kind", "Kind of model", number=False),
        Column("headline", "core", board.headline, "Accuracy in % and its 95 % interval (Wilson)"),
        Column("original", "core", original, "Accuracy in % by the original labels and its 95 % "
               "interval (Wilson), on the images that the headline labels score too"),
        Column("change", "core", "Change", "Points from the original to the headline labels on the "
               "images that have both, with the 95 % interval, classes redrawn"),
        Column("rank_shift", "core", "Shift", "Ranks by which the headline labels lift the model, "
               "on the images that have both"),
        Column("oop", "core", "OOP", "Answers that are no name of the prompt, % (count)"),
        Column("coverage", "core", "Coverage", "Images that have an answer, %"),
        Column("level", "core", "Level", "How far the entry was verified; below, whether accuracy "
               "is a claim, and whether the answers were imported"),
        Column("date", "core", "Date", "Day on which the last run ended", number=False),
        *(
            Column(f"group_{name}", "labels", group_name(name),
                   f"Accuracy in % on images with {GROUPS[name]}", detail=_group_size(board, name))
            for name in _LABEL_GROUPS
        ),
        Column("empty_correct", "labels", "N right", "Accuracy in %, images without a valid label "
               "counted as right, as in the paper's evaluator"),
        Column("per_class", "labels", "Per class", "Mean of the accuracies of the classes, %"),
        Column("accuracy_strict", "health", "Strict", f"Accuracy in % when only {_STRICTLY} count; "
               f"below, those that are {_NORMALIZED}", detail="normalized"),
        Column("oop_strict", "health", "Strict OOP", f"All answers but {_STRICTLY}, %; below, but "
               f"those that are {_NORMALIZED}", detail="normalized"),
        Column("unparsed", "health", "Unparsed", "No single class is named, % (count)"),
        Column("refused", "health", "Refused", "The model declined to answer, % (count)"),
        Column("empty", "health", "Empty", "The model answered with nothing, % (count)"),
        Column("error", "health", "Error", "The call failed; not an answer, not scored, % (count)"),
        Column("parameters", "facts", "Parameters", "How many weights the model has"),
        Column("imagenet_train", "facts", "Saw train", "Was ImageNet train trained on? As the "
               "submitter says", number=False),
        Column("imagenet_val", "facts", "Saw val", "Was ImageNet validation trained on? As the "
               "submitter says", number=False),
        Column("organization", "facts", "Organization", "Who made the model", number=False),
        Column("tokens", "cost", "Tokens", "Tokens generated in the whole run"),
        Column("seconds", "cost", "Seconds", "Time of the whole run"),
        Column("cost", "cost", "US $", "Price of the whole run"),
    )  # fmt: skip


def _group_size(board: Board, group: Group) -> str:
    sizes = {_group_share(row, group)[1] for row in board.rows} - {0}
    return f"n = {typeset.count(max(sizes))}" if sizes else ""


def _group_share(row: Row, group: Group) -> tuple[float | None, int]:
    found = row.headline.groups.get(group)
    return (found.accuracy, found.n) if found else (None, 0)


def _table_row(board: Board, row: Row, entry: EntryPage, names: Counter[str]) -> TableRow:
    run = next(page.run for page in entry.runs if page.board == board.slug)
    cells = (
        *_core(board, row, entry, names),
        *_labels(row),
        *_health(row),
        *_facts(entry),
        *_cost(run),
    )
    return TableRow(row, entry, cells)


def _core(board: Board, row: Row, entry: EntryPage, names: Counter[str]) -> Iterable[Cell]:
    low, high = row.rank_interval
    yield _number(row.tier)
    yield Cell(str(row.rank), str(row.rank), f"{low}–{high}")
    name = entry.card.model
    yield Cell(name, name, entry.entry if names[name] > 1 else "")  # tell namesakes apart
    yield _text(KINDS[entry.card.kind])
    yield Cell(
        typeset.raw(row.headline.accuracy),
        typeset.fixed(row.headline.accuracy),
        typeset.between(row.headline.ci95),
    )
    yield _before(row)
    yield (
        Cell(
            typeset.raw(row.change.delta),
            typeset.signed(row.change.delta),
            typeset.between_signed(row.change.ci95),
        )
        if row.change
        else _number(None)
    )
    shift = None
    if row.rank_original is not None and row.rank_on_common is not None:
        shift = row.rank_original - row.rank_on_common
    yield Cell(typeset.raw(shift), typeset.shift(shift))
    yield _share(row, "oop")
    yield _percent(row.coverage)
    marks = {"claimed": row.claimed, "imported": board.task in entry.imported}
    told = ", ".join(mark for mark, is_so in marks.items() if is_so)
    yield Cell(str(LEVELS.index(entry.level)), entry.level, told)
    yield _text(entry.manifest.date)


def _before(row: Row) -> Cell:
    """Tell the accuracy by the original labels, with its n where the headline's is another."""
    if row.before is None:
        return _number(None)
    ends = typeset.between(row.before.ci95)
    other = row.before.n != row.headline.n
    return Cell(
        typeset.raw(row.before.accuracy),
        typeset.fixed(row.before.accuracy),
        f"{ends} of {typeset.count(row.before.n)}" if other else ends,
    )


def _labels(row: Row) -> Iterable[Cell]:
    for group in _LABEL_GROUPS:
        yield _percent(_group_share(row, group)[0])
    yield _percent(row.headline.accuracy_empty_correct)
    yield _percent(row.headline.mean_per_class)


def _health(row: Row) -> Iterable[Cell]:
    yield _closer(row.headline.accuracy_by("strict"), row.headline.accuracy_by("normalized"))
    yield _closer(row.results.out_share("strict"), row.results.out_share("normalized"))
    for status in ("unparsed", "refused", "empty", "error"):
        yield _share(row, status)


def _facts(entry: EntryPage) -> Iterable[Cell]:
    parameters = entry.card.parameters
    yield Cell(typeset.raw(parameters), typeset.magnitude(parameters))
    yield _text(entry.card.training_data.imagenet_train)
    yield _text(entry.card.training_data.imagenet_val)
    yield _text(entry.card.organization)


def _cost(run: Manifest) -> Iterable[Cell]:
    yield Cell(typeset.raw(run.tokens), typeset.count(run.tokens))
    yield Cell(typeset.raw(run.seconds), typeset.count(run.seconds))
    yield _percent(run.cost)


def _reference_row(board: Board, columns: tuple[Column, ...], item: Reference) -> ReferenceRow:
    blank = _number(None)
    known = {
        "model": _text(item.name),
        "headline": _percent(item.accuracy.get(board.headline)),
        "original": _percent(item.accuracy.get(board.original)) if board.original else blank,
    }
    return ReferenceRow(item, tuple(known.get(column.key, blank) for column in columns))


def _number(value: int | None) -> Cell:
    return Cell(typeset.raw(value), typeset.count(value))


def _percent(value: float | None) -> Cell:
    return Cell(typeset.raw(value), typeset.fixed(value))


def _closer(strict: float | None, normalized: float | None) -> Cell:
    detail = "" if normalized is None else typeset.fixed(normalized)
    return Cell(typeset.raw(strict), typeset.fixed(strict), detail)


def _share(row: Row, status: str) -> Cell:
    found = row.results.counts.get(status, 0)
    share = row.results.shares.get(status)
    return Cell(
        typeset.raw(share), typeset.fixed(share), f"({typeset.count(found)})" if found else ""
    )


def _text(value: str) -> Cell:
    return Cell(value, value or typeset.BLANK)
