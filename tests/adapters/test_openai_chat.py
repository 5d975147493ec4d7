"""The `openai` adapter against a real server on loopback: what is sent, what is kept."""

import json
import time
from collections import Counter
from dataclasses import replace

import pytest
from PIL import Image

from harness.adapters.server.faults import ServerError
from harness.errors import SpecError
from harness.requests import Ask, Failed, Request, Text, noise_seed
from support.faulty_server import MODEL, FaultyServer, decoded, image_urls
from support.openai_requests import PROMPT, Make, asked, connect, together

KEY = "sk-recognisable-0123456789"
NEUTRAL = {
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "min_tokens": 0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
}


def test_answers_keep_their_order_and_no_more_requests_than_allowed_are_under_way(
    make: Make,
) -> None:
    adapter, server = make(delay_s=0.05, concurrency=3)
    answers = adapter.respond(*asked(*range(12)))
    assert [answer.text for answer in answers] == [f"answer {number}" for number in range(12)]
    assert server.peak == 3
    assert adapter.respond(Ask(), []) == []


def test_a_request_holds_prompt_image_and_settings(make: Make) -> None:
    adapter, server = make(
        model={"system_prompt": "Be brief."},
        image_detail="low",
        reasoning_tokens=100,
        dialect="openai",
        extra_body={"reasoning_effort": "low"},
    )
    until = ("\n", "Q:", "a", "b", "c")
    adapter.respond(*asked(3, max_new_tokens=20, seed=5, until=until))
    body = dict(server.log[0].body)
    system, user = body.pop("messages")
    assert system == {"role": "system", "content": "Be brief."}
    before, image, after = user["content"]
    assert (before["text"], after["text"]) == ("Look: ", "\nWhat is it?")
    assert image["image_url"]["detail"] == "low"
    assert body == {
        "model": "some/model",
        "max_tokens": 120,
        "temperature": 0,
        "seed": 5,
        "reasoning_effort": "low",
    }


def test_sampling_is_asked_for_as_the_task_says(make: Make) -> None:
    adapter, server = make(token_limit="max_completion_tokens", omit=["seed"], dialect="openai")
    sampled = {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "max_new_tokens": 8}
    adapter.respond(*asked(1, **sampled))
    body = {key: value for key, value in server.log[0].body.items() if key != "messages"}
    expected = {"temperature": 0.7, "top_p": 0.9, "max_completion_tokens": 8}
    assert body == {"model": "some/model"} | expected
    assert "not sent: seed" in adapter.facts.notes


def test_what_a_sampling_task_leaves_open_is_neutral_and_each_image_has_its_seed(
    make: Make,
) -> None:
    adapter, server = make(dialect="openai", concurrency=1)
    ids = (["a"], ["b"], ["a", "b"])
    ask, same = asked(1, 1, 1, do_sample=True)
    requests = [replace(each, noise=noise_seed(7, of)) for each, of in zip(same, ids, strict=True)]
    adapter.respond(ask, requests)
    adapter.respond(ask, requests[::-1])
    bodies = [entry.body for entry in server.log]
    assert {(body["temperature"], body["top_p"]) for body in bodies} == {(1.0, 1.0)}
    seeds = [body["seed"] for body in bodies]
    assert len(set(seeds)) == 3 and all(0 <= seed < 2**31 for seed in seeds)
    assert Counter(seeds[:3]) == Counter(seeds[3:])


def test_a_server_is_told_all_that_a_checkpoint_could_bring(make: Make) -> None:
    adapter, server = make(model={"generation": {"repetition_penalty": 1.05, "top_k": 20}})
    adapter.respond(*asked(1))
    body = server.log[0].body
    assert {name: body[name] for name in NEUTRAL} == NEUTRAL | {
        "repetition_penalty": 1.05,
        "top_k": 20,
    }
    plain, server = make()
    plain.respond(*asked(1))
    assert {name: server.log[0].body[name] for name in NEUTRAL} == NEUTRAL
    assert any("as vLLM takes them" in note for note in plain.facts.notes)


