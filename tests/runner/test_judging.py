"""`harness judge` against a server on loopback: kept verdicts, nonsense, failures, cost."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from harness.data.labels.of_task import NO_OVERRIDES
from harness.runs.judged import question, verdict_of
from harness.runs.reopen import open_run
from harness.specs.catalogue import Catalogue
from harness.store.prediction import Prediction
from support.command import Said, harness
from support.imported_runs import imported_run
from support.local_server import Handler, LocalServer


class Judge:
    """A judge that says what `say` says of a prompt; None is a fault of the server."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.fails: str | None = None
        """An answer with this in it is a fault of the server."""

    def say(self, prompt: str) -> str | None:
        answer = prompt.split("-----\n")[1].strip()
        name = prompt.splitlines()[0]
        if self.fails and self.fails in answer:
            return None
        if answer.startswith("a "):
            return "I am not sure."
        return "1" if answer.lower() in name.lower() else "No."

    def reply(self, body: Any) -> tuple[int, bytes]:
        prompt = body["messages"][-1]["content"]
        text = prompt if isinstance(prompt, str) else "".join(each["text"] for each in prompt)
        self.prompts.append(text)
        said = self.say(text)
        if said is None:
            return 400, b'{"error": {"message": "no"}}'
        message = {"role": "assistant", "content": said}
        found = {
            "id": "1", "object": "chat.completion", "created": 1, "model": "judge-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101},
        }  # fmt: skip
        return 200, json.dumps(found).encode()


def handler_of(judge: Judge) -> type[Handler]:
    class Judging(Handler):
        def reply(self, body: bytes) -> None:
            self.answer(*judge.reply(json.loads(body)))

    return Judging


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    return imported_run(tmp_path / "runs", "a", "mini_cw", ("limit=24",))


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def ask(imported: Path, tmp_path: Path, judge: Judge) -> Iterator[Callable[..., Said]]:
    """Ask the judge; one server, so that it is one judge."""
    with LocalServer(handler_of(judge), 0.05) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        (tmp_path / "judge.yaml").write_text(
            "model: judge\nadapter: openai\npretrained: j\nbatch_size: 4\noptions:\n"
            f"  base_url: {server.url}\n  backoff_s: 0.01\n  max_retries: 1\n  timeout_s: 5\n"
            "  prices: {input: 10, output: 0}\n"
        )
        yield partial(harness, "judge", imported, "--model", tmp_path / "judge.yaml", "--json")


def tables(said: Said) -> list[dict[str, Any]]:
    (table,) = json.loads(said.stdout)["tables"]
    found: list[dict[str, Any]] = table["rows"]
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_verdicts_are_kept_and_scored(
    imported: Path, judge: Judge, ask: Callable[..., Said]
) -> None:
    file = imported / "verdicts.jsonl"
    before = {path: path.read_bytes() for path in imported.iterdir() if path.is_file()}
    done = ask()
    assert done.code == 1, done.stderr  # nonsense is no verdict
    assert {p: p.read_bytes() for p in imported.iterdir() if p.is_file() and p != file} == before
    kept = {row["prompt"]: row["right"] for row in lines(file)}
    assert len(kept) == len(lines(file)) == len(judge.prompts)
    results = json.loads((imported / "results.json").read_text())
    rows = lines(imported / "predictions.jsonl")
    n_bees = sum(row.get("answer") == "a Bee" for row in rows)
    for found in tables(done):
        assert found["n"] == results["scores"]["cw"][found["label_set"]]["n"]
        assert 0 < found["n_nonsense"] == found["n_unscored"] <= n_bees
        assert (found["judge"], found["prompt_version"]) == ("judge", "1")
    asked, again = len(judge.prompts), ask()
    assert (again.stdout, len(judge.prompts)) == (done.stdout, asked)


def test_agreement_is_that_of_scikit_learn(imported: Path, ask: Callable[..., Said]) -> None:
    """The judge takes the bare name alone; so do we, but for what is read more leniently."""
    found = tables(ask())[0]
    original = {
        each.image_id: each
        for each in map(Prediction.from_json, lines(imported / "predictions.jsonl"))
    }
    opened = open_run(Catalogue(), imported, NO_OVERRIDES)
    first = opened.opened.labels.sets[0]
    kept = {row["prompt"]: row["right"] for row in lines(imported / "verdicts.jsonl")}
    pairs = []
    for image_id, row in original.items():
        ids = first.labels[image_id]
        names = [opened.opened.classes.by_id[each].name for each in sorted(ids)]
        said = kept[question(row.answer.strip(), names)] if (row.answer or "").strip() else False
        if said is not None:
            ours = row.class_id in ids or bool(ids & set(row.also))
            pairs.append((said, ours and row.status == "ok"))
    one, two = zip(*pairs, strict=True)
    assert found["kappa"] == pytest.approx(cohen_kappa_score(one, two))
    assert found["agreement"] == pytest.approx(100 * sum(a == b for a, b in pairs) / len(pairs))
    assert found["n_right"] == sum(one) and found["n"] - found["n_unscored"] == len(pairs)


def test_what_failed_is_unscored_and_asked_again(
    imported: Path, judge: Judge, ask: Callable[..., Said]
) -> None:
    judge.fails = "I cannot help"
    done = ask()
    assert done.code == 1 and "questions failed" in done.stdout
    assert all(each["n_unscored"] > each["n_nonsense"] for each in tables(done))
    asked, judge.fails = len(judge.prompts), None
    file = imported / "verdicts.jsonl"
    file.write_bytes(file.read_bytes() + b'{"key": "cut by a ki')
    again = ask()
    assert all(each["n_unscored"] == each["n_nonsense"] for each in tables(again))
    assert 0 < len(judge.prompts) - asked < asked
    assert len({row["key"] for row in lines(file)}) == len(lines(file))
    file.write_text("[]\n")
    assert "line 1: is no verdict" in " ".join(ask().stderr.split())


def test_the_cost_is_kept_to(imported: Path, judge: Judge, ask: Callable[..., Said]) -> None:
    """A question costs 0.001 dollars; one is asked first, then as many as can be paid."""
    done = ask("--max_cost", "0.0065")
    assert done.code == 1 and "--max_cost 0.0065" in done.stderr
    assert len(judge.prompts) == len(lines(imported / "verdicts.jsonl")) == 6
    assert ask("--max_cost", "0.0065").code == 1 and len(judge.prompts) == 6


def test_only_a_server_judges(imported: Path) -> None:
    said = harness("judge", imported, "--model", "mini")
    assert said.code == 2 and "adapter `openai`" in said.stderr


@pytest.mark.parametrize(
    ("reply", "right"),
    [("1", True), (" Yes.", True), ("**0**", False), ("no", False), ("10", None), ("", None),
     ("1 or 0", None), ("Yes, it does", None)],
)  # fmt: skip
def test_replies(reply: str, right: bool | None) -> None:
    assert verdict_of(reply) is right


def test_an_answer_brings_no_image_mark_and_is_cut() -> None:
    text = question("<image>" + "x" * 9000, ["a", "b {answer}"])
    assert "<image>" not in text and "a or b {answer}." in text and len(text) < 5000
