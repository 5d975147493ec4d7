"""A chat-completions server that can hold answers to a list and show log-probabilities."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from support.faulty_server import (
    FaultyServer,
    Reply,
    completion,
    dump,
    image_urls,
    number_of,
    refused,
)

NOT_FOUND = Reply(dump({"detail": "Not Found"}), 404)


class ChoosingServer(FaultyServer):
    """Knows the fields in `knows`; others are passed over in silence, as by vLLM and SGLang.

    `tail` is what its chat template puts behind every prompt, and `first` the log-probabilities of
    the first token. Tokens are numbered by the characters that they are written with. With
    `a_token_a_character` answers end at the limit of tokens, as those of a tokenizer that takes
    digits one by one.
    """

    def __init__(
        self,
        *knows: str,
        tail: str | None = None,
        first: Sequence[tuple[str, float]] | None = None,
        a_token_a_character: bool = False,
        **answers: str,
    ) -> None:
        super().__init__()
        self.knows, self.tail, self.first = knows, tail, first
        self.a_token_a_character = a_token_a_character
        self.answers = {int(key.removeprefix("n")): text for key, text in answers.items()}
        self.bodies: list[Mapping[str, Any]] = []
        self.paths: list[str] = []
        self.refused: set[int] = set()
        """Images that it cannot read."""

    def reply_at(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Reply:
        self.paths.append(path)
        if path == "/v1/chat/completions":
            self.bodies.append(body)
            if number_of(image_urls(body)[0]) in self.refused:
                return refused("this image cannot be read", None)
            return Reply(dump(self._completion(body)))
        if self.tail is None:
            return NOT_FOUND
        if path == "/tokenize":
            text = body.get("prompt", f"What is it?{self.tail}")
            return Reply(dump({"tokens": [number(each) for each in cut(text)]}))
        assert path == "/detokenize"
        return Reply(dump({"prompt": "".join(map(written, body["tokens"]))}))

    def _completion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        image = number_of(image_urls(body)[0])
        content = self.answers.get(image, "whatever it is")
        choices = _choices(body, self.knows)
        if choices is not None and image not in self.answers:
            content = choices[image % len(choices)]
        if self.a_token_a_character:
            content = content[: body["max_tokens"]]
        found = completion([image], content=content)
        if body.get("logprobs") and self.first is not None:
            found["choices"][0]["logprobs"] = {"content": [{"top_logprobs": self._first(body)}]}
        return found

    def _first(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert self.first is not None
        by_number = body.get("return_tokens_as_token_ids") and "logprob_token_ids" in self.knows
        wanted = set(body.get("logprob_token_ids", ())) if by_number else None
        return [
            {"token": f"token_id:{number(token)}" if by_number else token, "logprob": value}
            for token, value in self.first
            if wanted is None or number(token) in wanted
        ]


def cut(text: str) -> list[str]:
    """Tokens of at most a space and a letter, as tokenizers have them."""
    return re.findall(r"\s?\S|\s", text)


def number(token: str) -> int:
    return int.from_bytes(token.encode(), "big")


def written(token: int) -> str:
    return token.to_bytes(4, "big").lstrip(b"\0").decode()


def _choices(body: Mapping[str, Any], knows: Sequence[str]) -> list[str] | None:
    if "structured_outputs" in knows and "structured_outputs" in body:
        return list(body["structured_outputs"]["choice"])
    if "guided_choice" in knows and "guided_choice" in body:
        return list(body["guided_choice"])
    if "regex" in knows and "regex" in body:
        spaced, inner = re.fullmatch(r"( \?)?\((.*)\)", body["regex"]).groups()  # type: ignore[union-attr]
        names = [re.sub(r"\\(.)", r"\1", each) for each in inner.split("|")]
        return [f" {name}" for name in names] if spaced else names
    return None
