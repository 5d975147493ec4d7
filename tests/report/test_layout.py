"""A table on a terminal: no name broken, no figure cut, and a line for what is left out."""

import re

import pytest

from harness.report.layout import to_text
from harness.report.table import INTERVAL, Column, Number, Table, names

MODEL = "Qwen/Qwen3-VL-30B-A3B-Instruct"
TASK = "imagenet_closed_world_with_mapping"
LABELS = ("original_labels_2012", "reassessed_labels_24")
SHARE = Number(48.59, (45.86, 51.33))


def table(models: tuple[str, ...] = (MODEL, "m"), extra: int = 3) -> Table:
    columns = (
        *names("model", "task", "label set"),
        Column("n", "n"),
        Column("accuracy", "accuracy [95 % CI]", INTERVAL, stays=True),
        *(Column(f"c{place}", f"column {place}") for place in range(extra)),
        Column("seldom", "seldom", is_extra=True),
        Column("oop", "OOP", stays=True),
    )
    rows = [
        (model, TASK, each, 50_000, SHARE, *range(extra), 7, Number(1.5, count=750, n=50_000))
        for model in models
        for each in LABELS
    ]
    return Table("accuracy", "Accuracy (%)", columns, rows, "Said below.", references=rows[:1])


def left_out(text: str) -> str:
    return " ".join(text.partition("No room for: ")[2].partition(". With")[0].split())


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 240])
@pytest.mark.parametrize("extra", [0, 3, 30])
def test_names_and_figures_stand_whole_on_a_line(width: int, extra: int) -> None:
    text = to_text(table(extra=extra), width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert text.count("48.59 [45.86, 51.33]") == text.count("1.50 (750/50000)") == 5
    for name, most in ((MODEL, 3), (TASK, 5), *((each, 3) for each in LABELS)):
        assert 1 <= text.count(name) <= most
    shown = text.partition("No room for: ")[0]
    for heading in ("seldom", *(f"column {place}" for place in range(extra))):
        found = re.search(rf"{heading}\b", shown) is not None
        assert found != (heading in left_out(text).split(", "))


def test_extras_go_first_and_then_from_the_right() -> None:
    wide = to_text(table())
    assert "seldom" in wide and "No room" not in wide
    width = max(len(line) for line in wide.splitlines())
    notes = [left_out(to_text(table(), each)) for each in range(width, 70, -1)]
    seen = list(dict.fromkeys(notes))
    assert seen[0] == "" and set(seen) <= {
        "", "seldom", "column 2, seldom", "column 1, column 2, seldom",
        "column 0, column 1, column 2, seldom",
    }  # fmt: skip
    assert "column 0, column 1, column 2, seldom" in seen


def test_what_all_rows_share_stands_once_above_them() -> None:
    text = to_text(table(("m", "o"), extra=0), 80)
    assert text.splitlines()[1] == f"task: {TASK}" and text.count(TASK) == 1


def test_a_row_without_room_for_its_figures_is_a_list() -> None:
    text = to_text(table((MODEL,), extra=0), 30)
    assert f"  label set\n    {LABELS[0]}" in text or LABELS[0] in text
    assert "accuracy [95 % CI]\n    48.59 [45.86, 51.33]" in text and "seldom" in text


def test_wide_letters_take_two_places() -> None:
    columns = (*names("class"), Column("n", "n"))
    text = to_text(Table("t", "T", columns, [("\u91d1\u9b5a", 1), ("abcd", 22)]))
    assert text.splitlines()[1:] == ["class   n", "---------", "\u91d1\u9b5a    1", "abcd   22"]
