"""Every message that stops says how to mend it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from harness.leaderboard.entries.finding import (
    FIXES,
    RULES,
    Finding,
    Report,
    as_github,
    as_json,
    as_text,
)

SUMMARIES = {"more problem", "more mistake"}
"""What stands at the end of a list whose lines say it."""


def _makes_one(function: str) -> bool:
    return function == "Problem" or function.endswith(".problem")


def bare(tree: ast.Module) -> Iterator[ast.Call]:
    """Find the problems without `fix`, which `among` gives."""
    named = {
        ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "among"
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and _makes_one(ast.unparse(node.func))):
            continue
        is_given = len(node.args) > 4 or "fix" in {each.arg for each in node.keywords}
        if not is_given and ast.unparse(node) not in named:
            yield node


def assigned(tree: ast.Module) -> set[str]:
    """Find the problems that a name stands for of which `among` is asked later."""
    named = {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "among"
        and isinstance(node.value, ast.Name)
    }
    return {
        ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in named
    }


def found_in(text: str) -> list[str]:
    tree = ast.parse(text)
    later = assigned(tree)
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in bare(tree)
        if ast.unparse(node) not in later
        and not any(each in ast.unparse(node) for each in SUMMARIES)
    ]


def test_every_problem_has_a_fix(root: Path) -> None:
    found = {
        str(path.relative_to(root)): lines
        for path in (root / "harness").rglob("*.py")
        if (lines := found_in(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_error_of_the_checker_says_how_to_mend_it() -> None:
    assert FIXES.keys() == {code for code in RULES if code.startswith("E")}
    twice = (Finding("E302", "run", "3 images"), Finding("E302", "other", "1 image"))
    report = Report("an entry", "path", (*twice, Finding("W603", "run", "a class")))
    text = as_text([report])
    assert text.count(f"an entry: fix     E302 {FIXES['E302']}") == 1
    assert "fix     W603" not in text
    assert as_github([report]).count(f"Fix: {FIXES['E302']}.") == 2
    assert as_json([report]).count(FIXES["E302"]) == 2


def test_the_search_sees_each_way_to_make_one() -> None:
    assert len(found_in("raise E(Problem(a, 'b'))\nyield_ = [spec.problem(a, b, got=c)]")) == 2
    assert len(found_in("Problem(a, b, c, d)\nProblem(*a)\nProblem(a, b, expected=c)")) == 3
    given = "Problem(a, b, fix=c)\nProblem(a, b, c, d, e)\nspec.problem(a, b).among(c, d)\n"
    assert found_in(f"{given}p = Problem(a, b)\np.among(c, d)") == []
