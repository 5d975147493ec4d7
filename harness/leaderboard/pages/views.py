"""What single pages show: parts of the site put together, with their tables and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from harness.leaderboard.numbers.site_model import Benchmark, Board, EntryPage, Row, RunPage, Site
from harness.leaderboard.pages.board_table import BoardTable, board_table
from harness.leaderboard.pages.plots.decomposition import decomposition
from harness.leaderboard.pages.plots.figure import Figure, Model
from harness.leaderboard.pages.plots.forest import forest, protocols
from harness.leaderboard.pages.plots.hardness import hardness
from harness.leaderboard.pages.plots.pairwise import pairwise
from harness.leaderboard.pages.plots.scatter import scatter
from harness.leaderboard.pages.plots.slope import slope
from harness.report.notes import notes_of

_MODELS_IN_INDEX = 20
_ROWS_IN_INDEX = 250
"""The index stays under 400 kB with so many rows, where the figures of a board weigh about as much
as `_MODELS_IN_INDEX` rows."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board with its table and figures."""

    board: Board
    benchmark: Benchmark
    table: BoardTable
    index_figures: tuple[Figure, ...]
    """Those that stand below the table in the index: none for a single model, which they would only
    repeat, nor where the index would grow too large."""
    figures: tuple[Figure, ...]
    """Those of the board's own page."""


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """A benchmark with its boards."""

    benchmark: Benchmark
    boards: tuple[BoardView, ...]
    hardness: Figure | None

    @property
    def has_both(self) -> bool:
        """Whether there are original labels and others that rank."""
        original = self.benchmark.original
        return original is not None and original != self.benchmark.headline


@dataclass(frozen=True, slots=True)
class RunView:
    """One model on one board."""

    benchmark: Benchmark
    board: Board
    row: Row
    page: RunPage
    sha256: str
    """Of the rows that were scored."""

    def class_name(self, class_id: int) -> str:
        """Give the name of a class, or its number when the list does not have it."""
        found = self.benchmark.classes.by_id.get(class_id)
        return found.name if found else f"class {class_id}"

    @property
    def notes(self) -> list[str]:
        """Give a line for everything about the answers that was not plain."""
        return notes_of(self.row.results)

    def explorer(self, image_id: str = "") -> str:
        """Give the address of this run, or of its answer to an image, in the explorer."""
        view = {"a": f"{self.board.slug}:{self.row.entry}"} | ({"i": image_id} if image_id else {})
        return "explorer.html#" + urlencode(view)


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its runs, board by board, and figures that compare them."""

    entry: EntryPage
    runs: tuple[RunView, ...]
    figures: tuple[Figure, ...]


def benchmark_views(site: Site) -> tuple[BenchmarkView, ...]:
    """Put the benchmarks together with their boards, in the order of the site."""
    entries = {entry.entry: entry for entry in site.entries}
    views = []
    most = _models_in_index(site)
    for benchmark in site.benchmarks:
        boards = [board for board in site.boards if board.benchmark == benchmark.name]
        asked = [board for board in boards if board.protocol == "mc"]
        views.append(
            BenchmarkView(
                benchmark,
                tuple(_board_view(site, benchmark, board, most) for board in boards),
                hardness(benchmark.name, asked, entries),
            )
        )
    return tuple(views)


def _models_in_index(site: Site) -> int:
    """Give how many models a figure of the index shows: none when many tables fill the page."""
    rows = sum(len(board.rows) for board in site.boards)
    return _MODELS_IN_INDEX if rows + _MODELS_IN_INDEX * len(site.boards) <= _ROWS_IN_INDEX else 0


def _board_view(site: Site, benchmark: Benchmark, board: Board, most: int) -> BoardView:
    entries = {entry.entry: entry for entry in site.entries}
    models = [Model(row, entries[row.entry]) for row in board.rows]
    is_shown = most > 0 and len(models) > 1
    index = (forest(board, models, most), slope(board, models, most)) if is_shown else ()
    own = (
        forest(board, models),
        slope(board, models),
        decomposition(board, models),
        pairwise(board, models),
        scatter(board, models),
    )
    table = board_table(site, board)
    return BoardView(board, benchmark, table, _present(index), _present(own))


def entry_view(site: Site, entry: EntryPage) -> EntryView:
    """Put an entry together with its rows."""
    boards = {board.slug: board for board in site.boards}
    benchmarks = {benchmark.name: benchmark for benchmark in site.benchmarks}
    runs = []
    for page in entry.runs:
        board = boards[page.board]
        row = next(row for row in board.rows if row.entry == entry.entry)
        runs.append(
            RunView(benchmarks[board.benchmark], board, row, page, _sha256(entry, board.task))
        )
    figures = [
        protocols(
            entry.card.kind,
            [
                (run.board, Model(run.row, entry))
                for run in runs
                if run.benchmark.name == benchmark.name
            ],
        )
        for benchmark in site.benchmarks
    ]
    return EntryView(entry, tuple(runs), _present(figures))


def _sha256(entry: EntryPage, task: str) -> str:
    """Find the hash of the rows of a task's run."""
    paths = (run.predictions for run in entry.manifest.runs if run.task == task)
    return next((entry.manifest.files[path].sha256 for path in paths), "")


def _present(figures: Sequence[Figure | None]) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure is not None)
