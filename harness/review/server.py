"""The page of a review for a group, and what becomes of an answer: on disk, then acknowledged.

FastAPI and uvicorn are imported here and nowhere else. What an answer must be is in `answers.py`,
how it gets on disk in `answer_log.py`.
"""

import json
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from harness.errors import DataError, HarnessError, Problem, UserError
from harness.report.terminal import say
from harness.review.answer_log import AnswerLog
from harness.review.answers import AnswerRow, parse_row, wrong_with
from harness.review.page_data import SHOWN, read_script
from harness.review.queue import ANSWERS, PAGE, Queue
from harness.store.lines import read_json, replacing
from harness.store.lock import locked

TOKENS: Final = "tokens.json"
HEADER: Final = "X-Review-Token"
MOST_BODY: Final = 64 << 10
"""Bytes of one answer: a comment of 2,000 characters and the order of thousands of candidates."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_OF_PAGE = re.compile(r"[a-z_]+\.(?:html|css|js)")
_OF_IMAGES = re.compile(r"[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9]{1,8}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_BARRED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not your review</title>
<h1>This address is not valid</h1><p>Open the link that you were given; it ends in #token=…</p>
"""


@dataclass(frozen=True, slots=True)
class ServedReview:
    """What is served: a review's folder, its tokens, and the answers there are; and what is
    answered to each address. All but the page itself is for those who have a token.
    """

    page: Path
    """Folder of what annotators get."""
    queue: Queue
    tokens: Mapping[str, str]
    """Annotator to token."""
    logs: Mapping[str, AnswerLog]

    def start(self, token: str | None = None) -> Response:
        """Give the page; an address with a wrong token gets a page that says so."""
        if token is not None and self._owner(token) is None:
            return HTMLResponse(_BARRED, 403)
        return FileResponse(self.page / "index.html")

    def page_file(self, request: Request, file: str) -> Response:
        """Give a file of the page; those that say what is reviewed need a token."""
        if file in ("queue.js", "classes.js"):
            self._annotator(request)
        return _file(self.page, file if _OF_PAGE.fullmatch(file) else None)

    def image(self, request: Request, file: str) -> Response:
        """Give an image."""
        self._annotator(request)
        return _file(self.page / "images", file if _OF_IMAGES.fullmatch(file) else None)

    def own_file(self, request: Request, file: str) -> Response:
        """Give what the annotator is asked, and in mode `shown` the sources."""
        name = self._annotator(request)
        is_shown = self.queue.mode == "shown" and file == f"{name}{SHOWN}"
        is_own = is_shown or file == f"{name}.js"
        return _file(self.page / "annotators", file if is_own else None)

    def sources(self, request: Request, image: str) -> Response:
        """Give where an image's candidates come from, once its blind answer is on disk."""
        name = self._annotator(request)
        item = self.queue.item_of.get(image)
        if self.queue.mode != "blind_then_shown" or item is None or name not in item.annotators:
            raise HTTPException(404, "There is nothing to be shown.")
        if not self.logs[name].has_first(image):
            raise HTTPException(409, "The first answer is not stored yet.")
        path = self.page / "annotators" / f"{name}{SHOWN}"
        return JSONResponse(read_script(path, "REVIEW_SHOWN").get(image, {}))

    def answers(self, request: Request) -> Response:
        """Give the annotator's name, and all of the annotator's answers that are on disk."""
        name = self._annotator(request)
        rows = [row.model_dump(mode="json", by_alias=True) for row in self.logs[name].rows]
        return JSONResponse({"annotator": name, "rows": rows})

    async def take(self, request: Request) -> Response:
        """Take an answer; it is on disk when this is answered with 200."""
        name = self._annotator(request)
        row = _row(self.queue, name, await _body(request))
        problem = await run_in_threadpool(self.logs[name].add, row)
        if problem is not None:
            raise HTTPException(409, _sentence(problem))
        return JSONResponse({"saved": True})

    def _owner(self, token: str) -> str | None:
        given = token.encode()
        found = [
            name for name, own in self.tokens.items() if secrets.compare_digest(own.encode(), given)
        ]
        return found[0] if found else None

    def _annotator(self, request: Request) -> str:
        name = self._owner(request.headers.get(HEADER, ""))
        if name is None:
            raise HTTPException(403, "This address is not valid. Open the link you were given.")
        return name


