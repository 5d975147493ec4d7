"""Ask a model for a batch of answers, and keep one bad request from spoiling the others."""

import logging
from collections.abc import Sequence
from concurrent.futures import wait
from functools import partial

from harness.adapters.base import Adapter, OutOfMemoryError
from harness.background import in_background
from harness.errors import Problem, RunError, UserError
from harness.requests import Ask, Failed, Request, Response, Text
from harness.words import counted

log = logging.getLogger("harness")
_SHOWN = 80


class StuckError(RunError):
    """A call gave no answer in time. It still runs, in a thread that nothing can end."""

    exit_at_once = True


class Asker:
    """Asks an adapter for a run. `batch_size` shrinks, for the rest of it, when memory runs out.

    With `timeout`, in seconds, a call that takes longer raises StuckError.
    """

    def __init__(
        self, adapter: Adapter, ask: Ask, batch_size: int = 1, timeout: float | None = None
    ) -> None:
        self.adapter = adapter
        self._ask = ask
        self.batch_size = batch_size
        self.halved = False
        """Whether memory ran out and the batch size was halved."""
        self._timeout = timeout

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Give a response for each request, in order.

        A batch that raises is halved until the request that fails stands alone; that one's
        response is `Failed`.
        """
        try:
            responses = self._call(requests)
        except (RunError, UserError):
            raise  # of the whole run (a wrong key, an engine that has died): no row's error
        except OutOfMemoryError as error:
            if len(requests) == 1:
                return [Failed(f"out of memory with a single request: {error}")]
            self.batch_size, self.halved = max(1, len(requests) // 2), True
            log.warning("out of memory; the batch size is %d from here on", self.batch_size)
            return self._halves(requests)
        except Exception as error:
            if len(requests) == 1:
                log.warning("a request failed", exc_info=True)
                return [Failed(f"{type(error).__name__}: {error}")]
            log.warning("a batch of %d failed (%s); taking it apart", len(requests), error)
            return self._halves(requests)
        _check(responses, len(requests))
        return responses

    def fits(self, requests: Sequence[Request]) -> bool:
        """Ask, to find out whether a batch fits into memory. Whatever else fails is raised."""
        try:
            self._call(requests)
        except OutOfMemoryError:
            return False
        return True

    def _call(self, requests: Sequence[Request]) -> list[Response]:
        if self._timeout is None:
            return self.adapter.respond(self._ask, requests)
        call = in_background(partial(self.adapter.respond, self._ask, requests), "model call")
        if not wait([call], self._timeout).done:
            what = f"the model gave no answer within {self._timeout:g} s (--call_timeout)"
            raise StuckError(f"{what}; the same command goes on from here")
        return call.result()

    def _halves(self, requests: Sequence[Request]) -> list[Response]:
        middle = (len(requests) + 1) // 2
        return self.respond(requests[:middle]) + self.respond(requests[middle:])


def _check(responses: object, count: int) -> None:
    """Raise RunError for what is no response to each of so many requests."""
    if not isinstance(responses, Sequence) or isinstance(responses, str):
        got = f"a {type(responses).__name__}"
        raise _wrong("`respond` gave no list of responses", got, count)
    if len(responses) != count:
        given = counted(len(responses), "response")
        what = f"the adapter gave {given} for {counted(count, 'request')}"
        raise _wrong(what, None, count)
    for each in responses:
        if not isinstance(each, Response):
            kind = type(each).__name__
            what = f"the adapter gave a {kind}, which is no Text, Scores or Failed"
            raise _wrong(what, ascii(each)[:_SHOWN], count)
        if isinstance(each, Text) and not isinstance(each.text, str):
            kind = type(each.text).__name__
            what = f"the adapter gave a Text that holds a {kind}"
            raise _wrong(what, ascii(each.text)[:_SHOWN], count)


def _wrong(what: str, got: str | None, count: int) -> RunError:
    expected = f"{count} of them, one for each request, in order"
    fix = "return [Text(…) for each in requests], as in docs/own_model.md"
    return RunError(str(Problem("respond", what, got, expected, fix)))
