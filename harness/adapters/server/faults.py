"""Why a server gave no answer: which faults may pass, which are the run's, and how each is told."""

import email.utils
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import openai

from harness.adapters.server.answer import NoAnswerError
from harness.errors import Problem, UserError

_PASSING = frozenset({408, 409, 425, 429})
"""Besides 5xx: time-out, lock, too early, rate limit."""
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes under which 429 means an empty account and not a rate."""
NOT_KNOWN = frozenset({400, 415, 422, 501})
"""What servers answer to a request with something in it that they do not know."""
_UNREACHABLE = frozenset({"ConnectError", "ConnectTimeout"})
"""The HTTP library's errors for a server that is not there; others break an answer off."""
_NUMBERS = re.compile(r"\w*\d\w*")  # of requests, in otherwise equal messages
_LONG = 300  # characters of a server's message that are kept
_FIXES = {
    401: "look at the key in the environment variable that `options.api_key_env` names",
    402: "look at the account",
    403: "look at what the key may do, and at `pretrained`",
    404: "look at `pretrained` and `options.base_url`; the address usually ends with /v1",
    429: "look at the account's credit",
}


class ServerError(UserError):
    """A server that answers no request of this run: wrong key, model or address, or not there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a try gave no answer."""

    text: str
    status: int | None = None
    code: str | None = None
    passing: bool = False
    """Whether the same request may be answered later."""
    wait_s: float | None = None
    """How long the server asks to wait."""
    unreachable: bool = False
    """Whether no server answered at all."""

    @property
    def is_of_run(self) -> bool:
        """Whether no other request of the run can be answered either."""
        status = self.status or 0
        return status in (401, 402, 404) or 300 <= status < 400 or self.code in _SPENT

    def after(self, tries: int) -> "Fault":
        """Give the fault with the number of tries in its text, and the wait it asks for."""
        told = [f"{tries} tries"] if tries > 1 else []
        told += [f"asks to wait {self.wait_s:.0f} s"] if self.wait_s else []
        return replace(self, text=f"{self.text} ({', '.join(told)})") if told else self

    def stop(self, model: str, addresses: Sequence[str]) -> ServerError:
        """Give the error that ends a run of one server or several."""
        several = len(addresses) > 1
        what = "is not there" if self.unreachable else "refuses the requests of this run"
        if several:
            what = "are not there" if self.unreachable else "refuse the requests of this run"
        status = self.status or 0
        fix = _FIXES.get(status, "look at the server and at `options` of the model")
        if 300 <= status < 400:
            fix = "images go to no other address; if it is the right one, make it `base_url`"
        if self.unreachable:
            fix = "start the server, or correct `options.base_url`; then give the command again"
        where = f"model `{model}`"
        told = f"the server{'s' * several} {', '.join(addresses)} {what}"
        return ServerError(Problem(where, told, self.text, fix=fix))


def fault_of(error: Exception) -> Fault | None:
    """Give the fault that an exception of the client stands for; None for one that is our own."""
    if isinstance(error, (openai.APITimeoutError, TimeoutError)):
        return Fault("the server gave no answer in time", passing=True)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__ or error
        if isinstance(cause, NoAnswerError):
            return Fault(f"no answer in what the server sent: {cause}")
        text = f"connection failed: {type(cause).__name__}: {cause}"
        unreachable = type(cause).__name__ in _UNREACHABLE
        return Fault(text, passing=True, unreachable=unreachable)
    if isinstance(error, openai.APIStatusError):
        return _status_fault(error)
    return None


def common_fault(faults: Sequence[Fault | None], *, answered: bool) -> Fault | None:
    """Give the fault that all requests of a batch had, where it speaks of the run.

    That is so when the server was not there, and when it refused (4xx) all of a first batch of two
    or more with the same words; `answered` says that it has answered a request before.
    """
    first = faults[0] if faults else None
    if first is None or not all(faults):
        return None
    several = len(faults) > 1
    if all(fault and fault.unreachable for fault in faults):
        return first if several or not answered else None
    if first.status == 403 and not several and not answered:
        return first
    alike = {_NUMBERS.sub("#", fault.text) for fault in faults if fault}
    refused = first.status is not None and not first.passing
    return first if len(alike) == 1 and refused and several and not answered else None


def says_no_schema(fault: Fault) -> bool:
    """Whether a server says that it does not know `response_format` with a JSON schema."""
    words = ("response_format", "json_schema", "structured output", "guided", "grammar")
    return fault.status in NOT_KNOWN and any(word in fault.text.lower() for word in words)


def shorten(text: str) -> str:
    """Give a text in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONG else line[: _LONG - 1] + "…"


def _status_fault(error: openai.APIStatusError) -> Fault:
    status = error.status_code
    code = error.code if isinstance(error.code, str) else None
    told = _message(error.body, error.response.text)
    if 300 <= status < 400:
        told = f"redirects to {error.response.headers.get('location', 'nowhere')}"
    fault = refusal(status, code, told)
    return replace(fault, wait_s=_wait_of(error.response.headers)) if fault.passing else fault


def refusal(status: int, code: str | None, told: object) -> Fault:
    """Give the fault that an HTTP status and an error's code stand for; `told` is what came."""
    passing = (status in _PASSING or status >= 500) and code not in _SPENT and status != 501
    text = told if isinstance(told, str) else _message(told, "")
    return Fault(f"HTTP {status}: {text}", status, code, passing)


def _message(body: object, text: str) -> str:
    """Give what a server says of its refusal: the message alone where it can be found."""
    found: Any = body[0] if isinstance(body, list) and body else body  # a list: Google's
    while isinstance(found, Mapping):
        inner = next((found[key] for key in ("error", "message", "detail") if found.get(key)), None)
        if inner is None:
            return json.dumps(found, ensure_ascii=False)
        found = inner
    return str(found if found is not None else text or "no message")


def _wait_of(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` (seconds or a date) or `retry-after-ms`, in seconds from now."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / scale)
        except (KeyError, ValueError):
            continue
    try:
        date = email.utils.parsedate_to_datetime(headers["retry-after"])
        return max(0.0, date.timestamp() - time.time())
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
