"""Choices over a server: names to which it is held, letters by their log-probabilities."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.adapters.server.adapter import OpenAIAdapter
from harness.errors import SpecError
from harness.requests import Ask, Failed, Request, Scores, Text
from harness.runs.rows import by_sum, per_token
from harness.specs.task import GenerationSpec, OutputType
from support.choosing_server import ChoosingServer, number
from support.openai_requests import asked, connect

NAMES = ("tench", "great white shark", "ibis (bird)", "tench")
LETTERS = ("A", "B", "C")


@contextmanager
def served(server: ChoosingServer, **options: object) -> Iterator[OpenAIAdapter]:
    with server:
        adapter = connect(server.url, **options)
        try:
            yield adapter
        finally:
            adapter.close()


def respond(
    adapter: OpenAIAdapter, kind: OutputType, choices: tuple[str, ...], *numbers: int
) -> list[Text | Scores | Failed]:
    requests: list[Request] = asked(*numbers)[1]
    return adapter.respond(Ask(GenerationSpec(), kind, choices), requests)


@pytest.mark.parametrize("form", ["structured_outputs", "guided_choice", "regex"])
def test_names_are_the_only_answers_by_the_field_that_the_server_knows(form: str) -> None:
    server = ChoosingServer(form)
    with served(server) as adapter:
        found = respond(adapter, "constrained", NAMES, 0, 1, 2)
        assert [each.text for each in found] == list(NAMES[:3])  # type: ignore[union-attr]
        assert f"choices: names, by `{form}`" in adapter.facts.notes
    trials = ("structured_outputs", "guided_choice", "regex").index(form) + 1
    assert len(server.bodies) == trials + 3
    assert all(form in body for body in server.bodies[trials - 1 :])


def test_a_server_that_holds_to_nothing_is_refused_before_the_second_image() -> None:
    server = ChoosingServer()
    with served(server) as adapter:
        with pytest.raises(SpecError, match="holds an answer to no list"):
            respond(adapter, "constrained", NAMES, *range(8))
        assert len(server.bodies) == 3


@pytest.mark.parametrize("kind", ["constrained", "multiple_choice"])
def test_a_first_image_that_is_refused_is_its_own_error_and_three_end_the_run(
    kind: OutputType,
) -> None:
    server = ChoosingServer("structured_outputs", first=[("A", -1.0)])
    server.refused = {1, 2, 3}
    with served(server) as adapter:
        failed, *good = respond(adapter, kind, LETTERS, 1, 5, 6)
        assert isinstance(failed, Failed) and failed.error == "HTTP 400: this image cannot be read"
        assert not any(isinstance(each, Failed) for each in good)
    other = ChoosingServer("structured_outputs", first=[("A", -1.0)])
    other.refused = {1, 2, 3}
    with served(other) as adapter, pytest.raises(SpecError, match="this image cannot be read"):
        respond(adapter, kind, LETTERS, 1, 2, 3, 4, 5)


def test_an_answer_that_is_no_name_is_an_error() -> None:
    with served(ChoosingServer("structured_outputs", n2="a fish")) as adapter:
        good, bad = respond(adapter, "constrained", NAMES, 1, 2)
    assert isinstance(good, Text) and good.text == "great white shark"
    assert isinstance(bad, Failed) and "'a fish'" in bad.error


@pytest.mark.parametrize(("tail", "choice"), [("\nASSISTANT:", " tench"), ("\n<|a|>", "tench")])
def test_names_begin_as_the_servers_template_lets_an_answer_begin(tail: str, choice: str) -> None:
    server = ChoosingServer("structured_outputs", tail=tail)
    with served(server) as adapter:
        (answer,) = respond(adapter, "constrained", NAMES, 0)
    assert isinstance(answer, Text) and answer.text == "tench"
    assert server.bodies[-1]["structured_outputs"]["choice"][0] == choice
    assert server.paths[:2] == ["/tokenize", "/detokenize"]


def test_what_cannot_be_is_refused_before_anything_is_asked() -> None:
    server = ChoosingServer("structured_outputs", first=[("A", -1.0)])
    with served(server) as adapter, pytest.raises(SpecError, match="a request for each name"):
        respond(adapter, "multiple_choice", NAMES, 1)
    with (
        served(ChoosingServer(), dialect="openai") as adapter,
        pytest.raises(SpecError, match="no field that holds"),
    ):
        respond(adapter, "constrained", NAMES, 1)
    with (
        served(ChoosingServer(), reasoning_tokens=9) as adapter,
        pytest.raises(SpecError, match="no place for a letter"),
    ):
        respond(adapter, "multiple_choice", LETTERS, 1)
    thinking = ChoosingServer(tail="\n<think>\n", first=[("A", -1.0)])
    with served(thinking) as adapter, pytest.raises(SpecError, match="begins a reasoning"):
        respond(adapter, "multiple_choice", LETTERS, 1)
    assert server.paths == [] and "/v1/chat/completions" not in thinking.paths


@pytest.mark.parametrize(("tail", "space"), [("\nASSISTANT:", " "), ("\n<|a|>", "")])
def test_letters_are_the_tokens_that_follow_the_prompt(tail: str, space: str) -> None:
    first = [("A", -9.0), (" A", -0.5), ("B", -0.25), (" B", -3.0), ("C", -4.0), (" C", -5.0)]
    server = ChoosingServer("logprob_token_ids", tail=tail, first=first)
    with served(server) as adapter:
        (found,) = respond(adapter, "multiple_choice", LETTERS, 1)
    by_token = dict(first)
    assert isinstance(found, Scores) and found.lengths == (1, 1, 1)
    assert found.scores == tuple(by_token[space + letter] for letter in LETTERS)
    (body, *_) = server.bodies
    assert body["logprob_token_ids"] == [number(space + letter) for letter in LETTERS]
    assert (body["max_tokens"], body["temperature"], body["logprobs"]) == (1, 0, True)


def test_letters_are_read_in_one_spelling_where_tokens_are_not_known() -> None:
    bare = [("B", -0.5), (" A", -1.5), ("A", -2.0), ("Ġ B", -3.0), ("C", -4.0), ("▁C", -1.9)]
    with served(ChoosingServer(first=bare)) as adapter:
        (found,) = respond(adapter, "multiple_choice", LETTERS, 1)
        assert isinstance(found, Scores) and found.scores == (-2.0, -0.5, -4.0)
        assert "choices: log-probabilities of letters, among the 20 likeliest tokens" in (
            adapter.facts.notes
        )
        assert not any("does not show" in note for note in adapter.facts.notes)


def test_a_letter_that_is_not_shown_has_a_bound_that_is_told_and_none_at_all_is_an_error() -> None:
    shown = [("B", -0.5), ("the", -1.0), ("A", -2.0), ("no", -7.0), ("C", -9999.0)]
    with served(ChoosingServer(first=shown)) as adapter:
        (found,) = respond(adapter, "multiple_choice", LETTERS, 1)
        assert isinstance(found, Scores) and found.scores == pytest.approx((-2.0, -0.5, -7.0))
        told = "answers with letters that the server does not show, scored as the least likely"
        assert any(note.startswith(told) and note.endswith(": 1") for note in adapter.facts.notes)
    with served(ChoosingServer(first=[("the", -0.1), ("no", -1.0)])) as adapter:
        (failed,) = respond(adapter, "multiple_choice", LETTERS, 1)
        assert isinstance(failed, Failed) and "no letter among the 2" in failed.error
        assert failed.tokens is not None and failed.prompt_tokens is not None


@pytest.mark.parametrize("shown", [[("B", -0.5)], [("the", -0.1), ("Answer", -3.0), ("B", -7.0)]])
def test_no_letter_that_is_not_shown_wins_over_the_only_one_that_is(
    shown: list[tuple[str, float]],
) -> None:
    with served(ChoosingServer(first=shown)) as adapter:
        (found,) = respond(adapter, "multiple_choice", LETTERS, 1)
    assert isinstance(found, Scores)
    assert by_sum(found).places[0] == per_token(found).places[0] == LETTERS.index("B")
    assert by_sum(found).scores == (shown[-1][1],) * len(LETTERS)


def test_a_server_is_tried_with_room_for_the_whole_trial() -> None:
    names = ("n01440764", "n01443537", "n01484850")
    server = ChoosingServer("structured_outputs", a_token_a_character=True)
    with served(server) as adapter:
        found = respond(adapter, "constrained", names, 0, 1, 2)
    assert [each.text for each in found] == list(names)  # type: ignore[union-attr]


def test_a_server_without_log_probabilities_is_refused_by_its_first_answer() -> None:
    server = ChoosingServer()
    with (
        served(server) as adapter,
        pytest.raises(SpecError, match="gives no log-probabilities"),
    ):
        respond(adapter, "multiple_choice", LETTERS, *range(8))
    assert len(server.bodies) == 1


def test_a_ranked_answer_says_what_it_cost() -> None:
    prices = {"input": 2.5, "output": 10}
    with served(ChoosingServer(first=[("A", -1.0)]), prices=prices) as adapter:
        (found,) = respond(adapter, "multiple_choice", LETTERS, 1)
    assert isinstance(found, Scores) and found.cost == pytest.approx((1000 * 2.5 + 100) / 1e6)
    assert (found.tokens, found.prompt_tokens) == (10, 1000) and found.revision
