"""The `openai` adapter against a real server on loopback, which fails on cue."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from harness.adapters.base import Request, Response, Setting
from harness.adapters.openai_chat import OpenAIAdapter
from harness.adapters.openai_faults import ServerError
from harness.errors import SpecError
from harness.spec.model import ModelSpec
from harness.spec.task import GenerationSpec
from support.faulty_server import MODEL, FaultyServer, Script, decoded, image_urls

PROMPT = "Look: <image>\nWhat is it?"
KEY = "sk-recognisable-0123456789"

Make = Callable[..., tuple[OpenAIAdapter, FaultyServer]]


@pytest.fixture
def make() -> Iterator[Make]:
    """Start a server with a script and give an adapter for it."""
    with ExitStack() as stack:

        def start(
            script: Script | None = None, *, delay_s: float = 0.0, model: Any = None, **options: Any
        ) -> tuple[OpenAIAdapter, FaultyServer]:
            server = stack.enter_context(FaultyServer(script, delay_s))
            adapter = connect(server.url, **(model or {}), **options)
            stack.callback(adapter.close)
            return adapter, server

        yield start


def connect(url: str, *, system_prompt: str | None = None, **options: Any) -> OpenAIAdapter:
    quick = {"base_url": url, "backoff_s": 0.01, "max_retries": 3, "timeout_s": 10.0}
    spec = ModelSpec(
        model="faulty",
        adapter="openai",
        pretrained="some/model",
        system_prompt=system_prompt,
        options=quick | options,
    )
    return OpenAIAdapter(spec, Setting())


def picture(number: int) -> Image.Image:
    return Image.new("RGB", (5, 4), (number, 7, 9))


def asked(*numbers: int, **generation: Any) -> list[Request]:
    settings = GenerationSpec(**generation)
    return [Request((picture(number),), PROMPT, settings) for number in numbers]


def together(*numbers: int) -> Request:
    return Request(tuple(map(picture, numbers)), "<image>" * len(numbers) + "Which?")


def test_answers_keep_their_order_and_no_more_requests_than_allowed_are_under_way(
    make: Make,
) -> None:
    adapter, server = make(delay_s=0.05, concurrency=3)
    answers = adapter.respond(asked(*range(12)))
    assert [answer.text for answer in answers] == [f"answer {number}" for number in range(12)]
    assert server.peak == 3
    assert adapter.respond([]) == []


def test_a_request_holds_prompt_image_and_settings(make: Make) -> None:
    adapter, server = make(
        model={"system_prompt": "Be brief."},
        image_detail="low",
        reasoning_tokens=100,
        extra_body={"reasoning_effort": "low"},
    )
    until = ("\n", "Q:", "a", "b", "c")
    adapter.respond(asked(3, max_new_tokens=20, seed=5, until=until))
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
        "stop": ["\n", "Q:", "a", "b"],
        "reasoning_effort": "low",
    }


def test_sampling_is_asked_for_as_the_task_says(make: Make) -> None:
    adapter, server = make(token_limit="max_completion_tokens", omit=["seed"])
    sampled = {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "max_new_tokens": 8}
    adapter.respond(asked(1, **sampled))
    body = {key: value for key, value in server.log[0].body.items() if key != "messages"}
    expected = {"temperature": 0.7, "top_p": 0.9, "max_completion_tokens": 8}
    assert body == {"model": "some/model"} | expected
    assert "not sent: seed" in adapter.facts.notes


def test_a_setting_that_would_be_lost_ends_the_run(make: Make) -> None:
    adapter, server = make(omit=["temperature"])
    adapter.respond(asked(1))
    assert "temperature" not in server.log[0].body
    with pytest.raises(SpecError, match="sets `temperature`, which"):
        adapter.respond(asked(1, do_sample=True, temperature=0.5))


def test_png_keeps_every_pixel_and_jpeg_has_its_quality(make: Make) -> None:
    noise = Image.effect_noise((40, 30), 90).convert("RGB")
    sizes = {}
    for options in ({}, {"image_format": "jpeg", "jpeg_quality": 30}, {"image_format": "jpeg"}):
        adapter, server = make(**options)
        adapter.respond([Request((noise,), PROMPT)])
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
    (answer,) = adapter.respond(asked(1))
    cost = (600 * 2.5 + 400 * 1.25 + 10 * 10) / 1e6
    assert answer == Response("answer 1", tokens=10, prompt_tokens=1000, cost=pytest.approx(cost))
    assert adapter.facts.revision == MODEL
    assert "system_fingerprint: fp_1" in adapter.facts.notes
    without, _ = make(prices={"input": 2.5, "output": 10})
    (answer,) = without.respond(asked(1))
    assert answer.cost == pytest.approx((1000 * 2.5 + 10 * 10) / 1e6)
    (answer,) = make()[0].respond(asked(1))
    assert answer.cost is None


def test_an_answer_is_cut_at_every_stop_string(make: Make) -> None:
    adapter, _ = make()
    (answer,) = adapter.respond(asked(12, until=("x", "y", "z", "!", "wer")))
    assert answer.text == "ans"


@pytest.mark.parametrize("fault", ["408", "409", "429", "500", "503", "broken off"])
def test_faults_that_pass_are_waited_out(make: Make, fault: str) -> None:
    adapter, server = make({1: (fault, fault)})
    one, other = adapter.respond(asked(1, 2))
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
        ("html", 1, r"not JSON but `text/html; charset=utf-8`: '<html>Please sign in</html>'"),
        ("no choices", 1, "no choices"),
        ("no content", 1, r"a message without content \(finish_reason `stop`\)"),
        ("429 after 900", 1, r"HTTP 429: trouble 429 \(asks to wait 900 s\)"),
    ],
)
def test_what_does_not_pass_is_the_error_of_its_request_alone(
    make: Make, fault: str, tries: int, error: str
) -> None:
    adapter, server = make({2: fault})
    adapter.respond(asked(9))
    one, failed, other = adapter.respond(asked(1, 2, 3))
    assert (one.text, other.text) == ("answer 1", "answer 3")
    assert failed.text is None and failed.error is not None
    assert server.tries(2) == [fault] * tries
    with pytest.raises(AssertionError, match=error):
        raise AssertionError(failed.error)


def test_a_server_that_does_not_answer_in_time_is_asked_again(make: Make) -> None:
    adapter, server = make({1: ("hang",), 2: "hang"}, timeout_s=0.3, max_retries=1)
    late, never, good = adapter.respond(asked(1, 2, 3))
    assert (late.text, good.text) == ("answer 1", "answer 3")
    assert never.error == "the server gave no answer in time (2 tries)"
    assert server.tries(1) == ["hang", "fine"] and server.tries(2) == ["hang", "hang"]


def test_retry_after_is_waited_for(make: Make) -> None:
    adapter, server = make({1: ("429 after 1",)})
    adapter.respond(asked(1))
    first, second = server.log
    assert 1.0 <= second.at - first.at < 5.0


def test_waits_grow(make: Make) -> None:
    adapter, server = make({1: "500"}, backoff_s=0.1, max_retries=3)
    adapter.respond(asked(9, 1))
    times = [entry.at for entry in server.log if entry.image == 1]
    waits = [later - earlier for earlier, later in pairwise(times)]
    for wait, longest in zip(waits, (0.1, 0.2, 0.4), strict=True):
        assert wait >= longest / 2


def test_a_refusal_is_an_answer_and_a_filter_leaves_it_empty(make: Make) -> None:
    faults = {1: "refusal", 2: "filtered", 3: "filtered before", 4: "ran out"}
    adapter, _ = make(faults)
    texts = [answer.text for answer in adapter.respond(asked(1, 2, 3, 4))]
    assert texts == ["I'm sorry, I can't assist with that.", "", "", ""]
    notes = " ".join(adapter.facts.notes)
    assert "answers with a refusal: 1" in notes
    assert "answers with finish_reason `content_filter`: 1" in notes
    assert "answers with finish_reason `content_filter, before the model was asked`: 1" in notes
    assert "answers with finish_reason `length`: 1" in notes


@pytest.mark.parametrize("fault", ["401", "402", "403", "404", "quota", "400"])
def test_a_server_that_refuses_the_whole_run_ends_it(make: Make, fault: str) -> None:
    adapter, server = make(dict.fromkeys(range(40), fault), concurrency=2)
    with pytest.raises(ServerError, match="refuses the requests of this run") as caught:
        adapter.respond(asked(*range(40)))
    assert len(caught.value.problems) == 1
    seen = len(server.log)
    assert seen <= (40 if fault in ("400", "403") else 3)
    if fault in ("401", "404", "quota"):
        with pytest.raises(ServerError):
            adapter.respond(asked(1))
        assert len(server.log) == seen


def test_what_was_answered_before_the_key_was_refused_is_not_lost(make: Make) -> None:
    adapter, server = make({2: "401"}, concurrency=1)
    one, refused, unsent = adapter.respond(asked(1, 2, 3))
    assert one.text == "answer 1"
    assert refused.error == unsent.error == "HTTP 401: trouble 401"
    assert server.tries(3) == []
    with pytest.raises(ServerError, match="api_key_env"):
        adapter.respond(asked(4))


def test_one_refused_image_does_not_end_a_run(make: Make) -> None:
    adapter, _ = make({1: "400", 2: "403"})
    assert adapter.respond(asked(1))[0].error == "HTTP 400: trouble 400"
    assert adapter.respond(asked(3))[0].text == "answer 3"
    assert adapter.respond(asked(2))[0].error == "HTTP 403: trouble 403"


def test_a_server_that_is_not_there_ends_the_run(make: Make) -> None:
    with FaultyServer() as gone:
        url = gone.url
    adapter = connect(url, max_retries=1)
    try:
        with pytest.raises(ServerError, match=r"is not there[\s\S]*start the server"):
            adapter.respond(asked(1, 2))
    finally:
        adapter.close()


def test_several_images_are_asked_for_by_a_schema(make: Make) -> None:
    adapter, server = make()
    (answer, alone) = adapter.respond([together(1, 2, 3), *asked(4)])
    assert answer.text == '{"1": "answer 1", "2": "answer 2", "3": "answer 3"}'
    formats = {entry.image: entry.body.get("response_format") for entry in server.log}
    schema = formats[1]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["1", "2", "3"]
    assert set(schema["schema"]["properties"]) == {"1", "2", "3"}
    assert formats[4] is None and alone.text == "answer 4"


def test_a_server_without_schemas_is_asked_without_from_then_on(make: Make) -> None:
    adapter, server = make({1: "no schema"}, concurrency=1)
    assert adapter.respond([together(1, 2)])[0].text == '{"1": "answer 1", "2": "answer 2"}'
    assert adapter.respond([together(1, 3)])[0].text == '{"1": "answer 1", "2": "answer 3"}'
    assert ["response_format" in entry.body for entry in server.log] == [True, False, False]
    assert "no JSON schema for several images: the server knows none" in adapter.facts.notes


def test_a_schema_can_be_demanded_or_left_out(make: Make) -> None:
    demanding, server = make({1: "no schema"}, structured="on")
    with pytest.raises(ServerError, match="response_format"):
        demanding.respond([together(1, 2)])
    assert len(server.log) == 1
    adapter, server = make(structured="off")
    assert adapter.respond([together(1, 2)])[0].error is None
    assert "response_format" not in server.log[0].body


def test_images_that_do_not_fit_the_prompt_are_an_error(make: Make) -> None:
    adapter, server = make()
    wrong = Request((), PROMPT)
    failed, good = adapter.respond([wrong, *asked(1)])
    assert failed.error == "0 images for 1 <image> marks" and good.text == "answer 1"
    assert len(server.log) == 1


def test_a_key_goes_only_where_it_was_meant_to_go(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    adapter, server = make()
    adapter.respond(asked(1))
    assert "authorization" not in server.log[0].headers
    monkeypatch.setenv("MY_SERVER_KEY", "another-key-123")
    adapter, server = make(api_key_env="MY_SERVER_KEY")
    adapter.respond(asked(1))
    assert server.log[0].headers["authorization"] == "Bearer another-key-123"
    with FaultyServer() as by_variable:
        monkeypatch.setenv("OPENAI_BASE_URL", by_variable.url)
        adapter = connect(by_variable.url, base_url=None)
        adapter.respond(asked(1))
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
    failed, _ = adapter.respond(asked(1, 2))
    assert failed.error == "HTTP 400: you sent Bearer [key]"
    other, _ = make({3: "echo", 4: "echo"}, api_key_env="MY_SERVER_KEY")
    with pytest.raises(ServerError) as caught:
        other.respond(asked(3, 4))
    assert "[key]" in str(caught.value) and KEY not in str(caught.value)


def test_connections_end_with_the_adapter(make: Make) -> None:
    adapter, _ = make()
    adapter.respond(asked(1))
    thread = adapter._loop._thread
    end = adapter.close
    del adapter
    deadline = time.monotonic() + 5
    end()
    thread.join(timeout=deadline - time.monotonic())
    assert not thread.is_alive()
