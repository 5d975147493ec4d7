"""A chat-completions server on loopback that fails on cue and keeps a log of every request.

Images are known by the red value of their first pixel. Answers are `answer <number>`.
"""

import base64
import gzip
import io
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import quote

from PIL import Image

from support.local_server import Handler, LocalServer

FINE = "fine"
MODEL = "faulty-model-0001"
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 10,
    "prompt_tokens_details": {"cached_tokens": 400},
}
_REFUSES = {
    "no schema": "response_format",
    "no top_k": "top_k",
    "no minP": "min_p",
    "no penalty": "repetition_penalty",
    "extra inputs": "min_tokens",
    "unexpected": "min_p",
}
"""Faults of a server that does not know a field, which is fine without it."""
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "json": lambda key: "".join(f"\\u{ord(each):04X}" for each in key),
    "json twice": lambda key: "".join(f"\\\\u{ord(each):04x}" for each in key),
    "url": lambda key: "".join(f"%{ord(each):02X}" for each in key),
    "url twice": lambda key: quote(quote(key, safe=""), safe="") + "%252D".join(key.split("-")),
    "html": lambda key: "".join(f"&#{ord(each)};" for each in key),
    "html in hexadecimal": lambda key: "".join(f"&#x{ord(each):X};" for each in key),
    "hexadecimal": lambda key: key.encode().hex().upper(),
    "base 64": lambda key: base64.b64encode(key.encode()).decode(),
    "base 64 of a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base 64 of a user": lambda key: base64.b64encode(f"me:{key}@".encode()).decode(),
    "base 64 in a url": lambda key: base64.urlsafe_b64encode(f"x{key}?".encode()).decode(),
    "mixed": lambda key: "".join(
        (each, f"\\u{ord(each):04x}", f"%{ord(each):02x}")[place % 3]
        for place, each in enumerate(key)
    ),
}
"""Ways to write a key that a server may repeat."""
Script = Mapping[int, str | tuple[str, ...]]
"""By image: what goes wrong each time (a text), or in turn until all is fine (a tuple)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as the server saw it."""

    image: int
    attempt: int
    fault: str
    at: float
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: int | None = None
    """How many bytes of the body are sent, under the length of all."""
    drip_s: float = 0.0
    """Pause after each byte."""


