"""A hub on this machine: as much of its published HTTP interface as an upload of a data set needs.

It keeps the files of the last commit, so that the real client can be tried against it.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_a_token_that_may_write"


class LocalHub(ThreadingHTTPServer):
    """The hub's state: which data sets are there, seen by whom, and the files after all commits."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.visibility: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.commits: list[str] = []
        self.refuses = False
        """Whether it takes no commit (code 403)."""

    @property
    def endpoint(self) -> str:
        """Address, as `HF_ENDPOINT` has it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: LocalHub

    def do_GET(self) -> None:
        if "/tree/" in self.path or "/refs" in self.path:
            tree = [
                {"type": "file", "path": path, "size": 1, "oid": "0"} for path in self.server.files
            ]
            return self._answer(200, tree)
        siblings = [{"rfilename": path} for path in self.server.files]
        found = {"id": "me/data", "_id": "0", "sha": "0" * 40, "siblings": siblings}
        return self._answer(200, found | {"private": False, "tags": [], "downloads": 0, "likes": 0})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer(401, {"error": "no token"})
        if self.path == "/api/repos/create":
            return self._create(json.loads(body))
        if self.path == "/api/validate-yaml":
            return self._answer(200, {"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            paths = [each["path"] for each in json.loads(body)["files"]]
            ways = [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in paths]
            return self._answer(200, {"files": ways})
        if "/commit/" in self.path and not self.server.refuses:
            return self._commit([json.loads(line) for line in body.splitlines()])
        return self._answer(403, {"error": "you may not write here"})

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        code = 409 if name in self.server.visibility else 200
        self.server.visibility.setdefault(name, asked.get("visibility", "the account's default"))
        url = f"{self.server.endpoint}/{asked['type']}s/{name}"
        self._answer(code, {"url": url, "name": name})

    def _commit(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.server.commits.append(value["summary"])
            elif line["key"] == "file":
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            else:
                assert line["key"] == "deletedFile", line
                del self.server.files[value["path"]]
        url = f"{self.server.endpoint}/datasets/me/data/commit/{'0' * 40}"
        self._answer(200, {"success": True, "commitOid": "0" * 40, "commitUrl": url})

    def _answer(self, code: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def local_hub() -> Iterator[LocalHub]:
    """Serve until the block ends."""
    with LocalHub() as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        try:
            yield hub
        finally:
            hub.shutdown()
