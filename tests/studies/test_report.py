"""A report's files: figures, tables, page; the same bytes twice, and names that mean harm."""

import logging
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from harness.report.drawing import save
from harness.scores.statistics import wilson
from harness.studies.figures.allowed import NAMES, study_figures
from harness.studies.finding import findings
from harness.studies.inline import inlined
from harness.studies.page import write_page
from harness.studies.report import write_report
from harness.studies.results import StudyResults
from harness.studies.tables import TABLES
from studies.made_up import (
    HEADLINE,
    MARKUP,
    ORIGINAL,
    effect,
    factors,
    made_up,
    two_models,
)


def axes_of(found: StudyResults, name: str) -> Any:
    """The axes of a figure that has one pair of them."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    (figure,) = (each for each in study_figures(found) if each.name == name)
    canvas = Figure()
    figure.draw(canvas)
    (axes,) = canvas.axes
    return axes


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_report_is_complete(reports: Path) -> None:
    found = contents(reports / "plain")
    assert set(found) == {
        "study.json",
        "index.html",
        *(f"tables/{name}.{ending}" for name in TABLES for ending in ("md", "csv", "tex")),
        *(f"figures/{name}.{ending}" for name in NAMES for ending in ("svg", "pdf")),
    }
    assert StudyResults.read(reports / "plain") == two_models()
    for name, data in found.items():
        if name.endswith(".pdf"):
            assert data.startswith(b"%PDF") and b"/MediaBox [ 0 0 241.2 " in data  # a column wide
        elif name.endswith(".svg"):
            ET.fromstring(data)
            assert b'width="241.2pt"' in data and b"<image" not in data
    drawn = found["figures/ranges.svg"].decode()
    for text in ("prompt", "images_per_prompt=4", "45.0 [42.0, 48.0]", "other labels", "4.2 [1.5"):
        assert f"<!-- {text}" in drawn, text
    encoders = found["figures/encoders.svg"].decode()
    assert all(f"<!-- {text}" in encoders for text in ("minilm", "lexical", "avg", "35.8", "25.0"))


def test_the_same_numbers_give_the_same_bytes(reports: Path, tmp_path: Path) -> None:
    for figure in study_figures(two_models()):
        if figure.name in ("ranges", "encoders"):
            for path in figure.write(tmp_path):
                assert path.read_bytes() == (reports / "plain/figures" / path.name).read_bytes()
    drawn = {path.stem: path.read_text("utf-8") for path in reports.glob("plain/figures/*.svg")}
    write_page(two_models(), drawn, tmp_path / "index.html")
    assert (tmp_path / "index.html").read_bytes() == (reports / "plain/index.html").read_bytes()


def test_what_an_earlier_report_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    old = [tmp_path / "figures" / "ranges.svg", tmp_path / "tables" / "levels.tex"]
    own = [tmp_path / "figures" / "own.svg", tmp_path / "tables" / "levels.txt"]
    for path in (*old, *own):
        path.parent.mkdir(exist_ok=True)
        path.write_text("earlier")
    files = write_report(made_up(factors=(), places=()), tmp_path)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {*files, *own}


def test_without_matplotlib_all_else_is_written_and_one_warning_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with caplog.at_level(logging.WARNING):
        files = write_report(two_models(), tmp_path)
    (record,) = caplog.records
    assert "pip install 'mllm-classification-harness[plots]'" in record.getMessage()
    assert not any(path.parent.name == "figures" for path in files)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert "<svg" not in page and "The figures are not drawn" in page
    assert "images_per_prompt: 8" in page and "38.00" in page


def test_figures_are_those_that_the_data_allow() -> None:
    assert [each.name for each in study_figures(two_models())] == list(NAMES)
    assert study_figures(made_up(factors=(), places=())) == []
    only = made_up(factors=(effect("prompt", [("a", 10), ("b", 20)], "a"),), places=())
    assert [each.name for each in study_figures(only)] == ["ranges", "levels"]


def test_the_parts_of_a_bar_are_the_relations_and_the_most_exact_run_is_first() -> None:
    axes = axes_of(two_models(), "granularity")
    names = [each.get_text() for each in axes.get_yticklabels()]
    assert names == ["mini cw", "mini_small cw", "mini ow"]
    widths = [[bar.get_width() for bar in axes.patches if round(bar.get_y() + 0.35) == row]
              for row in range(3)]  # fmt: skip
    assert widths[0] == [60.0, 15.0, 25.0] and widths[1] == [52.5, 15.0, 25.0, 7.5]
    assert widths[2] == pytest.approx([50.0, 20.0, 10.0, 5.0, 12.5, 2.5])
    assert len(axes.lines) == 2 + 3 + 5, "an interval at each inner end"
    ends = axes.lines[0].get_xdata()
    assert ends == pytest.approx(wilson(240, 400))


def test_a_level_that_is_in_no_order_is_not_joined_to_the_others() -> None:
    axes = axes_of(made_up(), "hardness")
    assert [each.get_text() for each in axes.get_xticklabels()][-1] == "as in the\ntask"
    assert list(axes.lines[0].get_xdata()) == [0, 1, 2], "three windows, and the task's own apart"


def test_the_finding_is_computed_and_says_where_it_is_chance() -> None:
    first, labels, gap, rest = findings(two_models())
    assert first == (
        "The factor prompt moves the accuracy of mini by 45.00 [42.00, 48.00] points, from “role” "
        "to “as in the task”."
    )
    assert (
        labels == "That is more than 10 times what other labels change: 4.25 [1.25, 7.25] points."
    )
    assert gap.startswith("It is more than 10 times the difference between mini and mini_small")
    assert rest == "Not told from chance: name_set."
    chance = {"p_cochran": 0.4}
    weak = made_up(factors=tuple(each.model_copy(update=chance) for each in factors()))
    (only,) = findings(weak)
    assert only.startswith("No factor moves the accuracy by more than chance would have it")
    same = [
        each.model_copy(update=chance) if each.factor == "labels" else each for each in factors()
    ]
    assert "what other labels change is not told from chance" in list(
        findings(made_up(factors=tuple(same)))
    )[1]  # fmt: skip


def test_the_largest_of_all_is_never_the_control_of_grey_pictures() -> None:
    assert max(factors(), key=lambda each: each.range or 0).factor == "blank_images"
    assert next(findings(made_up())).startswith("The factor prompt moves")


def test_the_page_says_what_was_compared_and_what_is_missing(tmp_path: Path) -> None:
    write_page(two_models(), {}, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text("utf-8")
    for text in ("mini_small with prompt=role", "mini_cw", HEADLINE, ORIGINAL, "0.1.0", "Cochran"):
        assert text in page
    head = page.index("</style>")
    missing, finding = page.index("Not complete", head), page.index("The factor prompt", head)
    assert missing < finding < page.index('id="ranges"')
    assert not re.search(r"(src|href)=\"(?!#)|url\((?!#)|@import|<script|<link", page)


def test_names_that_mean_harm_are_text(reports: Path) -> None:
    folder = reports / "hostile"
    page = (folder / "index.html").read_text("utf-8")
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    assert "\u202e" not in page and "\\u202e" in page and "<!--" not in page.split("</head>")[1]
    for path in (folder / "figures").glob("*.svg"):
        tags = {each.tag.rpartition("}")[2] for each in ET.parse(path).iter()}
        assert not tags & {"script", "image", "img", "a", "foreignObject"}, path
    for path in (folder / "tables").glob("*.md"):
        assert "<script" not in path.read_text("utf-8")


def test_an_inlined_figure_takes_its_colours_from_the_page_and_has_ids_of_its_own() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="9pt" viewBox="0 0 9 9" onload="alert(1)"><style>*{color:red}</style>'
        '<path id="m" d="M0 0" style="fill: #FFFFFF; stroke: #0072b2"/>'
        '<use xlink:href="#m" clip-path="url(#c)"/></svg>'
    )
    assert inlined(svg, "f", "what") == (
        '<svg viewBox="0 0 9 9" role="img" aria-label="what" class="plot">'
        '<path id="f-m" d="M0 0" style="fill: var(--paper); stroke: var(--blue)" />'
        '<use href="#f-m" clip-path="url(#f-c)" /></svg>'
    )
    with pytest.raises(ValueError, match="figure f is no SVG"):
        inlined(MARKUP, "f", "what")


def test_axes_stand_where_every_process_puts_them(tmp_path: Path) -> None:
    """The solver's last digits differ from process to process, and name what is clipped."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    drawn: list[Figure] = []

    def draw(figure: Figure) -> None:
        drawn.append(figure)
        figure.subplots(3, 1)

    save([tmp_path / "three.svg"], 2.0, draw)
    places = [each for axes in drawn[0].axes for each in axes.get_position().bounds]
    assert len(places) == 12 and all(abs(each - round(each, 4)) < 1e-12 for each in places)
