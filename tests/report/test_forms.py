"""The forms of a table: each says the same, and no text in one of them is a command."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from harness.errors import UserError
from harness.report.forms import form_of, plain, to_csv, to_markdown, written
from harness.report.latex import latex_text, to_latex
from harness.report.results_table import results_table
from harness.report.table import INTERVAL, Column, Number, Probability, Table, names
from harness.scores.results import Results
from scores.score_builders import labels, ok, run

TRUTH = labels("imgt", {str(i): [i % 4] for i in range(40)}, original=True)


def scored(model: str, wrong: int, n: int = 40, task: str | None = None) -> Results:
    rows = [ok(str(i), (i + (i < wrong)) % 4) for i in range(n)]
    found = run(rows, TRUTH).model_copy(update={"model": model})
    return found.model_copy(update={"task": task}) if task else found


def small(model: str = "m", value: float = 100 / 3) -> Table:
    columns = (
        *names("model"),
        Column("accuracy", "accuracy", INTERVAL, has_best=True),
        Column("delta", "delta"),
        Column("oop", "OOP", ("count", "n")),
        Column("p", "p"),
        Column("more", "more", only_csv=True),
    )
    rows = [
        (
            model,
            Number(value, (12.345678901234, 50.0)),
            Number(-0.5, (-1.0, 0.25), signed=True, mark="*"),
            Number(12.5, count=1, n=8),
            Probability(1.25e-7),
            3,
        ),
        ("other", Number(None), Number(None), Number(None, n=0), Probability(0.0), 4),
    ]
    return Table("accuracy", "A title, 5 %", columns, rows, "Said_below.", {"task": "t"})


def cells_of(latex: str) -> list[list[str]]:
    """Take a LaTeX table apart at the `&` that are not escaped."""
    body = latex[latex.index(r"\toprule") : latex.index(r"\bottomrule")]
    lines = [line.strip() for line in body.splitlines() if line.endswith(r"\\")]
    return [re.split(r" (?<!\\)& ", line.removesuffix(r" \\")) for line in lines]


def test_cells_are_written_alike_for_people() -> None:
    first, second = small().rows
    expected = ["m", "33.33 [12.35, 50.00]", "-0.50* [-1.00, +0.25]", "12.50 (1/8)", "1.2e-07", "3"]
    assert [plain(cell) for cell in first] == expected
    assert [plain(cell) for cell in second] == ["other", "–", "–", "– (0)", "<1e-300", "4"]


def test_csv_has_every_digit_one_value_a_column_and_what_the_title_says() -> None:
    one, two = csv.DictReader(io.StringIO(to_csv([small()])))
    assert list(one) == [
        "task", "model", "accuracy", "accuracy_lower", "accuracy_upper", "delta", "oop",
        "oop_count", "oop_n", "p", "more",
    ]  # fmt: skip
    assert float(one["accuracy"]) == 100 / 3 and float(one["accuracy_lower"]) == 12.345678901234
    assert (one["oop_count"], one["oop_n"], float(one["p"])) == ("1", "8", 1.25e-7)
    assert [two[key] for key in ("task", "accuracy", "accuracy_upper", "p")] == ["t", "", "", "0.0"]


def test_csv_of_several_tables_stand_below_each_other() -> None:
    other = Table("accuracy", "", names("model", "more"), [("=1+1", "x")])
    rows = list(csv.DictReader(io.StringIO(to_csv([small(), other]))))
    assert [row["model"] for row in rows] == ["m", "other", "'=1+1"]
    assert (rows[2]["accuracy"], rows[2]["task"], rows[2]["more"]) == ("", "", "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b%c&d#e$f{g}", r"a\_b\%c\&d\#e\$f\{g\}"),
        ("~^\\", r"\textasciitilde{}\textasciicircum{}\textbackslash{}"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("[x] *", "{[}x] {*}"),
        ("a--b", "a-{}-b"),
        ("a<b>|`", r"a\textless{}b\textgreater{}\textbar{}\textasciigrave{}"),
        ("two\n\nlines\t%", r"two lines \%"),
        ("\x1b", r"\textbackslash{}u001b"),
        ("Qwen2.5-VL (7B)", "Qwen2.5-VL (7B)"),
    ],
)
def test_latex_sets_text_as_it_is(text: str, expected: str) -> None:
    assert latex_text(text) == expected


@pytest.mark.parametrize("model", ["m", "a&b", r"\\", "[2pt]", "*", "%", "{", "}", "$x_1$\n\n&"])
def test_latex_rows_have_a_cell_for_each_column_whatever_a_model_is_called(model: str) -> None:
    text = to_latex([small(model)], ["a note\nof two lines"])
    assert text.startswith("% In the preamble: \\usepackage{booktabs}\n% a note of two lines\n")
    rows = cells_of(text)
    assert [len(row) for row in rows] == [5, 5, 5]
    assert r"\begin{tabular}{lrrrr}" in text and "more" not in text
    bare = re.sub(r"\\[\\{}%&#$_]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0 and "$$" not in bare
    assert not any(row[0].startswith(("[", "*")) for row in rows)
    assert rows[1][1:] == [
        r"33.33 {\footnotesize [12.35, 50.00]}",
        r"$-0.50^{*}$ {\footnotesize [$-1.00$, $+0.25$]}",
        r"12.50 {\footnotesize (1/8)}",
        r"$1.2 \times 10^{-7}$",
    ]
    assert rows[2] == ["other", "--", "--", r"-- {\footnotesize (0)}", "$<10^{-300}$"]


@pytest.mark.parametrize(
    "model", ["a|b", "a\\|b", "*x*", "_x_", "a_b", "`x`", "<b>", "[x](y)", "&lt;", "www | x\n| y"]
)
def test_markdown_shows_text_as_it_is(model: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(to_markdown(small(model)))
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in html.split("<tr>")[2:]]
    assert [len(row) for row in cells] == [5, 5]
    shown = cells[0][0].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == " ".join(model.split())
    assert cells[0][2] == "-0.50* [-1.00, +0.25]"


def bold(results: Sequence[Results]) -> list[str]:
    """Give the models whose accuracy is bold, in LaTeX and in Markdown alike."""
    table = results_table(results)
    place = [column.key for column in table.columns].index("accuracy")
    lines = cells_of(to_latex([table], []))[1:]
    in_latex = [row[0] for row in lines if row[place].startswith(r"\textbf{")]
    rows = [line.split(" | ") for line in to_markdown(table).splitlines() if line.startswith("| m")]
    assert [row[0][2:] for row in rows[1:] if row[place].startswith("**")] == in_latex
    return in_latex


def test_the_best_of_runs_on_the_same_images_is_bold() -> None:
    one, two, three = scored("m1", 9), scored("m2", 4), scored("m3", 4)
    assert bold([one, two]) == ["m2"]
    assert bold([one, two, three]) == ["m2", "m3"]
    assert bold([one]) == []
    assert bold([one, scored("m4", 2, task="another")]) == []
    assert bold([one, two, scored("m5", 0, n=39)]) == []  # an image fewer
    info = one.label_sets["imgt"].model_copy(update={"digest": "another"})
    assert bold([one, two.model_copy(update={"label_sets": {"imgt": info}})]) == []
    assert bold([one, two.model_copy(update={"complete": False})]) == []
    tables = (results_table([one, two], asked=each) for each in (["x", "x"], ["x", "y"]))
    assert [len(table.best()) for table in tables] == [len(results_table([one, two]).best()), 0]


def test_where_one_is_missing_nobody_knows_the_best() -> None:
    columns = (*names("model"), Column("top5", "top-5", has_best=True))
    rows = [("a", Number(1.0)), ("b", Number(None)), ("c", Number(0.5))]
    assert Table("x", "x", columns, rows, peers=["p", "p", "p"]).best() == frozenset()
    assert Table("x", "x", columns, rows, peers=["p", None, "p"]).best() == {(0, 1)}


def test_notes_stand_below_markdown() -> None:
    assert written([small()], ["m_1: *few* answers"], "markdown").endswith(
        "Said_below.\n\n- m_1: \\*few\\* answers\n"
    )


def test_formats_are_named() -> None:
    assert form_of(None, False) == "table" and form_of(None, True) == "json"
    assert form_of("json", True) == "json" and form_of("latex", False) == "latex"
    with pytest.raises(UserError, match=r"(?s)--format: is no format.*did you mean `latex`"):
        form_of("latx", False)
    with pytest.raises(UserError, match="one of table, markdown, csv, latex, json"):
        form_of("pdf", False)
    with pytest.raises(UserError, match="two formats"):
        form_of("csv", True)


def test_latex_fits_a_page() -> None:
    narrow = replace(small("m"), caption="")
    wide = replace(narrow, rows=[("x" * 120, *row[1:]) for row in narrow.rows])
    assert "resizebox" not in to_latex([narrow], []) and "graphicx" not in to_latex([narrow], [])
    text = to_latex([narrow, wide], [])
    assert text.startswith("% In the preamble: \\usepackage{booktabs}, \\usepackage{graphicx}\n")
    assert text.count("\\resizebox{\\linewidth}{!}{%") == text.count("\\end{tabular}}") == 1
    sizes = {1: "", 31: "\\footnotesize", 41: "\\scriptsize"}
    for times, size in sizes.items():
        long = replace(narrow, rows=[narrow.rows[0]] * times, peers=())
        assert f"  \\centering{size}\n" in to_latex([long], [])
