"""The servers of one model: which is asked next, and which is left out until it answers again."""

import asyncio
import logging
import time
from collections.abc import Mapping

from harness.adapters.server.faults import Fault
from harness.adapters.server.options import OpenAIOptions

log = logging.getLogger("harness")


class Server:
    """One server, and how it has been doing."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.under_way = 0
        """Requests that hold one of its slots."""
        self.failures = 0
        """Faults that may pass, in a row."""
        self.out_until: float | None = None
        """For one that is left out: when it is tried again, as `time.monotonic`."""
        self.pause_s = 0.0
        self.on_trial = False
        """Whether a request finds out whether it is back."""
        self.was_out = False
        """Whether it has been left out at any time."""


class Pool:
    """Gives each request the server with the fewest under way. Belongs to one event loop.

    One that is not there, or that has failed as often in a row as a request is tried, is left out;
    from time to time one request finds out whether it is back. Where all are left out, each is
    tried in its turn, as a server alone would be.
    """

    def __init__(self, options: OpenAIOptions) -> None:
        self.servers = tuple(Server(address) for address in options.addresses)
        self._options = options
        self._changed = asyncio.Condition()

    @property
    def left_out(self) -> list[str]:
        """List the servers that have been left out at any time."""
        return [each.address for each in self.servers if each.was_out]

    async def take(self, tries: Mapping[Server, int]) -> Server:
        """Wait for a slot of the server that is best for a request, which has had so many tries at
        each; not all of them may be used up.
        """
        async with self._changed:
            while True:
                left = [each for each in self.servers if not self._is_spent(each, tries)]
                up = [each for each in left if self._may_be_asked(each)]
                free = [each for each in up or left if each.under_way < self._options.concurrency]
                if free:
                    break
                await self._changed.wait()
            if up:
                best = min(free, key=lambda each: (tries.get(each, 0), each.under_way))
            else:
                best = min(free, key=lambda each: (tries.get(each, 0), each.out_until or 0.0))
            best.on_trial = best.out_until is not None
            best.under_way += 1
            return best

    async def give_back(self, server: Server) -> None:
        """Free the slot that `take` gave."""
        async with self._changed:
            server.under_way -= 1
            self._changed.notify_all()

    def has_other(self, server: Server, tries: Mapping[Server, int]) -> bool:
        """Whether a request that failed at a server can go to one that it has tried less."""
        return any(
            not self._is_spent(each, tries)
            and tries.get(each, 0) < tries.get(server, 0)
            and (server.out_until is not None or each.out_until is None)
            for each in self.servers
            if each is not server
        )

    def are_spent(self, tries: Mapping[Server, int]) -> bool:
        """Whether a request has used up its tries at every server."""
        return all(self._is_spent(each, tries) for each in self.servers)

    def answered(self, server: Server) -> None:
        """Note that a server gave something else than a fault that may pass."""
        if server.out_until is not None:
            log.warning("the server %s is back", server.address)
        server.failures, server.pause_s, server.out_until = 0, 0.0, None

    def failed(self, server: Server, fault: Fault) -> None:
        """Note a fault that may pass, and leave out a server that is dead."""
        server.failures += 1
        is_dead = fault.unreachable or server.failures > self._options.max_retries
        is_old_news = server.out_until is not None and not server.on_trial
        if len(self.servers) == 1 or not is_dead or is_old_news:
            return
        if server.out_until is None:
            log.warning("the server %s is left out for now: %s", server.address, fault.text)
        server.on_trial = False
        longest = self._options.longest_wait_s
        server.pause_s = min(longest, max(self._options.backoff_s, 2 * server.pause_s))
        server.out_until, server.was_out = time.monotonic() + server.pause_s, True

    def _is_spent(self, server: Server, tries: Mapping[Server, int]) -> bool:
        return tries.get(server, 0) > self._options.max_retries

    def _may_be_asked(self, server: Server) -> bool:
        """Whether it is not left out, or is to be tried again by a request of its own."""
        if server.out_until is None:
            return True
        return not server.on_trial and time.monotonic() >= server.out_until
