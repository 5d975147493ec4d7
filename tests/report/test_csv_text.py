"""Cells of CSV files: read as they were written, one row a line, and never a formula."""

import csv
import io
import re
import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.csv_text import cell, csv_text

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207b\u2212"
BEFORE = ["", " ", "  \t ", *"\t\r\n\xa0\u3000\ufeff\u200b\u202e\x0b"]


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula, written apart from the code."""
    unseen = r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+"
    bare = re.sub(f"^{unseen}", "", text)
    return unicodedata.normalize("NFKC", bare)[:1] in set("=+-@\u2212")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mini", "mini"),
        ("mini\r=1+1", "mini =1+1"),
        ("mini\r\n=1+1", "mini =1+1"),
        ("mini\u2028=1+1", "mini =1+1"),
        ("=1+1", "'=1+1"),
        (" \xa0=1+1", "' \xa0=1+1"),
        ("\t@SUM(A1)", "' @SUM(A1)"),
        ("\uff1dA1", "'\uff1dA1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\t=1+1", "a =1+1"),
        ("a; \uff20b|-c", "a;' \uff20b|'-c"),
        ("a\x00\x1bb", "a\ufffd\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("Qwen2.5-VL (7B), x = y", "Qwen2.5-VL (7B), x = y"),
        ("مدل می\u200cخواهم", "مدل می\u200cخواهم"),
        ("", ""),
        ("   ", "   "),
    ],
)
def test_cells(text: str, expected: str) -> None:
    assert cell(text) == expected


def test_no_sign_begins_a_cell_behind_anything_that_is_not_seen() -> None:
    for before, sign, part in product(BEFORE, SIGNS, ["", "a", "a;", "a;b|"]):
        for found in re.split("[;|\t]", cell(f"{part}{before}{sign}1+1")):
            assert not begins_formula(found), (part, before, sign)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_rows_are_lines_that_come_back(texts: list[str]) -> None:
    names = [f"c{place}" for place in range(len(texts))]
    rows = [dict(zip(names, texts, strict=True)), dict.fromkeys(names, "x")]
    text = csv_text(names, rows)
    assert len(text.splitlines()) == 3
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == [
        {name: cell(each) for name, each in row.items()} for row in rows
    ]
    for value in csv.reader(io.StringIO(text, newline="")):
        assert not any(map(begins_formula, value))


def test_numbers_stay_numbers_and_other_columns_are_an_error() -> None:
    assert csv_text(["n", "x", "y"], [{"n": -3, "x": -0.5, "y": None}]) == "n,x,y\n-3,-0.5,\n"
    with pytest.raises(ValueError, match="z"):
        csv_text(["n"], [{"n": 1, "z": 2}])
