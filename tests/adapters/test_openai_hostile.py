"""A server that means harm: what it sends is an answer that is well formed, or an error."""

import json
from typing import Any

import pytest

from harness.errors import SpecError
from harness.requests import Failed
from support.faulty_server import SPELLINGS, completion
from support.openai_requests import Make, asked

KEY = "sk-Recognise+this/key=1234567890"


def changed(**message: Any) -> str:
    return "says " + json.dumps(completion([2], **message))


def whole(**keys: Any) -> str:
    return "says " + json.dumps(completion([2]) | keys)


GOOD = json.dumps(completion([2]))
NO_ANSWERS = {
    "a message of the user": changed(role="user"),
    "a message of a tool": changed(role="tool"),
    "a call of a tool": changed(content="", tool_calls=[{"id": "1"}]),
    "a call of a function": changed(content="dog", function_call={"name": "f"}),
    "an error in the message": changed(content="dog", error={"message": "partial"}),
    "an error beside": whole(error="overloaded"),
    "an error in the choice": "says " + GOOD.replace('"index"', '"error": {"code": 1}, "index"'),
    "two contents": "says " + GOOD.replace('"content"', '"content": "dog", "content"'),
    "two lists of choices": "says " + GOOD.replace('"choices"', '"choices": [], "choices"'),
    "choices that are none": whole(choices={"0": {}}),
    "a choice that is none": whole(choices=["dog"]),
    "a part of a stream": "says " + GOOD.replace('"message"', '"delta"'),
    "content in numbers": changed(content=7),
    "content in a mapping": changed(content={"value": "dog"}),
    "text in a mapping": changed(content=[{"type": "text", "text": {"value": "dog"}}]),
    "an image as text": changed(content=[{"type": "image_url", "text": "dog"}]),
    "an end that is an error": "says " + GOOD.replace('"stop"', '"error"'),
    "an end in numbers": "says " + GOOD.replace('"stop"', "1"),
    "depth": "says " + GOOD[:-1] + ', "x": ' + "[" * 100_000,
    "depth that is closed": "says " + GOOD[:-1] + ', "x": ' + "[" * 999 + "]" * 999 + "}",
    "digits": "says " + GOOD[:-1] + ', "x": ' + "9" * 9_999 + "}",
    "half a body": "says " + GOOD[: len(GOOD) // 2],
    "nothing": "says ",
    "a list": "says [" + GOOD + "]",
    "two bodies": "says " + GOOD + GOOD,
    "too much": "large",
    "a little that unpacks to much": "packed",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_what_is_not_a_well_formed_success_is_an_error(make: Make, name: str) -> None:
    adapter, _ = make({2: NO_ANSWERS[name]})
    one, failed, other = adapter.respond(*asked(1, 2, 3))
    assert (one.text, other.text) == ("answer 1", "answer 3")
    assert isinstance(failed, Failed)
    assert len(failed.error) < 400


@pytest.mark.parametrize("charset", ["utf-16", "rot13", "zlib", "idna", "nonsense", "utf-7", ""])
def test_a_charset_is_no_matter(make: Make, charset: str) -> None:
    adapter, _ = make({1: f"charset {charset}", 2: f"failing {charset}"}, max_retries=0)
    answer, failed = adapter.respond(*asked(1, 2))
    assert answer.text == "answer 1"
    assert failed.error == "HTTP 500: trouble"


def test_a_failure_is_bounded_too(make: Make) -> None:
    adapter, _ = make({2: "large failure"}, max_retries=0)
    failed, _ = adapter.respond(*asked(2, 3))
    assert "more than" in failed.error


@pytest.mark.parametrize("count", [-5, 1.5, True, "7", None, [], float("nan"), 2**40, 10**39])
def test_counts_that_can_be_none_are_not_known(make: Make, count: object) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": count}
    adapter, _ = make({2: whole(usage=usage)}, prices={"input": 1.0, "output": 1.0})
    answer = adapter.respond(*asked(2))[0]
    assert answer.text == "answer 2"
    assert (answer.tokens, answer.prompt_tokens, answer.cost) == (None, None, None)


@pytest.mark.parametrize(
    "cached", [-1, 10**9, True, None, {"cached_tokens": float("inf")}, "400", 99.5]
)
def test_a_cost_is_never_below_nothing(make: Make, cached: object) -> None:
    usage = {
        "prompt_tokens": 100, "completion_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": cached},
    }  # fmt: skip
    adapter, _ = make({2: whole(usage=usage)}, prices={"input": 1, "output": 1, "cached_input": 0})
    cost = adapter.respond(*asked(2))[0].cost
    assert cost is not None and 0 < cost <= 110e-6


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_key_comes_back_in_no_spelling(
    make: Make, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    adapter, server = make({2: f"spelt {spelling}"}, api_key_env="A_KEY", max_retries=0)
    failed, good = adapter.respond(*asked(2, 3))
    assert good.text == "answer 3"
    assert server.log[0].headers["authorization"] == f"Bearer {KEY}"
    assert "you sent" in failed.error and "[key]" in failed.error
    parts = (KEY[4:14], KEY[-10:])
    for part in (f(part) for f in SPELLINGS.values() for part in parts):
        assert part[4:-4] not in failed.error


def test_names_of_a_server_are_bounded(make: Make) -> None:
    script = {
        number: whole(model=f"{number}\ud800" + "x" * 10_000, system_fingerprint="y" * number)
        for number in range(1, 60)
    }
    adapter, _ = make(script)
    adapter.respond(*asked(*range(1, 60)))
    told = str(adapter.facts)
    assert len(told) < 20_000
    told.encode()


@pytest.mark.parametrize(
    "url", ["http://me:secret@127.0.0.1/v1", "http://h/v1?key=secret", "ftp://x"]
)
def test_no_secret_stands_in_the_address(
    make: Make, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(SpecError, match="OPENAI_BASE_URL") as error:
        make(base_url=None)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "wait", ["nan", "inf", "-1", "1e999", "99999999999999", "Fri, 31 Dec 99999 23:59:59 GMT",
             "\x00", "Fri, 31 Dec 1999 23:59:59 +99999999999999"],
)  # fmt: skip
def test_any_wait_that_a_server_asks_for_is_read(make: Make, wait: str) -> None:
    from harness.adapters.server.faults import _wait_of

    found = _wait_of({"retry-after": wait})
    assert found is None or found >= 0
