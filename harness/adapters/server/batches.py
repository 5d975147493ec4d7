"""The batches of a run: written to its folder before anything is waited for, and found again there.

Each part of a run is a file `batches/NAME.json` with its requests and, once it is known, the id of
its batch. A part without one may have been made at the provider all the same, when the process was
killed before the id was written: it is looked for by its file and by its name, which is in the
batch's metadata.
"""

import json
import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.adapters.base import Sealed, Unanswered
from harness.adapters.server.answer import FILTERED, Answer, NoAnswerError, read_completion
from harness.adapters.server.batch_service import ENDPOINT, BatchService, BatchState
from harness.adapters.server.faults import Fault, ServerError, refusal, shorten
from harness.adapters.server.options import OpenAIOptions
from harness.errors import DataError, Problem, RunError
from harness.limits import each_key_once, parse_json_text
from harness.requests import Request, Response, Scores, Text
from harness.store.lines import read_json, write_json, writing
from harness.store.lock import remove_unfinished

log = logging.getLogger("harness")
_LATER = frozenset({"token_limit_exceeded", "rate_limit_exceeded", "server_error"})
"""Codes of a batch that failed as a whole, and may not when it is sent again later."""
_AGAIN = frozenset({"batch_expired", "batch_cancelled"})
"""Codes of requests that a batch has not come to."""
_MOST_BLIND = 30  # looks in a row of which no answer comes
_MOST_IMAGES = 100_000
"""Images of a part, whose file (of at most 125 bytes an image) is one that can be read again."""
_DECODER = json.JSONDecoder(object_pairs_hook=each_key_once)
Collected = tuple[str, Response | Unanswered]


@dataclass(slots=True)
class Part:
    """Requests that are one batch."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    since: float = field(default_factory=time.time)
    """When it was begun, as Unix time."""
    file: str | None = None
    """The provider's id of the uploaded requests; None: not uploaded, or not known to be."""
    batch: str | None = None
    requests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys of the requests that may have an answer, with the hashes of their images."""


class Batches:
    """The batches of one run."""

    def __init__(
        self,
        options: OpenAIOptions,
        service: BatchService,
        folder: Path,
        write: Callable[[Request], Mapping[str, Any]],
        read: Callable[[Answer | Fault], Response],
    ) -> None:
        """`write` gives the body of a request, `read` the response that an answer comes to."""
        self._options, self._service = options, service
        self._folder = folder / "batches"
        self._most_bytes = int(options.batch_mb * 1e6)
        self._write, self._read = write, read
        self._parts = [_read_part(path) for path in sorted(self._folder.glob("*.json"))]

    @property
    def sends(self) -> bool:
        """Whether requests may be sent off."""
        return self._options.batch

    @property
    def ids(self) -> list[str]:
        """List the ids of the batches."""
        return [part.batch for part in self._parts if part.batch]

    @property
    def sent(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of what has been sent and may have an answer."""
        return {key: hashes for part in self._parts for key, hashes in part.requests.items()}

    def find_again(self) -> None:
        """Look for batches of which a kill has kept the ids from the disk; forget parts that never
        became one, and files that were to be uploaded.
        """
        remove_unfinished(self._folder)
        for leftover in self._folder.glob("*.jsonl"):
            leftover.unlink(missing_ok=True)
        for part in [each for each in self._parts if each.batch is None]:
            if part.file is not None:
                part.batch = self._service.find(part.file, part.name, part.since)
            if part.batch is None:
                self._path(part).unlink(missing_ok=True)
                self._parts.remove(part)
            else:
                log.info("found batch %s again, which was made before the run ended", part.batch)
                self._keep(part)

    def seal(self, key: str, hashes: tuple[str, ...], request: Request) -> Sealed:
        """Write a request as a line of a file. Raises ValueError for one larger than a file."""
        fields = dict(self._write(request))
        body = {**fields, **fields.pop("extra_body", {})}
        line = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": body}
        data = json.dumps(line).encode() + b"\n"
        if len(data) > self._most_bytes:
            raise ValueError(f"a request of {len(data)} bytes, more than `batch_mb` allows a file")
        return Sealed(key, hashes, data)

    def send(self, requests: Iterable[Sealed]) -> None:
        """Send requests off, in as many parts as the provider's limits ask for."""
        part, size, images = Part(), 0, 0
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        for each in requests:
            full = len(part.requests) >= self._options.batch_requests
            full = full or images + len(each.hashes) > _MOST_IMAGES
            if part.requests and (full or size + len(each.body) > self._most_bytes):
                self._send(part)
                part, size, images = Part(), 0, 0
            with writing(self._lines(part)), self._lines(part).open("ab") as file:
                file.write(each.body)
            part.requests[each.key] = each.hashes
            size += len(each.body)
            images += len(each.hashes)
        if part.requests:
            self._send(part)

    def collect(self, keys: Collection[str]) -> Iterator[Sequence[Collected]]:
        """Wait for the batches with these keys, and yield the answers of each that has ended."""
        wanted = frozenset(keys)
        waiting = [part for part in self._parts if not wanted.isdisjoint(part.requests)]
        wait, blind = self._options.backoff_s, 0
        told: dict[str, BatchState] = {}
        while waiting:
            for part in list(waiting):
                assert part.batch is not None
                state = self._service.look(part.batch)
                blind = blind + 1 if state is None else 0
                if blind > _MOST_BLIND:
                    what, fix = "cannot be looked at", "give the same command again later"
                    raise RunError(str(Problem("the provider's batches", what, fix=fix)))
                if state is None:
                    continue
                _tell(part.batch, state, told)
                if state.ended:
                    waiting.remove(part)
                    yield from self._ended(part, part.batch, state)
                    wait = self._options.backoff_s
            if waiting:
                yield from _pause(wait)
                wait = min(2 * wait, self._options.longest_wait_s)

    def forget(self, keys: Iterable[str]) -> None:
        """Have what was sent under these keys be sent again."""
        gone = frozenset(keys)
        for part in self._parts:
            if not gone.isdisjoint(part.requests):
                self._forget(part, gone & part.requests.keys())

    def _ended(self, part: Part, batch: str, state: BatchState) -> Iterator[Sequence[Collected]]:
        """Yield the answers of a batch, then forget which of its requests have none."""
        if state.status == "failed":
            self._refuse(part, batch, state)
        found = dict(self._answers(part, batch, state))
        why = Unanswered(f"batch {batch} {state.status} without an answer")
        answered = {key for key, each in found.items() if isinstance(each, (Text, Scores))}
        try:
            yield [(key, found.get(key, why)) for key in part.requests]
        finally:  # also where the run ends by it: what has no answer is asked again
            self._forget(part, part.requests.keys() - answered)

    def _answers(self, part: Part, batch: str, state: BatchState) -> Iterator[Collected]:
        for file in state.files:
            for line in self._service.lines(batch, file):
                key, got = _read_line(line)
                if key not in part.requests or got is None:
                    continue
                if isinstance(got, Fault):
                    got = replace(got, text=shorten(got.text))
                    if got.passing or got.code in _AGAIN:
                        yield key, Unanswered(got.text)
                        continue
                yield key, self._read(got)

    def _refuse(self, part: Part, batch: str, state: BatchState) -> None:
        """Forget the requests of a batch that failed as a whole, which was not paid. Raises
        ServerError where it would fail again.
        """
        codes = [code for code, _ in state.errors]
        if any(code in _LATER for code in codes):
            return
        self._forget(part, list(part.requests))
        got = "; ".join(f"{code}: {message}" for code, message in state.errors[:3]) or None
        fix = "mend what it says and give the same command: nothing of the batch was answered"
        raise ServerError(Problem(f"batch {batch}", "the provider refused it", got, fix=fix))

    def _send(self, part: Part) -> None:
        """Make a batch of a part. The part is on disk before, its id at once thereafter."""
        part.file = self._service.upload(self._lines(part), part.name)
        self._keep(part)
        self._parts.append(part)
        part.batch = self._service.create(part.file, part.name)
        self._keep(part)
        self._lines(part).unlink(missing_ok=True)
        log.info("sent %d requests off as batch %s", len(part.requests), part.batch)

    def _forget(self, part: Part, keys: Iterable[str]) -> None:
        for key in list(keys):
            del part.requests[key]
        self._keep(part)

    def _keep(self, part: Part) -> None:
        value = asdict(part)
        del value["name"]
        write_json(self._path(part), value)

    def _path(self, part: Part) -> Path:
        return self._folder / f"{part.name}.json"

    def _lines(self, part: Part) -> Path:
        return self._folder / f"{part.name}.jsonl"


