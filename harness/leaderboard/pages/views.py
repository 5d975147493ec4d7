"""The pages of a site: what each shows, with its tables and figures, and how all are written."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.files import bibtex
from harness.leaderboard.files.answers import answers_path
from harness.leaderboard.numbers import suspects
from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.numbers.ranking import FEW_IMAGES
from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site, outside
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.board_table import BoardTable, board_table
from harness.leaderboard.pages.plots.decomposition import decomposition
from harness.leaderboard.pages.plots.figure import Figure
from harness.leaderboard.pages.plots.forest import forest, protocols
from harness.leaderboard.pages.plots.hardness import hardness
from harness.leaderboard.pages.plots.label_changes import label_changes
from harness.leaderboard.pages.plots.pairwise import pairwise
from harness.leaderboard.pages.plots.pareto import FACTS, pareto
from harness.leaderboard.pages.plots.reliability import reliability
from harness.leaderboard.pages.plots.scatter import scatter
from harness.leaderboard.pages.plots.slope import slope
from harness.leaderboard.pages.ranking_switch import Choice, choices
from harness.leaderboard.pages.summary import summary
from harness.report.show import notes_of
from harness.specs.catalogue import own_root

_MODELS_IN_INDEX = 20
_ROWS_IN_INDEX = 250
"""The index stays under 450 kB with so many rows, where the figures of a board weigh about as much
as `_MODELS_IN_INDEX` rows."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board with its table and figures."""

    board: Board
    table: BoardTable
    choices: tuple[Choice, ...]
    """The rankings of the board's own page."""
    index_figures: tuple[Figure, ...]
    """Those below the table of the index: none for a single model, nor where it would be large."""
    figures: tuple[Figure, ...]
    """Those of the board's own page; of a single model what became of its answers alone."""


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """A benchmark with its boards."""

    benchmark: Benchmark
    boards: tuple[BoardView, ...]
    summary: tuple[Markup, ...]
    """What the boards say at once, in sentences."""
    label_changes: Figure | None
    hardness: Figure | None

    @property
    def has_both(self) -> bool:
        """Whether there are original labels and others that rank."""
        return self.benchmark.original not in (None, self.benchmark.headline)

    def explorer(self, image_id: str) -> str:
        """Give the address of an image with the answers of two models, first those that vote."""
        found = self.benchmark.suspects
        runs = [f"{each.board}:{each.entry}" for each in found.voters] if found else []
        runs += [f"{each.board.slug}:{row.name}" for each in self.boards for row in each.board.rows]
        view = {**dict(zip("ab", runs, strict=False)), "i": image_id}
        return "explorer.html#" + urlencode(view)


