"""What servers send, read: answers as they are, and everything else named for what it is."""

import json
from typing import Any

import pytest

from harness.adapters.server.answer import Answer, NoAnswerError, read_answer, without_reasoning

JSON = "application/json"


def body(message: Any, reason: Any = "stop", *, choice: Any = None, **more: Any) -> str:
    first = {"message": message, "finish_reason": reason} | (choice or {})
    return json.dumps({"choices": [first]} | more)


def parts(*content: Any) -> str:
    return body({"content": list(content)})


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
        (
            body({}, "content_filter"),
            Answer("", finish_reason="content_filter", refused=True),
        ),
        (
            body({"content": "This is a"}, "content_filter: SAFETY"),
            Answer("This is a", finish_reason="content_filter: SAFETY", refused=True),
        ),
        (body({"content": "cat"}, "COMPLETE"), Answer("cat", finish_reason="COMPLETE")),
        (body({"content": "cat"}, error=None), Answer("cat", finish_reason="stop")),
        (parts({"text": "a cat"}), Answer("a cat", finish_reason="stop")),
        (parts({"type": "text", "text": ""}), Answer("", finish_reason="stop")),
        (
            parts(
                {"type": "thinking", "thinking": [{"type": "text", "text": "a dog? no"}]},
                {"type": "text", "text": "a cat"},
            ),
            Answer("a cat", reasoning="a dog? no", finish_reason="stop"),
        ),
        (
            parts({"type": "reasoning", "text": "a dog"}, {"type": "output_text", "text": "cat"}),
            Answer("cat", reasoning="a dog", finish_reason="stop"),
        ),
        (
            parts({"type": "refusal", "refusal": "No cat for you."}),
            Answer("No cat for you.", finish_reason="stop", refused=True),
        ),
        (
            body({"content": "cat"}, model="m-1", usage={"completion_tokens": 2}),
            Answer("cat", finish_reason="stop", model="m-1", tokens=2),
        ),
        (
            body({"content": "cat"}, usage={"prompt_tokens": 9, "prompt_tokens_details": None}),
            Answer("cat", finish_reason="stop", prompt_tokens=9),
        ),
        *(
            (
                body({"content": "cat"}, usage={"prompt_tokens": bad, "completion_tokens": bad}),
                Answer("cat", finish_reason="stop"),
            )
            for bad in (-1, -(10**30), 10**30, 1.5, "7", True, None, [3])
        ),
        (
            body(
                {"content": "cat"},
                usage={"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}},
            ),
            Answer("cat", finish_reason="stop", prompt_tokens=5, cached_tokens=5),
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
        (body({"content": 7}), JSON, "content that is no text: 7"),
        (body({"content": {"value": "dog"}}), JSON, "content that is no text"),
        (body({"content": True}), JSON, "content that is no text"),
        (body({"content": []}), JSON, "without content"),
        (parts("dog"), JSON, "part of the content that is no text"),
        (parts({"type": "text", "text": {"value": "dog"}}), JSON, "part of the content"),
        (parts({"type": "text"}), JSON, "part of the content"),
        (parts({"type": "image_url", "image_url": {}}), JSON, "part of the content"),
        (parts({"type": ["text"], "text": "dog"}), JSON, "part of the content"),
        (parts({"type": "text", "text": "dog"}, 3), JSON, "part of the content"),
        (parts({"type": "reasoning", "text": "a dog"}), JSON, "without content"),
        (body({"content": ""}, None), JSON, "without content"),
        (body({"content": "", "reasoning": "fur"}, ""), JSON, "without content"),
        (body({"content": "", "refusal": ""}, None), JSON, "without content"),
        (body({"content": "a do"}, "error"), JSON, "`error`, which is no end"),
        (body({"content": "a do"}, "abort"), JSON, "`abort`, which is no end"),
        (body({"content": ""}, "insufficient_system_resource"), JSON, "which is no end"),
        (body({"content": "a dog"}, 1), JSON, "finish_reason that is no text: 1"),
        (body({"content": "dog"}, "tool_calls"), JSON, "`tool_calls`"),
        (body({"content": ""}, error={"message": "overloaded", "code": 502}), JSON, "overloaded"),
        (body({"content": "dog"}, error={"message": "overloaded"}), JSON, "overloaded"),
        (body({"content": "dog"}, error="upstream"), JSON, "the server says: upstream"),
        (body({"content": ""}, choice={"error": {"code": 502}}), JSON, '"code": 502'),
        ('{"object": "error", "message": "no room"}', JSON, "the server says: no room"),
        ("[" * 100_000, JSON, "cannot be read"),
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