def serve(folder: Path, host: str, port: int) -> None:
    """Serve a review until it is stopped; print each annotator's address. Raises UserError where it
    cannot be served, DataError as `opened`, RunError where another server has the folder.
    """
    queue = Queue.read(folder)
    with locked(folder / ANSWERS), _listening(host, port) as listener:
        review = opened(folder, queue)
        shown_host = f"[{host}]" if ":" in host else host
        for name, token in review.tokens.items():
            say(f"{name}  http://{shown_host}:{listener.getsockname()[1]}/#token={token}")
        say(f"answers come into {folder / ANSWERS}; Ctrl+C stops the server")
        if host not in LOOPBACK:
            what = "anybody in this network can read along: use it in a network that you trust"
            say(what, err=True)
        app = make_app(review)
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def opened(folder: Path, queue: Queue) -> ServedReview:
    """Open a review: its page is there, every annotator has a token and a file that can go on.
    Raises DataError where a file is not what it should be.
    """
    if not (folder / PAGE / "index.html").is_file():
        fix = "make it with `harness review make`"
        raise DataError(Problem(str(folder / PAGE), "there is no page", fix=fix))
    logs = {name: AnswerLog(queue, folder, name) for name in queue.annotators}
    for name, log in logs.items():
        if log.was_torn:
            what = "the last line was cut off, and never acknowledged; it was removed"
            say(f"{name}: {what}", err=True)
    return ServedReview(folder / PAGE, queue, tokens_of(folder, queue.annotators), logs)


def tokens_of(folder: Path, annotators: tuple[str, ...]) -> dict[str, str]:
    """Give each annotator's token; one who has none gets one, in a file that only its owner reads.
    Raises DataError for a file that does not hold a text for each name.
    """
    path = folder / TOKENS
    found = read_json(path) if path.exists() else {}
    if not isinstance(found, dict) or not all(
        isinstance(each, str) and len(each) >= 16 for each in found.values()
    ):
        expected = 'a token of 16 characters or more for each name, as {"ann": "…"}'
        fix = "remove it: new tokens are made, and old addresses lose their meaning"
        raise DataError(Problem(str(path), "does not hold tokens", expected=expected, fix=fix))
    tokens = {name: found.get(name) or secrets.token_urlsafe() for name in annotators}
    if tokens != found:
        with replacing(path) as temporary:
            temporary.touch(0o600, exist_ok=False)
            temporary.write_text(json.dumps({**found, **tokens}, indent=2) + "\n")
    return tokens


def make_app(review: ServedReview) -> FastAPI:
    """Make the application of a review."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/", review.start)
    app.add_api_route("/api/answers", review.answers)
    app.add_api_route("/api/answers", review.take, methods=["POST"])
    app.add_api_route("/api/shown", review.sources)
    app.add_api_route("/annotators/{file}", review.own_file)
    app.add_api_route("/images/{file}", review.image)
    app.add_api_route("/{file}", review.page_file)
    app.add_exception_handler(HarnessError, _unstored)
    app.middleware("http")(_with_headers)
    return app


async def _with_headers(
    request: Request, call: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call(request)
    response.headers.update(_HEADERS)
    return response


async def _unstored(_: Request, error: Exception) -> Response:
    say(f"error: {error}", err=True)
    detail = "The server cannot store the answer; tell the organiser."
    return JSONResponse({"detail": detail}, 503)


def _file(folder: Path, name: str | None) -> Response:
    """Give a file that stands in a folder itself; a link to elsewhere is none."""
    path = folder / (name or "")
    if name is None or not path.is_file() or path.resolve().parent != folder.resolve():
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise HTTPException(413, f"The answer has more than {MOST_BODY} bytes.")
    return bytes(body)


def _row(queue: Queue, name: str, body: bytes) -> AnswerRow:
    """Read an answer, which is one that may be in the annotator's file."""
    row = parse_row(body, "answer")
    if isinstance(row, Problem):
        raise HTTPException(422, _sentence(row))
    problem = wrong_with(queue, row)
    if problem is not None:
        raise HTTPException(422, _sentence(problem))
    if row.annotator != name or row.is_imported:
        raise HTTPException(422, f"It is no answer of {name} on this page.")
    return row


def _sentence(problem: Problem) -> str:
    got = f" (got {problem.got[:200]})" if problem.got else ""
    return f"{problem.where}: {problem.what}{got}."


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        fix = "choose another --port, or another --host"
        problem = Problem(f"{host}:{port}", "cannot be served", str(error), fix=fix)
        raise UserError(problem) from None
