"""A provider's batch interface on loopback, as OpenAI has published it. It counts what it is paid.

Images are known by the red value of their first pixel. Answers are `answer <number>`.
"""

import email
import email.policy
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.faulty_server import completion, dump, image_urls, number_of, refused
from support.local_server import Handler, LocalServer

Hook = Callable[[], None]
_KEY = "authorization"


class BatchServer(LocalServer):
    """Serves while it is entered.

    `hooks` run at a moment (`uploaded`, `created`, `looked`, `downloaded`: before the reply), with
    a `!` behind it in place of what is done. `outcomes` says by image what becomes of a request,
    each time in turn: an HTTP status, `expired`; else it is answered. `looks` is how often a batch
    is looked at before it has ended, and `fails` what becomes of whole batches, in turn.
    """

    def __init__(self, looks: int = 1) -> None:
        self.looks = looks
        self.hooks: dict[str, Hook] = {}
        self.outcomes: dict[int, list[str]] = {}
        self.fails: list[tuple[str, str]] = []
        self.paid: Counter[int] = Counter()
        """Answers by image."""
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.keys: set[str | None] = set()
        self.calls: Counter[str] = Counter()
        self._lock = threading.RLock()
        super().__init__(_handler(self), 0.02)

    @property
    def sizes(self) -> list[int]:
        """How many requests each batch has, in the order of creation."""
        return [each["request_counts"]["total"] for each in self.batches.values()]

    def reply(self, method: str, path: str, data: bytes, headers: Mapping[str, str]) -> bytes:
        with self._lock:
            self.keys.add(headers.get(_KEY))
            parts = urlsplit(path)
            words = parts.path.removeprefix("/v1/").split("/")
            self.calls[f"{method} {words[0]}"] += 1
            if (method, words) == ("POST", ["files"]):
                return self._upload(data, headers)
            if (method, words) == ("POST", ["batches"]):
                return self._create(json.loads(data))
            if method == "GET" and words == ["batches"]:
                return self._list(parse_qs(parts.query))
            if method == "GET" and words[0] == "batches":
                return dump(self._look(words[1]))
            assert method == "GET" and words[0] == "files" and words[2] == "content"
            self._happen("downloaded")
            return self.files[words[1]]

    def _upload(self, data: bytes, headers: Mapping[str, str]) -> bytes:
        head = f"Content-Type: {headers['content-type']}\n\n".encode()
        message = email.message_from_bytes(head + data, policy=email.policy.HTTP)
        fields = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()  # type: ignore[attr-defined]
        }
        assert fields["purpose"] == b"batch"
        name = f"file-{len(self.files)}"
        self.files[name] = fields["file"]
        self._happen("uploaded")
        told = {"id": name, "object": "file", "bytes": len(fields["file"]), "created_at": 0}
        return dump(told | {"filename": "x", "purpose": "batch", "status": "processed"})

    def _create(self, asked: Mapping[str, Any]) -> bytes:
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        name = f"batch_{len(self.batches)}"
        lines = self.files[asked["input_file_id"]].splitlines()
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "completion_window": "24h",
            "input_file_id": asked["input_file_id"],
            "created_at": int(time.time()),
            "metadata": asked["metadata"],
            "status": "in_progress",
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "looks": 0,
        }
        self._happen("created")
        return dump(self.batches[name])

    def _list(self, query: Mapping[str, list[str]]) -> bytes:
        newest = list(self.batches.values())[::-1]
        after = query.get("after", [None])[0]
        start = next((n + 1 for n, each in enumerate(newest) if each["id"] == after), 0)
        page = newest[start : start + 2]  # pages are short, so that there are several
        more = start + 2 < len(newest)
        return dump({"object": "list", "data": page, "has_more": more})

    def _look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        self._happen("looked")
        batch["looks"] += 1
        if batch["status"] == "in_progress" and batch["looks"] > self.looks:
            self._end(batch)
        return batch

    def _end(self, batch: dict[str, Any]) -> None:
        if self.fails:
            code, message = self.fails.pop(0)
            if code != "fine":
                told = {"object": "list", "data": [{"code": code, "message": message}]}
                batch |= {"status": "failed", "errors": told}
                return
        lines = map(json.loads, self.files[batch["input_file_id"]].splitlines())
        read = [self._answer(line) for line in lines]
        good = [each for each in read if each["response"] and not each["response"]["bad"]]
        bad = [each for each in read if each not in good]
        expired = any(each["response"] is None for each in bad)
        batch["status"] = "expired" if expired else "completed"
        for kind, found in (("output_file_id", good), ("error_file_id", bad)):
            if found:
                batch[kind] = f"file-{len(self.files)}"
                self.files[batch[kind]] = b"".join(dump(each) + b"\n" for each in found[::-1])

    def _answer(self, line: Mapping[str, Any]) -> dict[str, Any]:
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        numbers = [number_of(url) for url in image_urls(line["body"])]
        number = numbers[0]
        turns = self.outcomes.get(number, [])
        outcome = turns.pop(0) if turns else "fine"
        told: dict[str, Any] = {"id": f"r{number}", "custom_id": line["custom_id"], "error": None}
        if outcome == "expired":
            error = {"code": "batch_expired", "message": "This request could not be executed"}
            return told | {"response": None, "error": error}
        if outcome.isdigit():
            body = json.loads(refused(f"trouble {outcome}", None).body)
            return told | {"response": {"status_code": int(outcome), "body": body, "bad": True}}
        self.paid[number] += 1
        body = completion(numbers)
        if line["body"].get("logprobs"):
            assert line["body"]["max_tokens"] == 1
            shown = {"B": -0.5, "A": -1.5, "C": -3.0}
            listed = [{"token": each, "logprob": value} for each, value in shown.items()]
            body["choices"][0]["logprobs"] = {"content": [{"top_logprobs": listed}]}
        return told | {"response": {"status_code": 200, "body": body, "bad": False}}

    def _happen(self, moment: str) -> None:
        hook = self.hooks.pop(moment, None)
        if hook is not None:
            hook()


def _handler(server: BatchServer) -> type[Handler]:
    class Batching(Handler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def reply(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = 200
            try:
                found = server.reply(self.command, self.path, body, headers)
            except KeyError:
                status, found = 404, dump({"error": {"message": "no such thing"}})
            except ConnectionError:  # a hook's: the reply is lost
                self.close_connection = True
                return
            is_file = self.path.endswith("/content")
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may be gone
                self.answer(status, found, f"application/{'octet-stream' if is_file else 'json'}")

    return Batching
