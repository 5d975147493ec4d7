"""Several servers of one model: who is asked, who is left out, and who comes back."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness.adapters.server.adapter import OpenAIAdapter
from harness.adapters.server.faults import ServerError
from harness.requests import Failed
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from support.faulty_server import MODEL, FaultyServer, Script
from support.openai_requests import asked, connect

SERVE = (
    "import sys, time; sys.path.insert(0, 'tests')\n"
    "from support.faulty_server import FaultyServer\n"
    "with FaultyServer(delay_s=float(sys.argv[1])) as server:\n"
    "    print(server.url, flush=True)\n"
    "    while True:\n        time.sleep(1)\n"
)


@contextmanager
def served(
    *scripts: Script, delays: tuple[float, ...] = (0.0, 0.0), **options: object
) -> Iterator[tuple[OpenAIAdapter, list[FaultyServer]]]:
    """Servers with scripts of their own, and an adapter for all of them."""
    with ExitStack() as stack:
        pairs = zip(scripts, delays, strict=False)
        servers = [stack.enter_context(FaultyServer(each, delay)) for each, delay in pairs]
        adapter = connect("", **({"base_url": [each.url for each in servers]} | options))
        stack.callback(adapter.close)
        yield adapter, servers


def texts(adapter: OpenAIAdapter, *numbers: int) -> list[str]:
    return [
        each.error if isinstance(each, Failed) else each.text  # type: ignore[union-attr]
        for each in adapter.respond(*asked(*numbers))
    ]


def answers(*numbers: int) -> list[str]:
    return [f"answer {number}" for number in numbers]


def test_the_server_with_the_fewest_under_way_is_asked() -> None:
    with served({}, {}, delays=(0.02, 0.3), concurrency=2) as (adapter, (quick, slow)):
        assert texts(adapter, *range(20)) == answers(*range(20))
        assert (quick.peak, slow.peak) == (2, 2)
        assert len(quick.log) + len(slow.log) == 20 and 2 <= len(slow.log) <= 6


def test_a_server_that_fails_over_and_over_is_left_out_and_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    numbers = range(12)
    with served(dict.fromkeys(numbers, "500"), {}, max_retries=2) as (adapter, (ill, _)):
        assert texts(adapter, *numbers) == answers(*numbers)
        assert 3 <= len(ill.log) <= 3 + 8  # as many as were under way when it was left out
        assert "is left out for now: HTTP 500" in caplog.text
        assert f"left out for a time: {ill.url}" in adapter.facts.notes
        ill.script, seen = {}, len(ill.log)
        deadline = time.monotonic() + 5
        while "is back" not in caplog.text and time.monotonic() < deadline:
            assert texts(adapter, 1, 2) == answers(1, 2)
        assert len(ill.log) > seen and f"{ill.url} is back" in caplog.text
        assert texts(adapter, *numbers) == answers(*numbers)


def test_a_request_that_fails_everywhere_is_its_own_error_and_ends_no_run() -> None:
    with served({3: "500"}, {3: "503"}, max_retries=1, concurrency=1) as (adapter, servers):
        one, failed, other = texts(adapter, 1, 3, 2)
        assert (one, other) == ("answer 1", "answer 2")
        assert "HTTP 50" in failed and "(4 tries)" in failed
        assert [len(each.tries(3)) for each in servers] == [2, 2]
        assert texts(adapter, 4, 5) == answers(4, 5)


def test_other_faults_are_told_as_of_one_server() -> None:
    with served({1: "400"}, {1: "400"}) as (adapter, servers):
        assert texts(adapter, 2, 1, 4) == ["answer 2", "HTTP 400: trouble 400", "answer 4"]
        assert sum(len(each.tries(1)) for each in servers) == 1
    with served({}, {1: "401"}) as (adapter, _), pytest.raises(ServerError, match="refuse the"):
        texts(adapter, 3, 1)
        texts(adapter, 2)


def test_all_dead_ends_the_run_as_one_dead_server_does() -> None:
    with served({}, {}) as (_, servers):
        gone = [each.url for each in servers]
    adapter = connect("", base_url=gone, max_retries=2)
    with pytest.raises(ServerError, match=r"are not there[\s\S]*start the server") as caught:
        texts(adapter, 1, 2)
    adapter.close()
    assert len(caught.value.problems) == 1 and all(url in str(caught.value) for url in gone)
    with FaultyServer() as alive:
        adapter = connect("", base_url=[gone[0], alive.url])
        assert texts(adapter, *range(10)) == answers(*range(10))
        adapter.close()


def test_servers_of_different_models_are_refused() -> None:
    other = json.dumps(
        {"model": "another", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    )
    with (
        served({}, dict.fromkeys(range(4), f"says {other}")) as (adapter, _),
        pytest.raises(ServerError, match="different models") as caught,
    ):
        texts(adapter, *range(4))
    assert MODEL in str(caught.value) and "another" in str(caught.value)


def test_a_server_that_is_killed_midway_costs_no_answer() -> None:
    """Processes of their own, one of them killed while it has requests under way."""
    command = [sys.executable, "-c", SERVE, "0.1"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    try:
        urls = [each.stdout.readline().strip() for each in processes if each.stdout]
        adapter = connect("", base_url=urls, concurrency=4)
        killer = threading.Timer(0.4, os.kill, (processes[0].pid, signal.SIGKILL))
        killer.start()
        assert texts(adapter, *range(60)) == answers(*range(60))
        assert processes[0].wait(timeout=5) == -signal.SIGKILL
        assert f"left out for a time: {urls[0]}" in adapter.facts.notes
        adapter.close()
    finally:
        for each in processes:
            each.kill()
            each.communicate()


def test_which_server_answers_is_no_identity_but_their_list_is(tmp_path: Path) -> None:
    def identity(urls: str) -> object:
        path = tmp_path / "m.yaml"
        path.write_text(
            f"model: m\nadapter: openai\npretrained: x\noptions: {{base_url: {urls}}}\n"
        )
        return load_model(Catalogue(()), str(path)).identity()

    assert identity("['http://a/v1', 'http://b/v1']") == identity("['http://b/v1', 'http://a/v1']")
    assert identity("['http://a/v1']") == identity("'http://a/v1'")
    assert identity("['http://a/v1', 'http://b/v1']") != identity("'http://a/v1'")
