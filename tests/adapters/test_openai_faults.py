"""Every fault of a server, and what becomes of its request, its batch and its run."""

from itertools import pairwise

import pytest

from harness.adapters.server.faults import ServerError
from harness.requests import Failed, Request
from support.faulty_server import FaultyServer
from support.openai_requests import PROMPT, Make, asked, connect


@pytest.mark.parametrize("fault", ["408", "409", "429", "500", "503", "broken off"])
def test_faults_that_pass_are_waited_out(make: Make, fault: str) -> None:
    adapter, server = make({1: (fault, fault)})
    one, other = adapter.respond(*asked(1, 2))
    assert (one.text, other.text) == ("answer 1", "answer 2")
    assert server.tries(1) == [fault, fault, "fine"]


@pytest.mark.parametrize(
    ("fault", "tries", "error"),
    [
        ("503", 4, r"HTTP 503: trouble 503 \(4 tries\)"),
        ("429", 4, r"HTTP 429: trouble 429 \(4 tries\)"),
        ("broken off", 4, r"connection failed: RemoteProtocolError: .*\(4 tries\)"),
        ("400", 1, "HTTP 400: trouble 400$"),
        ("413", 1, "HTTP 413: trouble 413$"),
        ("422", 1, "HTTP 422: trouble 422$"),
        ("403", 1, "HTTP 403: trouble 403$"),
        ("501", 1, "HTTP 501: trouble 501$"),
        ("listed", 1, "^HTTP 400: Unknown name$"),
        ("detail", 1, "^HTTP 422: Unexpected fields$"),
        ("plain", 1, "^HTTP 501: Internal Server Error$"),
        ("cut json", 1, "JSON that cannot be read"),
        ("html", 1, r"not JSON but `text/html`: '<html>Please sign in</html>'"),
        ("no choices", 1, "no choices"),
        ("no content", 1, r"a message without content \(finish_reason `stop`\)"),
        ("429 after 900", 1, r"HTTP 429: trouble 429 \(asks to wait 900 s\)"),
    ],
)
def test_what_does_not_pass_is_the_error_of_its_request_alone(
    make: Make, fault: str, tries: int, error: str
) -> None:
    adapter, server = make({2: fault})
    adapter.respond(*asked(9))
    one, failed, other = adapter.respond(*asked(1, 2, 3))
    assert (one.text, other.text) == ("answer 1", "answer 3")
    assert isinstance(failed, Failed)
    assert server.tries(2) == [fault] * tries
    with pytest.raises(AssertionError, match=error):
        raise AssertionError(failed.error)


def test_a_server_that_does_not_answer_in_time_is_asked_again(make: Make) -> None:
    faults = {1: ("hang",), 2: "hang", 3: ("drip",)}  # drops come in time, the last one does not
    adapter, server = make(faults, timeout_s=0.3, max_retries=1)
    late, never, slow, good = adapter.respond(*asked(1, 2, 3, 4))
    assert (late.text, slow.text, good.text) == ("answer 1", "answer 3", "answer 4")
    assert never.error == "the server gave no answer in time (2 tries)"
    assert server.tries(1) == ["hang", "fine"] and server.tries(2) == ["hang", "hang"]
    assert server.tries(3) == ["drip", "fine"]


def test_retry_after_is_waited_for(make: Make) -> None:
    adapter, server = make({1: ("429 after 1",)})
    adapter.respond(*asked(1))
    first, second = server.log
    assert 1.0 <= second.at - first.at < 5.0


def test_waits_grow(make: Make) -> None:
    adapter, server = make({1: "500"}, backoff_s=0.1, max_retries=3)
    adapter.respond(*asked(9, 1))
    times = [entry.at for entry in server.log if entry.image == 1]
    waits = [later - earlier for earlier, later in pairwise(times)]
    for wait, longest in zip(waits, (0.1, 0.2, 0.4), strict=True):
        assert wait >= longest / 2


@pytest.mark.parametrize("fault", ["401", "402", "403", "404", "quota", "400"])
def test_a_server_that_refuses_the_whole_run_ends_it(make: Make, fault: str) -> None:
    adapter, server = make(dict.fromkeys(range(40), fault), concurrency=2)
    with pytest.raises(ServerError, match="refuses the requests of this run") as caught:
        adapter.respond(*asked(*range(40)))
    assert len(caught.value.problems) == 1
    seen = len(server.log)
    assert seen <= (40 if fault in ("400", "403") else 3)
    if fault in ("401", "404", "quota"):
        with pytest.raises(ServerError):
            adapter.respond(*asked(1))
        assert len(server.log) == seen


def test_what_was_answered_before_the_key_was_refused_is_not_lost(make: Make) -> None:
    adapter, server = make({2: "401"}, concurrency=1)
    one, refused, unsent = adapter.respond(*asked(1, 2, 3))
    assert one.text == "answer 1"
    assert refused.error == unsent.error == "HTTP 401: trouble 401"
    assert server.tries(3) == []
    with pytest.raises(ServerError, match="api_key_env"):
        adapter.respond(*asked(4))


def test_refused_images_do_not_end_a_run_that_goes(make: Make) -> None:
    adapter, _ = make({1: "400", 2: "403", 4: "400"})
    assert adapter.respond(*asked(1))[0].error == "HTTP 400: trouble 400"
    assert adapter.respond(*asked(3))[0].text == "answer 3"
    assert adapter.respond(*asked(2))[0].error == "HTTP 403: trouble 403"
    assert {each.error for each in adapter.respond(*asked(1, 4))} == {"HTTP 400: trouble 400"}
    fresh, _ = make({2: "403"})
    with pytest.raises(ServerError):
        fresh.respond(*asked(2))


def test_a_server_that_is_not_there_ends_the_run(make: Make) -> None:
    with FaultyServer() as gone:
        url = gone.url
    adapter = connect(url, max_retries=1)
    try:
        with pytest.raises(ServerError, match=r"is not there[\s\S]*start the server"):
            adapter.respond(*asked(1, 2))
    finally:
        adapter.close()


def test_images_that_do_not_fit_the_prompt_are_an_error(make: Make) -> None:
    adapter, server = make()
    wrong = Request((), PROMPT)
    ask, (good,) = asked(1)
    failed, good = adapter.respond(ask, [wrong, good])
    assert failed.error == "0 images for 1 <image> marks" and good.text == "answer 1"
    assert len(server.log) == 1
