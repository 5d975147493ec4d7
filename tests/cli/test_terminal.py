"""Nothing that a stranger wrote acts on the terminal, and one module alone prints."""

import ast
import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.progress import Progress, TextColumn
from rich.table import Table

from harness.report.terminal import Console, paragraph, room, say, shown

ACTING = "".join(
    character
    for character in map(chr, range(0x110000))
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    and character not in "\n\t\u200c\u200d"
)
HOSTILE = "a\rb\x1b[2J\x1b]0;owned\x07\x9b31m\u202ec\u2028d\ud800 [bold]e[/x]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain – text\n\tmore", "plain – text\n\tmore"),
        ("1 error\rclean", "1 error\\u000dclean"),
        ("\x1b[2J", "\\u001b[2J"),
        ("\x9b2J", "\\u009b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\udcffb", "a\\udcffb"),
        ("\U000e0041", "\\U000e0041"),
        ("می\u200cخواهم 👩\u200d🔬 é নখ", "می\u200cخواهم 👩\u200d🔬 é নখ"),
        ("", ""),
    ],
)
def test_what_acts_and_is_not_seen_stands_by_its_code(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(shown(text)) == shown(text)


def test_no_character_that_acts_is_left() -> None:
    assert not set(shown(ACTING)) & set(ACTING)


def test_say_prints_it_on_the_stream_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    say(Path("runs/a\x1bb"))
    say("error: \x1b]0;x\x07", err=True)
    assert capsys.readouterr() == ("runs/a\\u001bb\n", "error: \\u001b]0;x\\u0007\n")


def printed(*things: object) -> str:
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    console.print(*things)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_console_shows_text_wherever_it_stands() -> None:
    plain = HOSTILE.replace("[bold]e[/x]", "")
    table = Table(title=plain, caption=plain)
    table.add_column(plain, no_wrap=True)
    table.add_row(plain)
    text = printed(table) + printed(plain)
    assert not set(text) & set(ACTING)
    widths = {len(line) for line in printed(table).splitlines() if line.startswith("│")}
    assert len(widths) == 1


def test_a_paragraph_breaks_neither_names_nor_intervals() -> None:
    text = "org/a-model-of-a-long-name is better by 1.25 points (95 % CI [+0.25, +2.25])"
    for width in range(30, 80):
        lines = paragraph("", text, width).splitlines()
        assert max(map(len, lines)) <= width
        assert any("org/a-model-of-a-long-name" in line for line in lines)
        assert any("[+0.25, +2.25]" in line for line in lines)
    assert paragraph("", text, 200) == text


def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert room() is None
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert (room(), room(wide=True)) == (72, None)


def test_a_bar_keeps_its_own_control_codes_and_shows_those_of_names() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True)
    column = TextColumn("{task.description}", markup=False)
    with Progress(column, console=console) as progress:
        progress.add_task(shown("model \x1b[2J [/x]"), total=1)
        progress.add_task("task \x1b[2J", total=1)  # somebody left `shown` out
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\\u001b[2J [/x]" in text and "\x1b[2J" not in text
    assert "\x1b[?25l" in text


def prints(tree: ast.Module) -> Iterator[str]:
    """Find what writes to a terminal by another way than `harness.report.terminal`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name == "print" or name.endswith(
                (".echo", ".secho", "stdout.write", "stderr.write")
            ):
                yield f"line {node.lineno}: {name}"
        elif isinstance(node, ast.ImportFrom) and node.module in ("rich.console", "rich.markup"):
            yield f"line {node.lineno}: {node.module}"
        elif isinstance(node, ast.ImportFrom) and node.module == "rich":
            yield from (f"line {node.lineno}: {a.name}" for a in node.names if a.name == "print")


def test_one_module_alone_prints(root: Path) -> None:
    found = {
        str(path.relative_to(root)): lines
        for path in (root / "harness").rglob("*.py")
        if path.name != "terminal.py"
        and (lines := list(prints(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == {}, "print by `say` and `Console` of harness.report.terminal"


def test_the_search_sees_each_way_to_print() -> None:
    text = (
        "print(1)\ntyper.echo(2)\nsys.stdout.write('3')\n"
        "from rich.console import Console\nfrom rich.markup import escape\nfrom rich import print\n"
    )
    assert len(list(prints(ast.parse(text)))) == 6


def test_an_error_about_a_strangers_name_is_inert(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", "score", str(tmp_path / "a\x1b[2J\u202eb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a\\u001b[2J\\u202eb" in done.stderr
    assert "\x1b" not in done.stderr and "\u202e" not in done.stderr


def test_the_hubs_own_lines_are_kept_out() -> None:
    code = (
        "import logging; from harness.cli import _log_to_stderr as begin; begin(); "
        "import huggingface_hub.utils._http as hub; log = logging.getLogger(hub.__name__); "
        "print(log.isEnabledFor(logging.WARNING))"
    )
    left = {name: value for name, value in os.environ.items() if name != "HF_HUB_VERBOSITY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=left)
    assert done.stdout == "False\n", done.stderr
