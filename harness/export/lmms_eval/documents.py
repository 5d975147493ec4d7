"""Requests and answers in lmms-eval's terms: messages, text, settings of generation."""

from typing import Any

from harness.requests import Failed, Request, Text
from harness.specs.task import GenerationSpec
from harness.specs.template import IMAGE_MARK

_FAILED = "[LMMS_EVAL_"
"""What a text begins with that a class of lmms-eval puts where an answer failed."""


def chat_messages(request: Request) -> list[dict[str, Any]]:
    """Give the one message of a request: pieces of its text and its images, in their order."""
    content: list[dict[str, Any]] = []
    for number, piece in enumerate(request.text.split(IMAGE_MARK)):
        if number:
            content.append({"type": "image", "url": request.images[number - 1]})
        if piece:
            content.append({"type": "text", "text": piece})
    return [{"role": "user", "content": content}]


def simple_text(text: str, image_mark: str) -> str:
    """Give the text for a class that is given images and text apart.

    Without a mark the pieces between the images follow each other, one below the other.
    """
    pieces = text.split(IMAGE_MARK)
    if not image_mark:
        stripped = (piece.strip() for piece in pieces)
        return "\n".join(piece for piece in stripped if piece)
    written = pieces[0]
    for number, piece in enumerate(pieces[1:], start=1):
        written += image_mark.format(n=number) + piece
    return written


def generation_kwargs(generation: GenerationSpec) -> dict[str, Any]:
    """Give all settings that classes look for: one that lacks has another default in each.

    Stop strings are left out; they are cut from the answer here, as not every class knows them.
    """
    temperature, top_p = 0.0, None
    if generation.do_sample:
        temperature = 1.0 if generation.temperature is None else generation.temperature
        top_p = 1.0 if generation.top_p is None else generation.top_p
    return {
        "max_new_tokens": generation.max_new_tokens,
        "do_sample": generation.do_sample,
        "temperature": temperature,
        "top_p": top_p,
        "num_beams": 1,
    }


def response_of(text: object) -> Text | Failed:
    """Give the response that a class's answer is: None is an empty text."""
    if text is None:
        return Text("")
    if not isinstance(text, str):
        return Failed(f"no text: {text!r}"[:300])
    return Failed(text) if text.startswith(_FAILED) else Text(text)
