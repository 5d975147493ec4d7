"""The workflows that check submissions give a stranger's files nothing to run with."""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(".github/workflows")
NAMES = ["submission.yml", "submission-comment.yml"]
ALL = [*NAMES, "tests.yml", "release.yml"]


def workflow(root: Path, name: str) -> dict[str, Any]:
    values = yaml.safe_load((root / FOLDER / name).read_text())
    values["on"] = values.pop(True)  # YAML 1.1 takes a bare `on` for a truth value
    return dict(values)


def steps(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in values["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=ALL)
def either(root: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    return workflow(root, request.param)


def test_no_workflow_runs_on_pull_request_target(root: Path) -> None:
    assert sorted(path.name for path in (root / FOLDER).iterdir()) == sorted(ALL)
    for path in (root / FOLDER).glob("*.yml"):
        assert "pull_request_target" not in path.read_text(), path.name


@pytest.mark.parametrize("name", ALL)
def test_actions_are_github_s_own_and_pinned_by_commit(root: Path, name: str) -> None:
    lines = re.findall(r"uses: (.*)", (root / FOLDER / name).read_text())
    assert lines
    for line in lines:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_nothing_is_left_of_a_token(either: dict[str, Any]) -> None:
    for step in steps(either):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_no_word_of_the_event_reaches_a_shell(either: dict[str, Any]) -> None:
    for step in steps(either):
        assert "${{" not in step.get("run", ""), step


def test_no_report_is_handed_from_one_run_to_another(either: dict[str, Any]) -> None:
    assert not any("artifact" in step.get("uses", "") for step in steps(either))


def test_the_check_can_only_read(root: Path) -> None:
    values = workflow(root, "submission.yml")
    assert values["permissions"] == {}
    assert [job["permissions"] for job in values["jobs"].values()] == [{"contents": "read"}]
    assert values["on"] == {"pull_request": {"paths": ["leaderboard/submissions/**"]}}
    for name in NAMES:
        assert "{{ secrets" not in (root / FOLDER / name).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_checker_is_the_base_branch_s_and_the_entries_are_data(root: Path, name: str) -> None:
    values = workflow(root, name)
    base, data = (step["with"] for step in steps(values) if "checkout" in step.get("uses", ""))
    assert base["path"] == "base"
    assert "pull_request.base." in base.get("ref", "pull_request.base.")  # none: the default branch
    assert data["path"] == "data" and data["sparse-checkout"] == "leaderboard/submissions"
    commands = [
        step for step in values["jobs"]["check"]["steps"] if "harness" in step.get("run", "")
    ]
    assert commands and all(step["working-directory"] == "base" for step in commands)
    text = "\n".join(step["run"] for step in steps(values) if "run" in step)
    assert set(re.findall(r"\S*data/\S*", text)) == {
        "../data/leaderboard", "../data/leaderboard/submissions",
    }  # fmt: skip


def test_the_token_that_may_write_sees_no_file_of_a_stranger(root: Path) -> None:
    values = workflow(root, "submission-comment.yml")
    assert values["on"] == {"workflow_run": {"workflows": ["submission"], "types": ["completed"]}}
    assert values["permissions"] == {}
    check, comment = values["jobs"].values()
    assert check["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert check["if"] == "github.event.workflow_run.event == 'pull_request'"
    assert comment["permissions"] == {"pull-requests": "write"}
    assert [sorted(step) for step in comment["steps"]] == [["env", "name", "run"]]
    told = comment["steps"][0]["env"]
    assert [key for key, value in told.items() if "workflow_run" in value] == []


def said(root: Path, tmp_path: Path, code: str, report: str) -> tuple[list[str], str]:
    """The words of the command that comments, and the comment, by the workflow's own script."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here to run the script of the comment with")
    script = workflow(root, "submission-comment.yml")["jobs"]["comment"]["steps"][0]["run"]
    gh = tmp_path / "gh"
    gh.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\n')
    gh.chmod(0o755)
    encoded = base64.b64encode(report.encode()).decode()
    told = {"NUMBER": "7", "REPOSITORY": "o/r", "CODE": code, "REPORT": encoded}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    command = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    subprocess.run(command, cwd=tmp_path, env={**told, "PATH": path}, check=True)
    return (tmp_path / "words").read_text().split(), (tmp_path / "body.md").read_text()


def test_the_comment_holds_what_was_found_and_nothing_that_acts(root: Path, tmp_path: Path) -> None:
    hostile = "tiny: error E101 ```\n@everyone <script> \u202e \x1b[2J closes #1 " + "n" * 10_000
    words, body = said(root, tmp_path, "1", hostile)
    assert words[:3] == ["pr", "comment", "7"]
    before, inside, after = body.split("```")
    assert "Errors" in before and "@" not in before + after
    assert "E101" in inside and inside.isascii() and "\x1b" not in inside
    assert max(map(len, body.splitlines())) <= 400


@pytest.mark.parametrize(
    ("code", "verdict"), [("0", "Clean"), ("2", "Warnings"), ("1", "Errors"), ("", "Errors")]
)
def test_the_verdict_is_of_the_exit_code(
    root: Path, tmp_path: Path, code: str, verdict: str
) -> None:
    assert f"submission.** {verdict}" in said(root, tmp_path, code, "tiny: 0 errors")[1]


def release_step(root: Path, name: str) -> str:
    found = (each for each in steps(workflow(root, "release.yml")) if each["name"].startswith(name))
    return str(next(found)["run"])


@pytest.mark.parametrize(
    ("tag", "changes", "goes_on"),
    [
        ("v1.2.0", "## 1.2.0\n", True),
        ("v1.2.1", "## 1.2.0\n", False),
        ("v1.2.0", "## Unreleased\n", False),
    ],
)
def test_only_the_tag_of_a_version_with_changes_is_published(
    root: Path, tmp_path: Path, tag: str, changes: str, goes_on: bool
) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text('"""Harness."""\n__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(changes)
    command = ["bash", "-e", "-c", release_step(root, "The tag")]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"TAG": tag})
    assert (done.returncode == 0) is goes_on
    assert re.search(r'^__version__ = ".+"$', (root / "harness" / "__init__.py").read_text(), re.M)


def test_a_release_needs_no_secret_and_may_write_nothing_here(root: Path) -> None:
    values = workflow(root, "release.yml")
    assert values["permissions"] == {} and values["on"] == {"push": {"tags": ["v*"]}}
    (job,) = values["jobs"].values()
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets" not in (root / FOLDER / "release.yml").read_text()


def test_the_tests_run_as_make_runs_them(root: Path) -> None:
    (job,) = workflow(root, "tests.yml")["jobs"].values()
    assert len(job["strategy"]["matrix"]["os"]) == 3
    words = job["steps"][-1]["run"].removeprefix("python -m ").replace('"', "'").split()
    made = " ".join((root / "Makefile").read_text().replace("\\\n", " ").split())
    assert " ".join(words) in made
