"""Stop strings end an answer by one rule, whatever adapter wrote it."""

import pytest

from harness.adapters.hf.reading import AnswerReader, Markers
from harness.answers.outcome import cut, stop_place
from harness.export.lmms_eval.task import generation_kwargs
from harness.specs.task import GenerationSpec
from support.openai_requests import Make, asked
from support.tiny_tokenizer import make_tokenizer

CASES = [
    ("cat\nQ: dog", ("Q:", "\n"), "cat"),
    ("cat", ("\n",), "cat"),
    ("\ncat\ndog", ("\n",), "\ncat"),
    ("\n\n  cat\n\ndog", ("\n\n",), "\n\n  cat"),
    (" cat dog", (" ",), " cat"),
    ("\r\n\tcat\tdog", ("\t", "\r\n"), "\r\n\tcat"),
    ("\u2028\u00a0cat\ndog", ("\n",), "\u2028\u00a0cat"),
    ("\n", ("\n",), "\n"),
    ("", ("\n", "."), ""),
    ("Q: a dog?", ("Q:",), ""),  # a question of the model's own: it has answered nothing
    ("\nQ: a dog?", ("\nQ:",), ""),
    ("\nQ: a dog?", ("Q:",), "\n"),
    (".cat", (".", "\n"), ""),
]


@pytest.mark.parametrize(("text", "until", "answer"), CASES)
def test_white_space_before_an_answer_ends_nothing(
    text: str, until: tuple[str, ...], answer: str
) -> None:
    assert cut(text, until) == answer
    assert (stop_place(text, until) is None) == (answer == text)


THINKING = make_tokenizer({}, plain=("<think>", "</think>"))


def ids(text: str) -> list[int]:
    return list(THINKING(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize(
    ("text", "until", "answer"),
    [case for case in CASES if THINKING.decode(ids(case[0])) == case[0]],
)
@pytest.mark.parametrize("before", ["", "<think>Q: one.\ntwo</think>"])
def test_the_hf_adapter_stops_where_the_answer_ends(
    text: str, until: tuple[str, ...], answer: str, before: str
) -> None:
    tokens = ids(before + text)
    reader = AnswerReader(THINKING, [THINKING.eos_token_id], Markers("<think>", "</think>"))
    read = reader.read("", tokens, until)
    assert read.text == (answer.lstrip() if before else answer)
    assert read.truncated == (answer == text)
    assert reader.has_ended("", tokens, until) == (answer != text)
    firsts = [reader.has_ended("", tokens[:n], until) for n in range(len(tokens) + 1)]
    assert firsts == sorted(firsts), "what has ended stays ended"


def test_every_adapter_cuts_here_and_asks_nobody_else_to(make: Make) -> None:
    generation = GenerationSpec(until=("\n",))
    assert "until" not in generation_kwargs(generation)
    adapter, server = make({1: "line break"})
    (answer,) = adapter.respond(*asked(1, until=("\n",)))
    assert answer.text == "\nanswer 1"
    assert "stop" not in server.log[0].body


@pytest.mark.parametrize(
    ("stop", "said"), [("", "every answer holds the empty one"), (r"\n\n", "double quotes")]
)
def test_a_stop_string_that_cannot_be_meant_is_refused(stop: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GenerationSpec(until=("Q:", stop))
