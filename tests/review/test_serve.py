"""`harness review serve`: who gets what, and that an acknowledged answer is on disk."""

import json
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from harness.errors import DataError, MissingPackageError, RunError
from harness.review.answer_log import AnswerLog
from harness.review.answers import read_answers
from harness.review.queue import Queue
from harness.review.server import HEADER, MOST_BODY, make_app, opened
from support.annotators import answer
from support.command import harness
from support.review_folder import make_folder
from support.review_server import served

LATE = "2026-02-02T12:00:00.000Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path / "review", n=6)
    return tmp_path / "review"


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(opened(folder, Queue.read(folder)))) as found:
        yield found


def headers(folder: Path, name: str = "ann") -> dict[str, str]:
    return {HEADER: json.loads((folder / "tokens.json").read_text())[name]}


def lines(folder: Path, name: str = "ann") -> list[str]:
    path = folder / "answers" / f"{name}.jsonl"
    return path.read_text().splitlines(keepends=True) if path.exists() else []


def test_an_answer_is_on_disk_once_and_comes_back(client: TestClient, folder: Path) -> None:
    queue = Queue.read(folder)
    row = answer(queue, queue.items[0], "ann", [1])
    for _ in range(2):  # an answer whose acknowledgement was lost is sent again
        reply = client.post("/api/answers", content=row.line(), headers=headers(folder))
        assert (reply.status_code, reply.json()) == (200, {"saved": True})
    assert lines(folder) == [row.line()]
    found = client.get("/api/answers", headers=headers(folder)).json()
    assert found == {"annotator": "ann", "rows": [json.loads(row.line())]}
    assert read_answers(queue, folder).rows == (row,)


def test_without_a_token_only_the_page_itself_is_there(client: TestClient, folder: Path) -> None:
    image = next((folder / "page" / "images").iterdir()).name
    private = [
        "/queue.js", "/classes.js", "/annotators/ann.js", f"/images/{image}", "/api/answers",
        "/api/shown?image=image_00",
    ]  # fmt: skip
    for path in private:
        assert client.get(path).status_code == 403, path
        assert client.get(path, headers={HEADER: "wrong"}).status_code == 403, path
    assert client.post("/api/answers", content=b"{}").status_code == 403
    for path in ("/", "/review.js", "/review.css"):
        assert client.get(path).status_code == 200, path
    wrong = client.get("/?token=wrong")
    assert wrong.status_code == 403
    assert "This address is not valid" in wrong.text


def test_an_annotator_gets_the_own_files_and_no_other(client: TestClient, folder: Path) -> None:
    (folder / "page" / "images" / "link.jpg").symlink_to(folder / "queue.json")
    image = next((folder / "page" / "images").glob("*0*.jpg")).name
    own = headers(folder)
    for path in ("/annotators/ann.js", "/queue.js", "/classes.js", f"/images/{image}"):
        assert client.get(path, headers=own).status_code == 200, path
    others = [
        "/annotators/bob.js", "/annotators/ann.shown.js", "/annotators/..%2f..%2fqueue.json",
        "/..%2fqueue.json", "/%2e%2e/queue.json", "/images/..%2f..%2ftokens.json", "/tokens.json",
        "/queue.json", "/images/link.jpg", "/images/", "/annotators/", "/docs", "/openapi.json",
        "/images/a%00.jpg",
    ]  # fmt: skip
    for path in others:
        assert client.get(path, headers=own).status_code == 404, path


def test_every_reply_says_what_a_browser_must_not_do(client: TestClient, folder: Path) -> None:
    for path in ("/", "/api/answers", "/nothing"):
        found = client.get(path).headers
        assert found["Cache-Control"] == "no-store"
        assert found["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'; script-src 'self'" in found["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"queue_sha256": "0"}, 422, "another queue"),
        ({"annotator": "bob"}, 422, "order"),
        ({"labels": (99,)}, 422, "no class"),
        ({"comment": "x" * 2001}, 422, "comment"),
        ({"comment": "x" * MOST_BODY}, 413, "bytes"),
        ({"seconds": None}, 422, "no answer of ann"),
    ],
)
def test_what_is_no_answer_is_refused_and_not_written(
    client: TestClient, folder: Path, change: dict[str, object], status: int, says: str
) -> None:
    queue = Queue.read(folder)
    row = answer(queue, queue.items[0], "ann", [1]).model_copy(update=change)
    reply = client.post("/api/answers", content=row.line(), headers=headers(folder))
    assert reply.status_code == status
    assert says in reply.json()["detail"]
    for text in (b"", b"[]", b'{"a": 1}', b"\xff", b"[" * 5000):
        reply = client.post("/api/answers", content=text, headers=headers(folder))
        assert reply.status_code == 422
    assert lines(folder) == []