def _read_part(path: Path) -> Part:
    """Read what a run has noted of a part. Raises DataError where it is none."""
    told = read_json(path)
    try:
        requests = {str(key): tuple(map(str, told["requests"][key])) for key in told["requests"]}
        for key in ("file", "batch"):
            if not isinstance(told[key], str | None):
                raise TypeError(f"`{key}` is no id")
        return Part(path.stem, float(told["since"]), told["file"], told["batch"], requests)
    except (KeyError, TypeError, ValueError) as error:
        fix = "move the file away: what the provider has not answered is asked again"
        raise DataError(
            Problem(str(path), "is no part of a run", got=repr(error), fix=fix)
        ) from error


def _read_line(line: str) -> tuple[str, Answer | Fault | None]:
    """Read one answer of a batch: its key, and what came; None for what is no line of answers."""
    try:
        told = parse_json_text(line, _DECODER)
    except ValueError:
        return "", None
    if not isinstance(told, dict) or not isinstance(told.get("custom_id"), str):
        return "", None
    key, response, error = told["custom_id"], told.get("response"), told.get("error")
    if not isinstance(response, dict):
        code = error.get("code") if isinstance(error, dict) else None
        return key, Fault(f"no response: {json.dumps(error)}", code=str(code))
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, dict):
        try:
            return key, read_completion(body)
        except NoAnswerError as none:
            return key, Fault(shorten(f"no answer in what the server sent: {none}"))
    refused = body.get("error") if isinstance(body, dict) else None
    code = refused.get("code") if isinstance(refused, dict) else None
    if code == "content_filter":
        return key, FILTERED
    number = status if isinstance(status, int) else 500
    code = code if isinstance(code, str) else None
    return key, refusal(number, code, body)


def _tell(batch: str, state: BatchState, told: dict[str, BatchState]) -> None:
    """Say how a batch is getting on, where that has changed."""
    if told.get(batch) != state:
        log.info("batch %s: %s, %d of %d answered", batch, state.status, state.done, state.total)
    told[batch] = state


def _pause(seconds: float) -> Iterator[Sequence[Collected]]:
    """Wait, and yield nothing about once a second."""
    slices = max(1, math.ceil(seconds))
    for _ in range(slices):
        yield ()
        time.sleep(seconds / slices)
