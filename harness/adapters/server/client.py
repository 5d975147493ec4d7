"""Sends requests to a server, a bounded number at a time, and again after faults that may pass."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit, OpenAIError

from harness.adapters.server.answer import FILTERED, Answer, NoAnswerError, read_answer
from harness.adapters.server.faults import Fault, fault_of, shorten
from harness.adapters.server.hiding import hiding
from harness.adapters.server.options import OpenAIOptions
from harness.adapters.server.pool import Pool, Server
from harness.limits import MOST_RECORD

log = logging.getLogger("harness")
T = TypeVar("T")


class Client:
    """The connection to the servers of a model. Its coroutines belong to one event loop."""

    def __init__(self, options: OpenAIOptions, key: str | None) -> None:
        self._options = options
        self._hide = hiding(key)
        self.pool = Pool(options)
        self._openai = AsyncOpenAI(
            base_url=options.addresses[0],
            api_key=key or "none",
            timeout=options.timeout_s,
            max_retries=0,  # the waits are ours: logged, jittered, and as long as the server asks
            http_client=DefaultAsyncHttpxClient(
                follow_redirects=False,  # images go nowhere else
                event_hooks={"response": [_bound]},
            ),
        )
        self._to = {each: self._openai.copy(base_url=each.address) for each in self.pool.servers}
        self._headers: dict[str, str | Omit] = {} if key else {"Authorization": Omit()}
        self.ended: Fault | None = None
        """The fault after which no request of this run is sent any more."""

    async def ask(self, write: Callable[[], Mapping[str, Any]]) -> Answer | Fault:
        """Send a request until it is answered, refused, or has been tried often enough.

        `write` gives its body; it is called in a thread when a slot is free, so that no more
        encoded images than requests under way are in memory.
        """
        got = await self._sent(partial(self._chat, write))
        if isinstance(got, Fault) and got.is_of_run:
            self.ended = self.ended or got
        return got

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | Fault:
        """Send to a path beside `/v1`, where servers have what OpenAI's protocol has not."""
        return await self._sent(partial(self._post, path, body))

    async def _sent(self, once: Callable[[Server], Awaitable[T | Fault]]) -> T | Fault:
        """Try at one server after the other. After a fault that may pass it is the turn of one that
        was tried less, at once; where there is none, there is a wait.
        """
        tries: Counter[Server] = Counter()
        while True:
            server = await self.pool.take(tries)
            try:
                if self.ended is not None:
                    return self.ended
                got = await once(server)
                if not (isinstance(got, Fault) and got.passing):
                    self.pool.answered(server)
                    return got
                tries[server] += 1
                self.pool.failed(server, got)
                if self.pool.has_other(server, tries):
                    continue
                wait = wait_before(self._options, got, max(tries.values()))
                if wait is None or self.pool.are_spent(tries):
                    return got.after(tries.total())
                log.debug("%s; again in %.1f s", got.text, wait)
                await asyncio.sleep(wait)
            finally:
                await self.pool.give_back(server)

    async def close(self) -> None:
        """Close all connections."""
        await self._openai.close()

    async def _chat(self, write: Callable[[], Mapping[str, Any]], server: Server) -> Answer | Fault:
        try:
            body = await asyncio.to_thread(write)
        except ValueError as error:
            return Fault(str(error))
        create = self._to[server].chat.completions.with_raw_response.create
        try:
            async with asyncio.timeout(self._options.timeout_s):
                raw = await create(**body, extra_headers=self._headers)
                kind = raw.headers.get("content-type", "")
            answer = read_answer(self._hide(raw.text), self._hide(kind))
            return replace(answer, address=server.address)
        except NoAnswerError as error:
            return Fault(shorten(f"no answer in what the server sent: {error}"))
        except (OpenAIError, TimeoutError) as error:
            fault = self._fault(error)
            if fault.code == "content_filter":  # Azure's: the vendor's answer, not a failure
                return FILTERED
            return fault

    async def _post(
        self, path: str, body: Mapping[str, Any], server: Server
    ) -> dict[str, Any] | Fault:
        address = server.address.rstrip("/").removesuffix("/v1") + path
        options: Any = {"headers": self._headers}
        try:
            async with asyncio.timeout(self._options.timeout_s):
                got = await self._to[server].post(
                    address, cast_to=object, body=dict(body), options=options
                )
        except (OpenAIError, TimeoutError) as error:
            return self._fault(error)
        return got if isinstance(got, dict) else Fault(f"no JSON object at {path}")

    def _fault(self, error: OpenAIError | TimeoutError) -> Fault:
        """Give what an exception of the client stands for; raise one that is our own."""
        fault = fault_of(error)
        if fault is None:
            raise error
        return replace(fault, text=shorten(self._hide(fault.text)))


def wait_before(options: OpenAIOptions, fault: Fault, tries: int) -> float | None:
    """Give the seconds until the next try; None when the server asks for too long a wait.

    Back-off doubles from `backoff_s`, with jitter down to its half; a server's `Retry-After` is the
    least.
    """
    if fault.wait_s is not None and fault.wait_s > options.longest_wait_s:
        return None
    backoff = min(options.longest_wait_s, options.backoff_s * 2.0 ** (tries - 1))
    return max(fault.wait_s or 0.0, backoff * random.uniform(0.5, 1.0))


async def _bound(response: Any) -> None:
    """Read a response, as text in UTF-8 whatever its headers say, up to a limit.

    Raises NoAnswerError for a longer one, also where it is only long when it is unpacked.
    """
    kind = response.headers.get("content-type", "")
    response.headers["content-type"] = kind.partition(";")[0]
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_RECORD:
            await response.aclose()
            raise NoAnswerError(f"more than {MOST_RECORD} bytes")
    response._content = b"".join(parts)  # where `aread`, which has no limit, leaves it
