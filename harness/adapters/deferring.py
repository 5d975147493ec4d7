"""The seam of requests that are sent off together and answered hours later."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from harness.requests import Ask, Request, Response


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a request that was sent off has no answer, though it may have one if it is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A request that is written, ready to be sent off with others."""

    key: str
    """What it is known by, the same in any launch."""
    hashes: tuple[str, ...]
    """SHA-256 of the pixels of its images."""
    body: bytes


class Deferred(Protocol):
    """Requests of a run that are sent off together, and answered hours later: also to another
    launch, which finds them by the folder of the run.
    """

    @property
    def sends(self) -> bool:
        """Whether requests may be sent off; else only what was sent is known."""
        ...

    @property
    def sent(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of what has been sent and may have an answer, each with its images' hashes."""
        ...

    def seal(self, key: str, hashes: tuple[str, ...], request: Request) -> Sealed:
        """Write a request. Called in several threads at once; what it raises is that request's
        error.
        """
        ...

    def send(self, requests: Iterable[Sealed]) -> None:
        """Send requests off. What has been sent is on disk before anything is waited for."""
        ...

    def collect(
        self, keys: Collection[str]
    ) -> Iterator[Sequence[tuple[str, Response | Unanswered]]]:
        """Wait for the answers to these keys, of those that were sent, and yield them as they come;
        nothing, about once a second, while none does. What was yielded has been written to disk
        when the next is asked for.
        """
        ...

    def forget(self, keys: Iterable[str]) -> None:
        """Have what was sent under these keys no longer be `sent`."""
        ...


@runtime_checkable
class Deferring(Protocol):
    """An adapter that may want all requests of a run at once instead of batch by batch."""

    def deferred(self, ask: Ask, folder: Path) -> Deferred | None:
        """Give what sends off the requests of a run, whose folder this is; None where they are
        asked batch by batch, and nothing that was sent off before is known.
        """
        ...