def test_sources_come_only_when_the_first_answer_is_on_disk(tmp_path: Path) -> None:
    queue = make_folder(tmp_path, "blind_then_shown", n=6)
    client = TestClient(make_app(opened(tmp_path, queue)))
    own, item = headers(tmp_path), queue.items[0]
    ask = f"/api/shown?image={item.image_id}"
    assert client.get(ask, headers=own).status_code == 409
    second = answer(queue, item, "ann", [2], pass_="shown")
    assert client.post("/api/answers", content=second.line(), headers=own).status_code == 409
    first = answer(queue, item, "ann", [1])
    assert client.post("/api/answers", content=first.line(), headers=own).status_code == 200
    assert client.get(ask, headers=own).json()["1"][0]["source"].startswith(("label", "model"))
    assert client.get(ask, headers=headers(tmp_path, "bob")).status_code == 409
    other = answer(queue, item, "ann", [2])
    assert client.post("/api/answers", content=other.line(), headers=own).status_code == 409
    assert client.post("/api/answers", content=second.line(), headers=own).status_code == 200
    assert lines(tmp_path) == [first.line(), second.line()]
    assert client.get("/annotators/ann.shown.js", headers=own).status_code == 404


def test_in_mode_shown_the_sources_are_the_annotators_from_the_start(tmp_path: Path) -> None:
    client = TestClient(make_app(opened(tmp_path, make_folder(tmp_path, "shown", n=6))))
    found = client.get("/annotators/ann.shown.js", headers=headers(tmp_path))
    assert (found.status_code, "label set old" in found.text) == (200, True)
    found = client.get("/annotators/bob.shown.js", headers=headers(tmp_path))
    assert found.status_code == 404


def test_an_older_answer_that_comes_late_does_not_count(folder: Path) -> None:
    queue = Queue.read(folder)
    log = AnswerLog(queue, folder, "ann")
    new = answer(queue, queue.items[0], "ann", [2]).model_copy(update={"at": LATE})
    old = answer(queue, queue.items[0], "ann", [1])
    assert [log.add(new), log.add(old), log.add(old)] == [None, None, None]
    assert lines(folder) == [new.line(), old.line(), new.line()]
    assert list(read_answers(queue, folder).latest.values()) == [new]


def test_a_torn_last_line_is_mended_before_the_next(folder: Path) -> None:
    queue = Queue.read(folder)
    rows = [answer(queue, item, "ann", [1]) for item in queue.items[:3]]
    path = folder / "answers" / "ann.jsonl"
    path.write_text(rows[0].line() + rows[1].line()[:50])
    log = AnswerLog(queue, folder, "ann")
    assert (log.was_torn, log.rows) == (True, (rows[0],))
    log.add(rows[1])
    assert lines(folder) == [row.line() for row in rows[:2]]
    path.write_text(rows[0].line() + rows[1].line().rstrip())  # whole, but for its end
    log = AnswerLog(queue, folder, "ann")
    log.add(rows[2])
    assert (log.was_torn, lines(folder)) == (False, [row.line() for row in rows])


def test_a_file_that_is_wrong_elsewhere_is_not_touched(folder: Path) -> None:
    queue = Queue.read(folder)
    path = folder / "answers" / "ann.jsonl"
    path.write_text("{}\n" + answer(queue, queue.items[0], "ann", [1]).line()[:30])
    before = path.read_text()
    with pytest.raises(DataError, match=r"ann\.jsonl:1"):
        opened(folder, queue)
    assert path.read_text() == before


def test_a_full_disk_is_no_acknowledgement_and_leaves_whole_lines(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue.read(folder)
    rows = [answer(queue, item, "ann", [1]) for item in queue.items[:2]]
    post = {"headers": headers(folder)}
    assert client.post("/api/answers", content=rows[0].line(), **post).status_code == 200

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("harness.review.answer_log.os.fsync", full)
        assert client.post("/api/answers", content=rows[1].line(), **post).status_code == 503
    assert lines(folder) == [rows[0].line()]
    assert client.post("/api/answers", content=rows[1].line(), **post).status_code == 200
    assert lines(folder) == [row.line() for row in rows]


def test_tokens_stay_and_are_the_owners_alone(folder: Path) -> None:
    queue = Queue.read(folder)
    first = opened(folder, queue).tokens
    assert opened(folder, queue).tokens == first
    assert len(set(first.values())) == 2
    assert stat.S_IMODE((folder / "tokens.json").stat().st_mode) == 0o600
    (folder / "tokens.json").write_text('{"ann": ""}')
    with pytest.raises(DataError, match="does not hold tokens"):
        opened(folder, queue)


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(folder: Path) -> None:
    """Twenty kills: `benchmarks/review_kills.py`."""
    queue = Queue.read(folder)
    acknowledged, port = [], 0
    for number in range(3):
        with served(folder, port) as server:
            port = int(server.address.rpartition(":")[2])
            for item in queue.items:
                row = answer(queue, item, "ann", [number], seconds=number)
                status, _ = server.ask("/api/answers", server.tokens["ann"], row.line().encode())
                acknowledged += [row] if status == 200 else []
            if number == 1:
                said = harness("review", "serve", folder)
                assert said.code == RunError.exit_code
                assert "another command writes into this directory" in said.stderr
            server.kill()
        with (folder / "answers" / "ann.jsonl").open("a") as file:
            file.write('{"queue_sha256": "torn')  # as a kill in the middle of a line leaves it
    assert len(acknowledged) == 3 * len(queue.items)
    assert set(read_answers(queue, folder).rows) == set(acknowledged)


def test_what_is_missing_or_taken_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = harness("review", "serve", folder, "--port", taken.getsockname()[1])
    assert (said.code, "cannot be served" in said.stderr) == (2, True)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = harness("review", "serve", folder)
    assert said.code == MissingPackageError.exit_code
    assert "pip install 'mllm-classification-harness[review]'" in said.stderr
