"""Findings for people, machines and GitHub: complete, and inert whatever an entry says."""

import json
import re
import sys
from pathlib import Path

import pytest

from harness.leaderboard.entries.finding import (
    RULES,
    Finding,
    Report,
    as_github,
    as_json,
    as_text,
    exit_code,
    listed,
)
from harness.report.terminal import fitted
from harness.specs.catalogue import Catalogue
from support.command import Said, harness
from support.drafts import Draft
from support.tiny_benchmark import tiny_runs

HOSTILE = "a\n::error file=x::b ##[group]c \u202edcba \x1b[31m" + "n" * 10_000
REPORT = Report(
    "tiny", "/x/tiny", (Finding("W601", "runs/a:3", "7 %"), Finding("I206", "MODEL_CARD.md", "-"))
)
OUT = "More than 5 % of the answers are out of prompt, unparsed or refused."


def test_text_has_a_line_for_each_finding_and_a_count() -> None:
    assert as_text([REPORT]).splitlines() == [
        f"tiny: warning W601 runs/a:3: {OUT[:-1]}: 7 %",
        f"tiny: info I206 MODEL_CARD.md: {RULES['I206'].removesuffix('.')}: -",
        "tiny: 0 errors, 1 warning",
    ]


def test_findings_are_laid_out_for_a_terminal_and_no_word_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = "runs/mini_open_world/predictions.jsonl.gz"
    text = as_text([Report("tiny", "tiny", (Finding("E302", path, "1: mini_val_00000006"),))])
    assert fitted(text) == text  # in a pipe, a line each
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = fitted(text).split("\n")
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert any(path in line for line in lines)


def test_github_has_a_command_for_each_finding() -> None:
    assert as_github([REPORT]).splitlines() == [
        "::warning file=/x/tiny/runs/a,title=W601::More than 5 %25 of the answers are "
        "out of prompt, unparsed or refused: 7 %25",
        f"::notice file=/x/tiny/MODEL_CARD.md,title=I206::{RULES['I206'].removesuffix('.')}: -",
        "entry tiny: 0 errors, 1 warning",
    ]


def test_json_has_everything() -> None:
    values = json.loads(as_json([REPORT]))
    assert values["exit_code"] == 2
    (entry,) = values["entries"]
    assert entry["entry"] == "tiny"
    assert entry["findings"][0] == {
        "code": "W601", "where": "runs/a:3", "text": "7 %", "severity": "warning", "rule": OUT,
    }  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), [("E101", 1), ("W601", 2), ("I206", 0)])
def test_the_exit_code_is_of_the_gravest(code: str, expected: int) -> None:
    info = Finding("I206", "a", "b")
    assert exit_code([Report("a", "a", (info, Finding(code, "a", "b"), info))]) == expected


def test_hostile_words_stay_in_their_line_and_act_on_nothing() -> None:
    hostile = Report(HOSTILE, HOSTILE, (Finding("E101", HOSTILE, HOSTILE),))
    text, github = as_text([hostile]), as_github([hostile])
    assert len(text.splitlines()) == 3 and len(github.splitlines()) == 2
    for told in (text, github):
        assert "\x1b" not in told and "\u202e" not in told and len(told) < 5000
    first, second = github.splitlines()
    assert re.fullmatch(r"::error file=[^:,]+,title=E101::.*", first)
    assert second.startswith("entry ") and "##[" not in github
    assert as_json([hostile]).isascii()


def test_five_are_listed_and_all_counted() -> None:
    assert listed("abc") == "3: a, b, c"
    assert listed("abcdefg") == "7: a, b, c, d, e, …"


def command(*words: str | Path) -> Said:
    return harness("submit", *words)


def test_the_command_tells_and_exits_by_what_it_found(draft: Draft, tiny_folder: Path) -> None:
    own = ("--include_path", tiny_folder)
    clean = command("check", draft.save(), *own)
    assert (clean.code, clean.stdout) == (0, "tiny: 0 errors, 0 warnings\n"), clean.stderr
    draft.rows["tiny_cw"].pop()
    broken = command("check", draft.save(), "--format", "json", *own)
    assert broken.code == 1
    assert json.loads(broken.stdout)["entries"][0]["findings"][0]["code"] == "E302"


def test_a_mistake_of_the_call_is_not_taken_for_warnings(tmp_path: Path) -> None:
    done = command("check", tmp_path / "nothing")
    assert done.code == 1 and "there is no such folder" in done.stderr


def test_runs_are_packed_and_checked_by_the_command(
    tiny: Catalogue, tiny_folder: Path, tmp_path: Path
) -> None:
    tiny_runs(tiny, tmp_path / "runs", tasks=["tiny_cw"])
    own = ("--include_path", tiny_folder)
    done = command("pack", tmp_path / "runs", "-o", tmp_path / "tiny", *own)
    assert done.code == 0, done.stderr
    assert "fill in" in done.stdout and "tiny on tiny_cw" in done.stdout
    again = command("pack", tmp_path / "runs", "-o", tmp_path / "tiny", *own)
    assert again.code == 2 and "is not empty" in again.stderr
    found = command("check", tmp_path / "tiny", *own)
    assert found.code == 1 and "E209" in found.stdout, found.stdout
    assert "E2" not in found.stdout.replace("E209", "") and "I206" in found.stdout