@pytest.mark.parametrize("fault", ["no top_k", "no minP", "extra inputs"])
def test_a_server_that_knows_none_of_them_is_asked_without_from_then_on(
    make: Make, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    adapter, server = make({1: fault, 2: fault}, concurrency=1)
    assert [each.text for each in adapter.respond(*asked(1, 2))] == ["answer 1", "answer 2"]
    told = ["top_k" in entry.body for entry in server.log]
    assert told == [True, False, False]
    assert any("nothing sent; what the server has" in note for note in adapter.facts.notes)
    assert caplog.text.count("settings of a checkpoint") == 1
    demanding, server = make({1: fault, 2: fault}, dialect="vllm")
    with pytest.raises(ServerError):
        demanding.respond(*asked(1, 2))


def test_transformers_serve_is_known_by_its_words(make: Make) -> None:
    adapter, server = make(
        {1: "unexpected"}, model={"generation": {"repetition_penalty": 1.05}}, concurrency=1
    )
    (answer,) = adapter.respond(*asked(1, do_sample=True, temperature=0.5))
    assert answer.text == "answer 1"
    assert "top_k" not in server.log[1].body
    said = json.loads(server.log[1].body["generation_config"])
    assert (said["do_sample"], said["repetition_penalty"], said["num_beams"]) == (True, 1.05, 1)
    assert said["top_k"] == 0 and said["typical_p"] == 1.0


def test_a_named_setting_that_the_server_does_not_know_ends_the_run(make: Make) -> None:
    named = {"generation": {"repetition_penalty": 1.05}}
    adapter, server = make({1: "no penalty", 2: "no penalty"}, model=named, concurrency=1)
    with pytest.raises(ServerError, match="repetition_penalty"):
        adapter.respond(*asked(1, 2))
    assert server.log[-1].body["repetition_penalty"] == 1.05
    with pytest.raises(SpecError, match=r"under `generation` and under `options.extra_body`"):
        make(model=named, extra_body={"repetition_penalty": 1.1})


def test_further_fields_of_the_yaml_come_before_the_neutral_ones(make: Make) -> None:
    adapter, server = make(extra_body={"top_k": 7})
    adapter.respond(*asked(1))
    assert server.log[0].body["top_k"] == 7


def test_a_setting_that_would_be_lost_ends_the_run(make: Make) -> None:
    adapter, server = make(omit=["temperature"])
    adapter.respond(*asked(1))
    assert "temperature" not in server.log[0].body
    with pytest.raises(SpecError, match="sets `temperature`, which"):
        adapter.respond(*asked(1, do_sample=True, temperature=0.5))


def test_png_keeps_every_pixel_and_jpeg_has_its_quality(make: Make) -> None:
    noise = Image.effect_noise((40, 30), 90).convert("RGB")
    sizes = {}
    for options in ({}, {"image_format": "jpeg", "jpeg_quality": 30}, {"image_format": "jpeg"}):
        adapter, server = make(**options)
        adapter.respond(Ask(), [Request((noise,), PROMPT)])
        (url,) = image_urls(server.log[0].body)
        note = next(note for note in adapter.facts.notes if note.startswith("images"))
        sizes[note] = len(url)
        kind = str(options.get("image_format", "png"))
        assert url.startswith(f"data:image/{kind};base64,")
        assert decoded(url).format == kind.upper()
        assert (decoded(url).tobytes() == noise.tobytes()) == (kind == "png")
    assert list(sizes) == [
        "images sent as png", "images sent as jpeg, quality 30", "images sent as jpeg, quality 95",
    ]  # fmt: skip
    assert sizes["images sent as jpeg, quality 30"] < sizes["images sent as jpeg, quality 95"]


def test_counts_price_and_the_servers_own_name_are_kept(make: Make) -> None:
    prices = {"input": 2.5, "cached_input": 1.25, "output": 10}
    adapter, _ = make(prices=prices)
    (answer,) = adapter.respond(*asked(1))
    cost = (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6
    told = {
        "tokens": 10,
        "prompt_tokens": 1000,
        "cached_tokens": 400,
        "truncated": False,
        "revision": MODEL,
    }
    assert answer == Text("answer 1", cost=pytest.approx(cost), **told)  # type: ignore[arg-type]
    assert adapter.facts.revision == MODEL
    assert "system_fingerprint: fp_1" in adapter.facts.notes
    without, _ = make(prices={"input": 2.5, "output": 10})
    (answer,) = without.respond(*asked(1))
    assert answer.cost == pytest.approx((1000 * 2.5 + 10 * 10) / 1e6)
    (answer,) = make()[0].respond(*asked(1))
    assert answer.cost is None


def test_an_answer_is_cut_at_every_stop_string(make: Make) -> None:
    adapter, server = make()
    (answer,) = adapter.respond(*asked(12, until=("x", "y", "z", "!", "wer")))
    assert answer.text == "ans"
    assert "stop" not in server.log[0].body, "a server would stop before the answer begins"


def test_an_answer_that_the_limit_cut_off_says_so(make: Make) -> None:
    adapter, _ = make({1: "cut off", 2: "no reason", 3: "cut off"})
    found = adapter.respond(*asked(1, 2, 4))
    assert [answer.truncated for answer in found] == [True, None, False]
    (stopped,) = adapter.respond(*asked(3, until=("swer",)))
    assert (stopped.text, stopped.truncated) == ("an", False), "whole before the limit came"


def test_a_refusal_is_an_answer_and_a_filter_leaves_it_empty(make: Make) -> None:
    faults = {1: "refusal", 2: "filtered", 3: "filtered before", 4: "ran out"}
    adapter, _ = make(faults)
    found = adapter.respond(*asked(1, 2, 3, 4))
    assert [answer.text for answer in found] == ["I'm sorry, I can't assist with that.", "", "", ""]
    assert [answer.refused for answer in found] == [True, True, True, False]
    notes = " ".join(adapter.facts.notes)
    assert "answers with a refusal: 3" in notes
    assert "answers with finish_reason `content_filter`: 1" in notes
    assert "answers with finish_reason `content_filter, before the model was asked`: 1" in notes
    assert "answers with finish_reason `length`: 1" in notes


def test_several_images_are_asked_for_by_a_schema(make: Make) -> None:
    adapter, server = make()
    (answer, alone) = adapter.respond(Ask(), [together(1, 2, 3), *asked(4)[1]])
    assert answer.text == '{"1": "answer 1", "2": "answer 2", "3": "answer 3"}'
    formats = {entry.image: entry.body.get("response_format") for entry in server.log}
    schema = formats[1]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["1", "2", "3"]
    assert set(schema["schema"]["properties"]) == {"1", "2", "3"}
    assert formats[4] is None and alone.text == "answer 4"


def test_a_server_without_schemas_is_asked_without_from_then_on(make: Make) -> None:
    adapter, server = make({1: "no schema"}, concurrency=1)
    assert adapter.respond(Ask(), [together(1, 2)])[0].text == '{"1": "answer 1", "2": "answer 2"}'
    assert adapter.respond(Ask(), [together(1, 3)])[0].text == '{"1": "answer 1", "2": "answer 3"}'
    assert ["response_format" in entry.body for entry in server.log] == [True, False, False]
    assert "no JSON schema for several images: the server knows none" in adapter.facts.notes


def test_a_schema_can_be_demanded_or_left_out(make: Make) -> None:
    demanding, server = make({1: "no schema"}, structured="on")
    with pytest.raises(ServerError, match="response_format"):
        demanding.respond(Ask(), [together(1, 2)])
    assert len(server.log) == 1
    adapter, server = make(structured="off")
    assert isinstance(adapter.respond(Ask(), [together(1, 2)])[0], Text)
    assert "response_format" not in server.log[0].body


def test_a_key_goes_only_where_it_was_meant_to_go(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    adapter, server = make()
    adapter.respond(*asked(1))
    assert "authorization" not in server.log[0].headers
    monkeypatch.setenv("MY_SERVER_KEY", "another-key-123")
    adapter, server = make(api_key_env="MY_SERVER_KEY")
    adapter.respond(*asked(1))
    assert server.log[0].headers["authorization"] == "Bearer another-key-123"
    with FaultyServer() as by_variable:
        monkeypatch.setenv("OPENAI_BASE_URL", by_variable.url)
        adapter = connect(by_variable.url, base_url=None)
        adapter.respond(*asked(1))
        adapter.close()
        assert by_variable.log[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_missing_or_broken_key_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(SpecError, match="`OPENAI_API_KEY` holds no key"):
        connect("https://api.openai.com/v1")
    with pytest.raises(SpecError, match="`NOT_SET` holds no key"):
        connect("http://127.0.0.1:9/v1", api_key_env="NOT_SET")
    monkeypatch.setenv("TWO_LINES", f"{KEY}\nmore")
    with pytest.raises(SpecError, match="`TWO_LINES` holds more than a key") as caught:
        connect("http://127.0.0.1:9/v1", api_key_env="TWO_LINES")
    assert KEY not in str(caught.value)


def test_a_key_that_a_server_repeats_is_hidden(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVER_KEY", KEY)
    adapter, _ = make({1: "echo", 3: "echo", 4: "echo"}, api_key_env="MY_SERVER_KEY")
    failed, _ = adapter.respond(*asked(1, 2))
    assert failed.error == "HTTP 400: you sent Bearer [key]"
    other, _ = make({3: "echo", 4: "echo"}, api_key_env="MY_SERVER_KEY")
    with pytest.raises(ServerError) as caught:
        other.respond(*asked(3, 4))
    assert "[key]" in str(caught.value) and KEY not in str(caught.value)


def test_a_key_is_hidden_in_whatever_a_server_sends(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SERVER_KEY", KEY)
    adapter, _ = make({1: "key as a type", 2: "key as the model"}, api_key_env="MY_SERVER_KEY")
    failed, fine = adapter.respond(*asked(1, 2))
    assert "text/Bearer [key]" in failed.error
    assert fine.text == "answer 2" and adapter.facts.revision == "Bearer [key]"


def test_images_go_to_no_other_address(make: Make) -> None:
    with FaultyServer() as other:
        address = f"{other.url}/chat/completions"
        adapter, _ = make({1: f"to {address}", 2: f"to {address}"})
        with pytest.raises(ServerError) as caught:
            adapter.respond(*asked(1, 2))
        assert other.log == []
    told = str(caught.value)
    assert f"HTTP 307: redirects to {address}" in told and "base_url" in told


def test_a_failure_of_the_server_is_an_error_and_never_an_answer(make: Make) -> None:
    adapter, _ = make({1: "failed", 2: "error inside", 3: "listed text", 4: "negative"})
    *failed, fine = adapter.respond(*asked(1, 2, 3, 4))
    said = ["`error`, which is no end of an answer", "overloaded", "part of the content"]
    for answer, words in zip(failed, said, strict=True):
        assert isinstance(answer, Failed) and words in answer.error
    assert (fine.text, fine.tokens, fine.prompt_tokens, fine.cost) == ("answer 4", None, None, None)


def test_connections_end_with_the_adapter(make: Make) -> None:
    adapter, _ = make()
    adapter.respond(*asked(1))
    thread = adapter._loop._thread
    end = adapter.close
    del adapter
    deadline = time.monotonic() + 5
    end()
    thread.join(timeout=deadline - time.monotonic())
    assert not thread.is_alive()
