"""The workflows that check submissions give a stranger's files nothing to run with."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(".github/workflows")


def workflow(root: Path, name: str) -> dict[str, Any]:
    values = yaml.safe_load((root / FOLDER / name).read_text())
    values["on"] = values.pop(True)  # YAML 1.1 takes a bare `on` for a truth value
    return dict(values)


def steps(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in values["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=["submission.yml", "submission-comment.yml"])
def either(root: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    return workflow(root, request.param)


def test_no_workflow_runs_on_pull_request_target(root: Path) -> None:
    for path in (root / FOLDER).glob("*.yml"):
        assert "pull_request_target" not in path.read_text(), path.name


def test_actions_are_github_s_own_and_pinned(either: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps(either) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", each) for each in used)


def test_no_word_of_the_event_reaches_a_shell_or_a_script(either: dict[str, Any]) -> None:
    for step in steps(either):
        text = step.get("run", "") + step.get("with", {}).get("script", "")
        assert "${{" not in text, step


def test_the_check_can_only_read(root: Path) -> None:
    values = workflow(root, "submission.yml")
    assert values["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in values["jobs"].values())
    assert values["on"] == {"pull_request": {"paths": ["leaderboard/submissions/**"]}}
    assert "{{ secrets" not in (root / FOLDER / "submission.yml").read_text()


def test_the_checker_is_the_base_branch_s_and_the_entries_are_data(root: Path) -> None:
    values = workflow(root, "submission.yml")
    base, data = (step["with"] for step in steps(values) if "checkout" in step.get("uses", ""))
    assert base["path"] == "base" and "pull_request.base." in base["ref"]
    assert data["path"] == "data" and data["sparse-checkout"] == "leaderboard/submissions"
    assert base["persist-credentials"] is data["persist-credentials"] is False
    commands = [step for step in steps(values) if "run" in step]
    assert commands and all(step["working-directory"] == "base" for step in commands)
    text = "\n".join(step["run"] for step in commands)
    assert set(re.findall(r"\S*data/\S*", text)) == {
        "../data/leaderboard", "../data/leaderboard/submissions",
    }  # fmt: skip


def test_the_comment_checks_nothing_out(root: Path) -> None:
    values = workflow(root, "submission-comment.yml")
    assert values["on"] == {"workflow_run": {"workflows": ["submission"], "types": ["completed"]}}
    assert values["permissions"] == {}
    (job,) = values["jobs"].values()
    assert job["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert job["if"] == "github.event.workflow_run.event == 'pull_request'"
    assert not any("checkout" in step.get("uses", "") for step in steps(values))


def test_the_comment_holds_what_was_found_and_nothing_that_acts(root: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here to run the script of the comment with")
    values = workflow(root, "submission-comment.yml")
    script = steps(values)[-1]["with"]["script"]
    hostile = "```\n@everyone <script> \u202e closes #1 " + "n" * 10_000
    finding = {"severity": "error", "code": "E101", "where": hostile, "text": hostile}
    report = {"exit_code": 1, "entries": [{"entry": hostile, "findings": [finding] * 60}]}
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.json").write_text(json.dumps(report))
    (tmp_path / "report" / "number").write_text("7\n")
    (tmp_path / "run.js").write_text(
        "const said = [];\n"
        "const core = { info: () => {} };\n"
        "const context = { repo: { owner: 'o', repo: 'r' },"
        " payload: { workflow_run: { head_sha: 'abc' } } };\n"
        "const github = { paginate: async () => [], rest: {\n"
        "  pulls: { get: async () => ({ data: { state: 'open', head: { sha: 'abc' } } }) },\n"
        "  issues: { createComment: async (each) => said.push(each) } } };\n"
        f"(async () => {{\n{script}\n}})().then(() => console.log(JSON.stringify(said)));\n"
    )
    done = subprocess.run(
        [node, "run.js"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (said,) = json.loads(done.stdout)
    assert said["issue_number"] == 7 and len(said["body"]) < 60_000
    before, inside, after = said["body"].split("```")
    assert "Errors" in before and "@" not in before + after
    assert "E101" in inside and "\u202e" not in inside
