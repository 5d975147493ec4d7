"""What servers send, read: answers as they are, and everything else named for what it is."""

import json
from typing import Any

import pytest

from harness.adapters.openai_answer import Answer, NoAnswerError, read_answer, without_reasoning

JSON = "application/json"


def body(message: Any, reason: str | None = "stop", **more: Any) -> str:
    return json.dumps({"choices": [{"message": message, "finish_reason": reason}]} | more)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body({"content": "a cat"}), Answer("a cat", finish_reason="stop")),
        (body({"content": ""}), Answer("", finish_reason="stop")),
        (body({"content": "  a cat \n"}), Answer("  a cat \n", finish_reason="stop")),
        (body({"content": "cat"}, None), Answer("cat")),
        (
            body({"content": [{"type": "text", "text": "a "}, {"type": "text", "text": "cat"}]}),
            Answer("a cat", finish_reason="stop"),
        ),
        (
            body({"content": "cat", "reasoning_content": "fur"}),
            Answer("cat", reasoning="fur", finish_reason="stop"),
        ),
        (
            body({"content": "cat", "reasoning": "fur"}),
            Answer("cat", reasoning="fur", finish_reason="stop"),
        ),
        (
            body({"content": None, "refusal": "No."}),
            Answer("No.", finish_reason="stop", refused=True),
        ),
        (body({"content": "cat", "refusal": ""}), Answer("cat", finish_reason="stop")),
        (body({"content": None}, "length"), Answer("", finish_reason="length")),
        (body({}, "content_filter"), Answer("", finish_reason="content_filter")),
        (
            body({"content": "cat"}, model="m-1", usage={"completion_tokens": 2}),
            Answer("cat", finish_reason="stop", model="m-1", tokens=2),
        ),
        (
            body({"content": "cat"}, usage={"prompt_tokens": 9, "prompt_tokens_details": None}),
            Answer("cat", finish_reason="stop", prompt_tokens=9),
        ),
    ],
)
def test_answers(sent: str, expected: Answer) -> None:
    assert read_answer(sent, JSON + "; charset=utf-8") == expected


@pytest.mark.parametrize(
    ("sent", "kind", "why"),
    [
        ("<html>", "text/html", "not JSON but `text/html`"),
        (body({"content": "cat"}), "", "not JSON but `no content type`"),
        (body({"content": "cat"})[:-9], JSON, "cannot be read"),
        ("", JSON, "cannot be read"),
        ("[]", JSON, "no object"),
        ("{}", JSON, "^no choices$"),
        ('{"choices": []}', JSON, "^no choices$"),
        ('{"choices": null, "error": "overloaded"}', JSON, "the server says: overloaded"),
        ('{"choices": [{}]}', JSON, "a choice without message"),
        (body({}), JSON, "without content"),
        (body({"content": None, "tool_calls": []}, "tool_calls"), JSON, "`tool_calls`"),
        (body({"content": 7}), JSON, "without content"),
    ],
)
def test_what_is_no_answer(sent: str, kind: str, why: str) -> None:
    with pytest.raises(NoAnswerError, match=why):
        read_answer(sent, kind)


def test_reasoning_that_the_server_left_in_the_text_is_parted_from_it() -> None:
    thought = Answer("<think>fur, so</think>\n\na cat", finish_reason="stop")
    read = without_reasoning(thought, "</think>")
    assert (read.text, read.reasoning) == ("a cat", "<think>fur, so")
    assert without_reasoning(thought, None) is thought
    plain = Answer("a cat", finish_reason="stop")
    assert without_reasoning(plain, "</think>") is plain
    cut_short = without_reasoning(Answer("<think>fur", finish_reason="length"), "</think>")
    assert (cut_short.text, cut_short.reasoning) == ("", "<think>fur")
