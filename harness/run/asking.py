"""Ask a model for a batch of answers, and keep one bad request from spoiling the others."""

import logging
from collections.abc import Sequence

from harness.adapters.base import Adapter, OutOfMemoryError, Request, Response

log = logging.getLogger("harness")


class Asker:
    """Asks an adapter. `batch_size` shrinks, for the rest of the run, when memory runs out."""

    def __init__(self, adapter: Adapter, batch_size: int) -> None:
        self.adapter = adapter
        self.batch_size = batch_size

    def ask(self, requests: Sequence[Request]) -> list[Response]:
        """Give a response for each request, in order.

        A batch that raises is halved until the request that fails stands alone; that one's
        response is an error.
        """
        try:
            responses = self.adapter.respond(requests)
        except OutOfMemoryError as error:
            if len(requests) == 1:
                return [Response(error=f"out of memory with a single request: {error}")]
            self.batch_size = max(1, len(requests) // 2)
            log.warning("out of memory; the batch size is %d from here on", self.batch_size)
            return self._halves(requests)
        except Exception as error:
            if len(requests) == 1:
                log.warning("a request failed", exc_info=True)
                return [Response(error=f"{type(error).__name__}: {error}")]
            log.warning("a batch of %d failed (%s); taking it apart", len(requests), error)
            return self._halves(requests)
        if len(responses) != len(requests):
            raise RuntimeError(
                f"the adapter gave {len(responses)} responses for {len(requests)} requests"
            )
        return responses

    def _halves(self, requests: Sequence[Request]) -> list[Response]:
        middle = (len(requests) + 1) // 2
        return self.ask(requests[:middle]) + self.ask(requests[middle:])