@dataclass(frozen=True, slots=True)
class RunView:
    """One model on one board."""

    benchmark: Benchmark
    board: Board
    row: ScoredEntry

    @property
    def notes(self) -> list[str]:
        """Give a line for everything about the answers that was not plain."""
        return notes_of(self.row.results)

    @property
    def reliability(self) -> Figure | None:
        """Give the figure of how often answers are right as they are sure."""
        return reliability(self.board, self.row)

    def explorer(self, image_id: str = "") -> str:
        """Give the address of this run, or of its answer to an image, in the explorer."""
        view = {"a": f"{self.board.slug}:{self.row.name}"} | ({"i": image_id} if image_id else {})
        return "explorer.html#" + urlencode(view)


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its runs, board by board, and figures that compare them."""

    entry: Entry
    runs: tuple[RunView, ...]
    figures: tuple[Figure, ...]


def benchmark_views(site: Site) -> tuple[BenchmarkView, ...]:
    """Put the benchmarks together with their boards, in the order of the site."""
    views = []
    most = _models_in_index(site)
    for benchmark in site.benchmarks:
        boards = [board for board in site.boards if board.benchmark == benchmark.name]
        asked = [board for board in boards if board.protocol == "mc"]
        views.append(
            BenchmarkView(
                benchmark,
                boards=tuple(_board_view(board, most, site.own is not None) for board in boards),
                summary=summary(boards, benchmark.crossed),
                label_changes=label_changes(benchmark.name, boards),
                hardness=hardness(benchmark.name, asked),
            )
        )
    return tuple(views)


def _models_in_index(site: Site) -> int:
    """Give how many models a figure of the index shows: none when many tables fill the page."""
    rows = sum(len(board.rows) for board in site.boards)
    return _MODELS_IN_INDEX if rows + _MODELS_IN_INDEX * len(site.boards) <= _ROWS_IN_INDEX else 0


def _board_view(board: Board, most: int, is_own: bool) -> BoardView:
    is_alone = len(board.rows) < 2
    index = () if is_alone or not most else (forest(board, most), slope(board, most))
    drawn = (decomposition,) if is_alone else (forest, slope, decomposition, pairwise, scatter)
    own = [draw(board) for draw in drawn]
    own += [] if is_alone or board.note else [pareto(board, fact) for fact in FACTS]
    return BoardView(
        board, board_table(board, is_own), choices(board), _present(index), _present(own)
    )


def entry_view(site: Site, entry: Entry) -> EntryView:
    """Put an entry together with its rows."""
    benchmarks = {benchmark.name: benchmark for benchmark in site.benchmarks}
    runs = [
        RunView(benchmarks[board.benchmark], board, row)
        for board in site.boards
        for row in board.rows
        if row.name == entry.name
    ]
    figures = (
        protocols([(run.board, run.row) for run in runs if run.benchmark is benchmark])
        for benchmark in site.benchmarks
    )
    return EntryView(entry, tuple(runs), _present(figures))


def _present(figures: Iterable[Figure | None]) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure is not None)


NAVIGATION = (
    ("index", "Rankings"),
    ("compare", "Compare"),
    ("classes", "Classes"),
    ("confusion", "Confusion"),
    ("explorer", "Explorer"),
    ("labels", "Labels"),
    ("suspects", "Suspects"),
    ("method", "Method"),
    ("data", "Data"),
    ("submit", "Submit"),
    ("changes", "Changes"),
)
"""Pages at the root, each of the template of its name, and what their links say."""
_OF_ENTRIES = ("submit", "changes")
"""Those that only a leaderboard has."""


def navigation(site: Site) -> tuple[tuple[str, str], ...]:
    """Give the pages at the root of a site."""
    return tuple(each for each in NAVIGATION if site.own is None or each[0] not in _OF_ENTRIES)


def render(site: Site, output: Path) -> None:
    """Write all HTML pages, the style sheet, the scripts and the logo into the folder `output`.

    The folder may exist and hold other files (`data/`, `images/`, `feed.xml`). The bytes written
    depend on `site` and on the templates only.
    """
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted((own_root() / "leaderboard" / "static").iterdir()):
        shutil.copyfile(path, output / path.name)
    if site.branding.logo:
        (output / site.branding.logo.file).write_bytes(site.branding.logo.data)
    environment = _environment(site)

    def write(template: str, path: str, title: str, **values: object) -> None:
        file = output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = environment.get_template(f"{template}.html.j2").render(
            page=template, page_title=title, root="../" * path.count("/"), **values
        )
        file.write_text(text, encoding="utf-8", newline="\n")

    benchmarks = benchmark_views(site)
    for name, title in navigation(site):
        write(name, f"{name}.html", title, benchmarks=benchmarks)
    for view in (each for benchmark in benchmarks for each in benchmark.boards):
        title = f"{typeset.PROTOCOLS[view.board.protocol].name}, {view.board.task}"
        write("board", f"boards/{view.board.slug}.html", title, view=view)
    for entry in site.entries:
        title = typeset.cut(entry.card.model, 80)
        write("model", f"models/{entry.name}.html", title, view=entry_view(site, entry))


_LONGEST_NAME = 200
"""Characters of an id or a name in a report."""


def report_address(
    repository: str | None,
    benchmark: Benchmark,
    image_id: str,
    labels: Mapping[str, Sequence[int]],
    suggestion: str = "",
) -> str | None:
    """Give the address of a new issue of the repository, filled in; None where none is known.

    `labels` are the image's, by label set; `suggestion` says which are right, and is left to the
    reader where it is empty. The same text as textOf of `static/report.js`.
    """
    if repository is None:
        return None
    lines = [f"Image: {typeset.cut(image_id, _LONGEST_NAME)}", f"Benchmark: {benchmark.name}"]
    for name, ids in labels.items():
        names = ", ".join(typeset.cut(benchmark.class_name(each), _LONGEST_NAME) for each in ids)
        lines.append(f"Labels of {name}: {names or 'no label'}")
    lines.append(f"Suggested labels: {suggestion}")
    title = f"Label of {typeset.cut(image_id, _LONGEST_NAME)} ({benchmark.name})"
    body = quote("\n".join(lines), safe="")
    return f"{repository.rstrip('/')}/issues/new?title={quote(title, safe='')}&body={body}"


class _Compiled(jinja2.BytecodeCache):
    """Templates that this process has compiled, for its next site."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def _environment(site: Site) -> jinja2.Environment:
    environment = jinja2.Environment(
        bytecode_cache=_COMPILED,
        loader=jinja2.FileSystemLoader(own_root() / "leaderboard" / "templates"),
        autoescape=True,
        finalize=typeset.output,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "site": site,
        "navigation": navigation(site),
        "typeset": typeset,
        "outside": outside(site),
        "answers_path": answers_path,
        "bibtex": bibtex,
        "suspects": suspects,
        "report_address": partial(report_address, site.branding.spec.repository),
        "few_images": FEW_IMAGES,
    }
    return environment
