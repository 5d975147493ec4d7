"""The way of the data is one-directional, and starting the command is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ORDER = (
    "words", "errors", "limits", "heavy", "background", "specs", "requests", "data", "weights",
    "encoders", "prompts", "answers", "store", "scores", "runs", "report", "studies", "review",
    "leaderboard", "export", "evaluate_modules", "adapters", "runner", "checks", "new_dataset",
    "given", "face", "cli", "__main__",
)  # fmt: skip
ANSWER_TYPES = "harness.answers.outcome"  # plain words that everything may use
HEAVY = {
    "torch": {"adapters", "encoders"},
    "transformers": {"adapters", "encoders"},
    "sentence_transformers": {"encoders"},
    "lmms_eval": {"adapters"},
    "open_clip": {"adapters"},
    "openai": {"adapters"},
    "timm": {"adapters"},
    "accelerate": {"runner"},
    "matplotlib": {"report", "studies"},
    "fastapi": {"review"},
    "uvicorn": {"review"},
    "datasets": {"data", "evaluate_modules"},  # `evaluate` describes its inputs by it
}


def modules(root: Path) -> list[Path]:
    return sorted((root / "harness").rglob("*.py"))


def part_of(path: Path, root: Path) -> str:
    inside = path.relative_to(root / "harness").parts
    return inside[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def against_the_way(path: Path, root: Path) -> list[str]:
    part = part_of(path, root)
    if part == "__init__":
        return []
    found = []
    for name in imports(path):
        pieces = name.split(".")
        if pieces[0] != "harness" or len(pieces) < 2 or name.startswith(ANSWER_TYPES):
            continue
        if pieces[1] in ORDER and ORDER.index(pieces[1]) > ORDER.index(part):
            found.append(f"{path.name} imports {name}")
    return found


def test_every_part_has_a_place_in_the_order(root: Path) -> None:
    parts = {part_of(path, root) for path in modules(root)} - {"__init__"}
    assert parts <= set(ORDER), f"give a place in ORDER to {parts - set(ORDER)}"


def test_modules_import_only_from_their_left(root: Path) -> None:
    assert [line for path in modules(root) for line in against_the_way(path, root)] == []


def test_the_order_check_sees_an_import_from_the_right(tmp_path: Path) -> None:
    module = tmp_path / "harness" / "specs" / "task.py"
    module.parent.mkdir(parents=True)
    module.write_text("def f() -> None:\n    from harness.store import lines\n")
    assert against_the_way(module, tmp_path) != []


def test_heavy_packages_are_imported_only_where_they_belong(root: Path) -> None:
    for path in modules(root):
        for name in imports(path):
            allowed = HEAVY.get(name.split(".")[0])
            assert allowed is None or part_of(path, root) in allowed, f"{path} imports {name}"


@pytest.mark.parametrize("words", [["--help"], ["list", "tasks"], ["list", "models"]])
def test_help_and_list_import_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['harness', *{words!r}]\n"
        "from harness.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & {set(HEAVY)!r}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout.strip()


def test_what_works_on_answers_that_exist_imports_nothing_heavy() -> None:
    """`score`, `compare`, `leaderboard` and `submit`: neither torch nor `datasets`."""
    code = (
        "import sys, harness.runs.reopen, harness.runs.compare, harness.report.show\n"
        "import harness.report.results_table, harness.leaderboard.build\n"
        "import harness.leaderboard.entries.pack, harness.leaderboard.entries.check\n"
        f"print(sorted(set(sys.modules) & {{*{set(HEAVY)!r}, 'scipy'}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_are_short_and_folders_say_what_lives_there(root: Path) -> None:
    for path in modules(root):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, path
        if path.name == "__init__.py" and path.parent.name != "harness":
            docstring = ast.get_docstring(ast.parse(text)) or ""
            assert docstring.count(".") >= 2, f"{path}: what lives here, and what does not"


def test_a_run_begins_without_what_only_its_end_needs() -> None:
    late = {"scipy", *HEAVY}
    code = f"import sys, harness.runner.session; print(sorted(set(sys.modules) & {late!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_imports_little() -> None:
    """What it imports is what it takes; `benchmarks/start.py` measures the seconds."""
    code = (
        "import sys, harness.cli\nsys.argv = ['harness', '--help']\n"
        "try:\n    harness.cli.main()\nexcept SystemExit:\n    print(len(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) < 400
