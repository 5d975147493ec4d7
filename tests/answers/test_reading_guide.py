"""The tables of docs/reading_answers.md say what is read."""

import re
from collections.abc import Iterator
from pathlib import Path

from harness.answers.outcome import LEVELS, Outcome
from harness.answers.parse import parse_letter, parse_name
from harness.answers.parts import take_apart
from harness.answers.question import without_options
from harness.data.classes import Class, ClassList

GUIDE = Path(__file__).resolve().parents[2] / "docs/reading_answers.md"
NAMES = ("cat", "dog", "cow", "pig", "dragonfly", "dentists office", "St. Bernard")
CLASSES = ClassList("guide", "test", tuple(Class(i, name) for i, name in enumerate(NAMES)))


def rows(first: str, section: str) -> Iterator[list[str]]:
    """Give the cells of the rows of the table in a section whose heading begins so."""
    text = GUIDE.read_text("utf-8").partition(f"\n## {section}")[2].partition("\n## ")[0]
    table = text.partition(f"| {first} |")[2].partition("\n\n")[0]
    for line in table.split("\n")[2:]:
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        yield [cell.strip().replace("\\|", "|") for cell in cells]


def code(cell: str) -> str:
    return "\n".join(re.findall(r"`([^`]+)`", cell))


def test_parts() -> None:
    checked = 0
    for _, example, read in rows("what", "1."):
        if "`" in read:
            text, _ = without_options(take_apart(code(example)).text)
            assert text == code(read), example
            checked += 1
    assert checked == 5


def found(rule: str, level: str, outcome: Outcome) -> int | None:
    assert outcome.rule == code(rule), outcome
    assert LEVELS[outcome.rule].name.lower() == level
    return outcome.class_id


def test_closed_world() -> None:
    table = list(rows("rule", "3."))
    assert {code(row[0]) for row in table} == {
        rule for rule in LEVELS if not re.match("exact|letter|option|position", rule)
    }
    for rule, level, answer, name, _ in table:
        class_id = found(rule, level, parse_name(code(answer), CLASSES))
        assert class_id == NAMES.index(name), answer


def test_no_class() -> None:
    text = GUIDE.read_text("utf-8").partition("What gives no class:")[2].partition("**A name")[0]
    table = [line.split("|")[1:4] for line in text.split("\n") if line.startswith("| `")]
    assert len(table) == 12
    for rule, status, answer in table:
        outcome = parse_name(code(answer), CLASSES)
        assert (outcome.rule, outcome.status.value) == (code(rule), code(status)), answer
        assert outcome.class_id is None


def test_multiple_choice() -> None:
    table = list(rows("rule", "4."))
    assert {code(row[0]) for row in table} == {
        "strict",
        "answer_prefix",
        *(rule for rule in LEVELS if re.match("letter|option|position", rule)),
    }
    for rule, level, answer, letter, _ in table:
        class_id = found(rule, level, parse_letter(code(answer), range(4), CLASSES))
        assert class_id == "ABCD".index(letter), answer