class FaultyServer(LocalServer):
    """Serves while it is entered. `delay_s` is how long a good answer takes."""

    def __init__(self, script: Script | None = None, delay_s: float = 0.0) -> None:
        self.script: Script = script or {}
        self.log: list[Entry] = []
        self.peak = 0
        self._delay_s = delay_s
        self._under_way = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        super().__init__(_handler(self), 0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stopping.set()
        super().__exit__(kind, error, at)

    def tries(self, image: int) -> list[str]:
        """What happened to the requests for an image, in turn."""
        return [entry.fault for entry in self.log if entry.image == image]

    def reply_at(self, _path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Reply:
        """Reply at a path; all are taken for chat completions."""
        return self.reply(headers, body)

    def reply(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Reply:
        numbers = [number_of(url) for url in image_urls(body)]
        with self._lock:
            attempt = sum(entry.image == numbers[0] for entry in self.log) + 1
            fault = self._fault(numbers[0], attempt, body)
            entry = Entry(numbers[0], attempt, fault, time.monotonic(), headers, body)
            self.log.append(entry)
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        try:
            self._stopping.wait(5.0 if fault == "hang" else self._delay_s)
            return make_reply(fault, numbers, headers)
        finally:
            with self._lock:
                self._under_way -= 1

    def _fault(self, image: int, attempt: int, body: Mapping[str, Any]) -> str:
        told = self.script.get(image, ())
        if isinstance(told, str):
            fault = told
        else:
            fault = told[attempt - 1] if attempt <= len(told) else FINE
        needed = _REFUSES.get(fault)
        return FINE if needed is not None and needed not in body else fault


def image_urls(body: Mapping[str, Any]) -> list[str]:
    """The data URLs of a request's images, in order."""
    parts = body["messages"][-1]["content"]
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def decoded(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def number_of(url: str) -> int:
    pixel = decoded(url).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


def make_reply(fault: str, numbers: list[int], headers: Mapping[str, str]) -> Reply:
    """Make the reply for a fault: an HTTP status, with the seconds of a Retry-After behind it, the
    address that it redirects to behind `to`, a body behind `says`, a way to write the key that was
    sent behind `spelt`, a charset behind `charset`, or one of the words below.
    """
    word, _, told = fault.partition(" ")
    if word == "says":
        return Reply(told.encode("utf-8", "surrogatepass"))
    if word == "spelt":
        sent = str(headers.get("authorization")).removeprefix("Bearer ")
        return refused(f"you sent {SPELLINGS[told](sent)}", "invalid_image")
    if word == "charset":
        body = dump(completion(numbers))
        return Reply(body, content_type=f"application/json; charset={told}")
    if fault in LARGE:
        return LARGE[fault](numbers)
    if word == "failing":
        return Reply(b"trouble", 500, f"text/plain; charset={told}")
    if fault.startswith("to "):
        return Reply(b"", 307, headers={"Location": fault.removeprefix("to ")})
    status, _, wait = fault.partition(" after ")
    if status.isdigit():
        code = {"error": {"message": f"trouble {status}", "code": None}}
        return Reply(dump(code), int(status), headers={"Retry-After": wait} if wait else {})
    good = dump(completion(numbers))
    replies = {
        FINE: Reply(good),
        "hang": Reply(good),
        "cut json": Reply(good[:-30]),
        "drip": Reply(good, drip_s=0.02),
        "broken off": Reply(good, keep=len(good) // 2),
        "html": Reply(b"<html>Please sign in</html>", content_type="text/html; charset=utf-8"),
        "no choices": Reply(dump({"object": "chat.completion", "choices": []})),
        "failed": Reply(dump(completion(numbers, "error", content="answer"))),
        "error inside": Reply(
            dump(completion(numbers, content="") | {"error": {"message": "overloaded"}})
        ),
        "listed text": Reply(dump(completion(numbers, content=[f"answer {numbers[0]}"]))),
        "negative": Reply(dump(completion(numbers) | {"usage": dict.fromkeys(USAGE, -5)})),
        "key as a type": Reply(good, content_type=f"text/{headers.get('authorization')}"),
        "key as the model": Reply(
            dump(completion(numbers) | {"model": str(headers.get("authorization"))}).replace(
                b"sk-", rb"\u0073k\u002D"
            )
        ),
        "no content": Reply(dump(completion(numbers, content=None))),
        "refusal": Reply(
            dump(completion(numbers, content=None, refusal="I'm sorry, I can't assist with that."))
        ),
        "filtered": Reply(dump(completion(numbers, "content_filter", content=None))),
        "filtered before": refused("your prompt was filtered", "content_filter"),
        "cut off": Reply(dump(completion(numbers, "length"))),
        "line break": Reply(dump(completion(numbers, content=f"\nanswer {numbers[0]}\nmore"))),
        "no reason": Reply(dump(completion(numbers, ""))),
        "ran out": Reply(dump(completion(numbers, "length", content=None))),
        "quota": refused("you have no credit left", "insufficient_quota", 429),
        "no schema": refused("'response_format' of type 'json_schema' is not supported", None),
        "no top_k": refused("Unrecognized request arguments supplied: top_k, min_p", None),
        "no minP": refused("Argument not supported on this model: minP", "invalid-argument"),
        "no penalty": refused("property 'repetition_penalty' is unsupported", None),
        "extra inputs": Reply(
            dump({"detail": [{"type": "extra_forbidden", "loc": ["body", "min_tokens"]}]}), 422
        ),
        "unexpected": Reply(
            dump({"detail": "Unexpected fields in the request: {'top_k', 'min_p'}"}), 422
        ),
        "listed": Reply(dump([{"error": {"code": 400, "message": "Unknown name"}}]), 400),
        "detail": Reply(dump({"detail": "Unexpected fields"}), 422),
        "plain": Reply(b"Internal  Server\nError", 501, "text/plain"),
        "echo": refused(f"you sent {headers.get('authorization')}", "invalid_image"),
    }
    return replies[fault]


LARGE: Mapping[str, Callable[[list[int]], Reply]] = {
    "large": lambda numbers: Reply(dump(completion(numbers, content="x" * (17 << 20)))),
    "packed": lambda numbers: Reply(
        gzip.compress(bytes(64 << 20)), headers={"Content-Encoding": "gzip"}
    ),
    "large failure": lambda numbers: Reply(b"x" * (17 << 20), 500, "text/plain"),
}
"""Replies that pass a limit, made only where they are asked for."""


def refused(message: str, code: str | None, status: int = 400) -> Reply:
    return Reply(dump({"error": {"message": message, "code": code}}), status)


def completion(numbers: list[int], reason: str = "stop", **message: object) -> dict[str, Any]:
    """A good answer: one text, or for several images a JSON object of them."""
    texts = [f"answer {number}" for number in numbers]
    by_number = {str(place): text for place, text in enumerate(texts, start=1)}
    text = texts[0] if len(texts) == 1 else json.dumps(by_number)
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": reason,
                "message": {"role": "assistant", "content": text} | message,
            }
        ],
        "usage": USAGE,
    }


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def _handler(server: FaultyServer) -> type[Handler]:
    class Failing(Handler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def reply(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply_at(self.path, headers, json.loads(body))
            try:
                self._send(reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has stopped waiting

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            sent = reply.body[: reply.keep]
            for piece in (sent[i : i + 1] for i in range(len(sent))) if reply.drip_s else (sent,):
                self.wfile.write(piece)
                time.sleep(reply.drip_s)
            if reply.keep is not None:
                self.close_connection = True

    return Failing
