"""A provider's batch interface, `/v1/files` and `/v1/batches`, as OpenAI has published it."""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from openai import DefaultHttpxClient, OpenAI, OpenAIError

from harness.adapters.server.answer import NoAnswerError
from harness.adapters.server.client import wait_before
from harness.adapters.server.faults import Fault, fault_of, shorten
from harness.adapters.server.hiding import hiding
from harness.adapters.server.options import OpenAIOptions
from harness.errors import Problem, RunError
from harness.limits import MOST_RECORD

log = logging.getLogger("harness")
T = TypeVar("T")
ENDPOINT = "/v1/chat/completions"
MARK = "harness_part"
"""The key of a batch's metadata under which a part of a run bears its own name."""
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_MOST_BYTES = 2**33
_DAY = 24 * 3600
_MOST_OLDER = 300  # batches in a row that are too old, after which none is looked at any more


@dataclass(frozen=True, slots=True)
class BatchState:
    """What a provider says of a batch."""

    status: str
    done: int
    total: int
    files: tuple[str, ...]
    """Ids of the files with answers and with errors."""
    errors: tuple[tuple[str, str], ...]
    """Codes and messages of why it failed as a whole."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED


class BatchService:
    """Calls of one provider. Faults that may pass are waited out; others raise ServerError."""

    def __init__(self, options: OpenAIOptions, key: str | None, model: str) -> None:
        self._options, self._model = options, model
        self._hide = hiding(key)
        self._openai = OpenAI(
            base_url=options.addresses[0],
            api_key=key or "none",
            timeout=options.timeout_s,
            max_retries=0,
            http_client=DefaultHttpxClient(
                follow_redirects=False, event_hooks={"response": [_bound]}
            ),
        )

    def close(self) -> None:
        """End the connections."""
        self._openai.close()

    def upload(self, file: Path, part: str) -> str:
        """Upload the requests of a part of a run; gives the id of the file."""

        def once() -> str:
            with file.open("rb") as opened:
                named = (f"{part}.jsonl", opened, "application/jsonl")
                return str(self._openai.files.create(file=named, purpose="batch").id)

        return self._called(once)

    def create(self, file: str, part: str) -> str:
        """Have uploaded requests answered; gives the id of the batch.

        A creation of which no answer came may have been one: before another try the provider's
        batches are looked through, so that nothing is paid twice.
        """

        def once() -> str:
            made = self._openai.batches.create(
                input_file_id=file,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={MARK: part},
            )
            return str(made.id)

        since = time.time()
        return self._called(once, instead=lambda: self.find(file, part, since))

    def find(self, file: str, part: str, since: float) -> str | None:
        """Look for the batch of a part of a run, by its file and by the name that it bears, which
        was not made before `since` (Unix time).
        """

        def once() -> str | None:
            older = 0
            for batch in self._openai.batches.list(limit=100):  # newest first, page by page
                if batch.input_file_id == file or (batch.metadata or {}).get(MARK) == part:
                    return str(batch.id)
                older = older + 1 if batch.created_at < since - _DAY else 0
                if older > _MOST_OLDER:
                    break
            return None

        return self._called(once)

    def look(self, batch: str) -> BatchState | None:
        """Give the state of a batch; None where that cannot be known just now."""
        try:
            found = self._openai.batches.retrieve(batch)
        except (OpenAIError, TimeoutError) as error:
            fault = self._fault(error)
            if fault.passing:
                log.debug("%s", fault.text)
                return None
            raise self._lost(batch, fault) if fault.status == 404 else self._stop(fault) from error
        counts = found.request_counts
        told = (found.errors.data or []) if found.errors else []
        return BatchState(
            status=found.status,
            done=(counts.completed + counts.failed) if counts else 0,
            total=counts.total if counts else 0,
            files=tuple(each for each in (found.output_file_id, found.error_file_id) if each),
            errors=tuple((each.code or "", self._short(each.message or "")) for each in told),
        )

    def lines(self, batch: str, file: str) -> Iterator[str]:
        """Yield the lines of a file of answers, without the key. RunError for one too long."""
        with tempfile.TemporaryFile() as copy:
            self._called(lambda: self._download(batch, file, copy))
            copy.seek(0)
            for line in iter(lambda: copy.readline(MOST_RECORD + 1), b""):
                if len(line) > MOST_RECORD:
                    what = f"a line of {file} has over {MOST_RECORD} bytes"
                    fix = "lower generation_kwargs.max_new_tokens, and run again"
                    raise RunError(str(Problem(f"batch {batch}", what, fix=fix)))
                yield self._hide(line.decode("utf-8", "replace"))

    def _download(self, batch: str, file: str, copy: Any) -> None:
        copy.seek(0)
        copy.truncate()
        with self._openai.files.with_streaming_response.content(file) as response:
            for piece in response.iter_bytes():
                if copy.tell() + len(piece) > _MOST_BYTES:
                    what, fix = f"{file} has over {_MOST_BYTES} bytes", "lower options.batch_mb"
                    raise RunError(str(Problem(f"batch {batch}", what, fix=fix)))
                copy.write(piece)

    def _called(self, call: Callable[[], T], instead: Callable[[], T | None] | None = None) -> T:
        """Call until it goes well or was tried often enough; `instead` may find before another try
        that it went well already.
        """
        tries = 0
        while True:
            try:
                return call()
            except (OpenAIError, TimeoutError, NoAnswerError) as error:
                fault, tries = self._fault(error), tries + 1
                wait = wait_before(self._options, fault, tries) if fault.passing else None
                if wait is None or tries > self._options.max_retries:
                    raise self._stop(fault.after(tries)) from error
            log.debug("%s; again in %.1f s", fault.text, wait)
            time.sleep(wait)
            found = instead() if instead else None
            if found is not None:
                return found

    def _fault(self, error: Exception) -> Fault:
        fault = fault_of(error) or Fault(f"{type(error).__name__}: {error}")
        return replace(fault, text=self._short(fault.text))

    def _short(self, text: str) -> str:
        return shorten(self._hide(text))

    def _stop(self, fault: Fault) -> Exception:
        return fault.stop(self._model, self._options.addresses)

    def _lost(self, batch: str, fault: Fault) -> Exception:
        what = f"the provider does not know the batch {batch}, which this run has sent off"
        fix = "use the key under which it was made; where its answers are gone for good, "
        fix += "remove the folder `batches` of the run: what has no answer is then asked, and "
        fix += "paid, again"
        return RunError(str(Problem(f"model `{self._model}`", what, fault.text, fix=fix)))


def _bound(response: Any) -> None:
    """Read a response up to a limit, but for the content of files, which is read piece by piece.

    Raises NoAnswerError for a longer one.
    """
    if response.request.url.path.endswith("/content"):
        return
    kind = response.headers.get("content-type", "")
    response.headers["content-type"] = kind.partition(";")[0]
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_RECORD:
            response.close()
            raise NoAnswerError(f"more than {MOST_RECORD} bytes")
    response._content = b"".join(parts)  # where `read`, which has no limit, leaves it
