"""What the documents say: their commands exist, their messages are ours, their example runs."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from harness.cli import app
from harness.specs.catalogue import Kind
from support.command import harness

FENCE = re.compile(r"^```.*?\n(.*?)^```", flags=re.S | re.M)
FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```', flags=re.S | re.M)
ENDS = ("2>", ">", "<", "|", "#", "&&", ";")


def commands(text: str) -> Iterator[list[str]]:
    """Give the words behind `harness` of every command in a document, lines of code joined."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|[$:;] |-m |\d )harness ((?!\().+)", line.strip())
            if found and not line.startswith((" ", "|")):
                yield words_of(found[1])
    for inline in re.findall(r"`harness ([a-z][^`]+)`", FENCE.sub("", text)):
        yield from alternatives(words_of(inline.replace("\\|", "_OR_")))


def alternatives(words: list[str]) -> Iterator[list[str]]:
    """Give a command once for each of the words that a table names as `a|b|c`."""
    place = next((n for n, word in enumerate(words) if "_OR_" in word), None)
    if place is None:
        yield words
        return
    for word in words[place].split("_OR_"):
        yield [*words[:place], word, *words[place + 1 :]]


def words_of(line: str) -> list[str]:
    words = shlex.split(line, comments=True)
    end = next((n for n, word in enumerate(words) if word.startswith(ENDS)), len(words))
    return words[:end]


def unknown(words: list[str]) -> list[str]:
    """Give what the command line does not know of a command: its name, or options."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith("-"):
            return []
        if rest[0] not in command.commands:
            return [" ".join(words)]
        command = command.commands[rest.pop(0)]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    given = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [word for word in given if word not in known | {"--help"}]


@pytest.mark.slow
def test_every_command_of_the_documents_exists(root: Path) -> None:
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]
    found = [
        (page.name, words, unknown(words))
        for page in pages
        for words in commands(page.read_text(encoding="utf-8"))
    ]
    assert len(found) > 150
    assert [each for each in found if each[2]] == []
    assert unknown(["rum", "--tasks", "a"]) and unknown(["run", "--taks", "a"]) == ["--taks"]


def test_every_message_of_troubleshooting_is_one_of_ours(root: Path) -> None:
    page = (root / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (`.*)$", page, flags=re.M)
    messages = [each for heading in headings for each in re.findall(r"`([^`]+)`", heading)]
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((root / "harness").rglob("*.py"))
    )
    named = re.sub(r'"\n\s*f?"', "", source)
    others = {"harness: command not found", *(f"unknown {kind}" for kind in Kind)}
    assert len(messages) > 15 and 'f"unknown {kind}"' in source
    assert [each for each in messages if each not in others and each not in named] == []


def test_score_answers_is_as_its_page_says(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (root / "docs" / "score_answers.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(page):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    session = re.findall(r"^```console\n(.*?)^```", page, flags=re.S | re.M)
    asked = [part for block in session for part in re.split(r"^\$ ", block, flags=re.M)[1:]]
    assert len(asked) == 6
    for part in asked:
        command, *expected = part.splitlines()
        printed = {words_apart(line) for line in harness(*words_of(command)[1:]).text.splitlines()}
        assert [line for line in expected if words_apart(line) not in printed] == [], command


def words_apart(line: str) -> str:
    return " ".join(line.split())
