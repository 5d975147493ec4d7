"""A hub on this machine: as much of its published HTTP interface as an upload of a data set needs.

It keeps the files of the last commit, so that the real client can be tried against it.
"""

import base64
import json
from typing import Any

from support.local_server import Handler, LocalServer

TOKEN = "hf_a_token_that_may_write"


class LocalHub(LocalServer):
    """Serves while it is entered. Its state: which data sets are there, seen by whom, and the files
    after all commits.
    """

    def __init__(self) -> None:
        self.visibility: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.commits: list[str] = []
        self.refuses = False
        """Whether it takes no commit (code 403)."""
        super().__init__(_handler(self), 0.05)

    @property
    def endpoint(self) -> str:
        """Address, as `HF_ENDPOINT` has it."""
        return self.url.removesuffix("/v1")

    def look(self, path: str) -> tuple[int, Any]:
        """Give the code and the value for a GET."""
        if "/tree/" in path or "/refs" in path:
            return 200, [{"type": "file", "path": p, "size": 1, "oid": "0"} for p in self.files]
        siblings = [{"rfilename": each} for each in self.files]
        found = {"id": "me/data", "_id": "0", "sha": "0" * 40, "siblings": siblings}
        return 200, found | {"private": False, "tags": [], "downloads": 0, "likes": 0}

    def take(self, path: str, body: bytes) -> tuple[int, Any]:
        """Give the code and the value for a POST of one who may write."""
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if "/preupload/" in path:
            paths = [each["path"] for each in json.loads(body)["files"]]
            ways = [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in paths]
            return 200, {"files": ways}
        if "/commit/" in path and not self.refuses:
            return self._commit([json.loads(line) for line in body.splitlines()])
        return 403, {"error": "you may not write here"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        name = f"{asked['organization']}/{asked['name']}"
        code = 409 if name in self.visibility else 200
        self.visibility.setdefault(name, asked.get("visibility", "the account's default"))
        return code, {"url": f"{self.endpoint}/{asked['type']}s/{name}", "name": name}

    def _commit(self, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            else:
                assert line["key"] == "deletedFile", line
                del self.files[value["path"]]
        url = f"{self.endpoint}/datasets/me/data/commit/{'0' * 40}"
        return 200, {"success": True, "commitOid": "0" * 40, "commitUrl": url}


def _handler(hub: LocalHub) -> type[Handler]:
    class Hub(Handler):
        def reply(self, body: bytes) -> None:
            code, value = 401, {"error": "no token"}
            if self.command == "GET":
                code, value = hub.look(self.path)
            elif self.headers.get("Authorization") == f"Bearer {TOKEN}":
                code, value = hub.take(self.path, body)
            self.answer(code, json.dumps(value).encode())

    return Hub
