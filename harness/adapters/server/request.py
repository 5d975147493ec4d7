"""From a request to a chat completion: messages, images as data URLs, settings."""

import base64
import io
from typing import Any

from PIL import Image

from harness.adapters.server.dialect import fields
from harness.adapters.server.options import Dialect, OpenAIOptions
from harness.errors import Problem, SpecError
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec
from harness.specs.template import IMAGE_MARK


def chat_body(
    spec: ModelSpec, options: OpenAIOptions, ask: Ask, request: Request, dialect: Dialect
) -> dict[str, Any]:
    """Write a request, without a JSON schema, as arguments of the client's `create`.

    Raises ValueError when the images do not fit the marks in the text, SpecError when the task
    needs a setting that the model's YAML omits.
    """
    messages = chat_messages(spec, options, request)
    limit = ask.generation.most_tokens() + options.reasoning_tokens
    fixed = {"model": spec.pretrained, "messages": messages, options.token_limit: limit}
    more = fields(dialect, ask.generation, spec.generation) | options.extra_body
    settings = _settings(spec, options, ask, request)
    return fixed | settings | ({"extra_body": more} if more else {})


def chat_messages(
    spec: ModelSpec, options: OpenAIOptions, request: Request
) -> list[dict[str, Any]]:
    """Write the messages of a request. Raises ValueError when the images do not fit the text."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": _content(options, request)}]
    if spec.system_prompt:
        messages.insert(0, {"role": "system", "content": spec.system_prompt})
    return messages


def answer_schema(n: int) -> dict[str, Any]:
    """Give the `response_format` for n images: an object from "1".."n" to any text.

    The names are not limited to the class list, which would forbid out-of-prompt answers.
    """
    numbers = [str(number) for number in range(1, n + 1)]
    schema = {
        "type": "object",
        "properties": {number: {"type": "string"} for number in numbers},
        "required": numbers,
        "additionalProperties": False,
    }
    named = {"name": "answers", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": named}


def data_url(image: Image.Image, options: OpenAIOptions) -> str:
    """Encode an image as the YAML says."""
    buffer = io.BytesIO()
    if options.image_format == "jpeg":
        image.save(buffer, "JPEG", quality=options.quality)
    else:
        image.save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/{options.image_format};base64,{encoded}"


def _content(options: OpenAIOptions, request: Request) -> list[dict[str, Any]]:
    """Put the images where their marks stand in the text."""
    pieces = request.text.split(IMAGE_MARK)
    if len(pieces) - 1 != len(request.images):
        raise ValueError(f"{len(request.images)} images for {len(pieces) - 1} {IMAGE_MARK} marks")
    content: list[dict[str, Any]] = []
    for number, piece in enumerate(pieces):
        if number:
            url = {"url": data_url(request.images[number - 1], options)}
            detail = {"detail": options.image_detail} if options.image_detail else {}
            content.append({"type": "image_url", "image_url": url | detail})
        if piece:
            content.append({"type": "text", "text": piece})
    return content


def _settings(
    spec: ModelSpec, options: OpenAIOptions, ask: Ask, request: Request
) -> dict[str, Any]:
    """Give the settings of the generation; greedy decoding is temperature 0.

    Stop strings are not sent: a server would look for them in the reasoning and in the white space
    before an answer too. The answer is cut here, as with every adapter.
    """
    generation = ask.generation
    settings: dict[str, Any] = {"seed": generation.seed, "temperature": 0}
    if generation.do_sample:
        said = {"temperature": generation.temperature, "top_p": generation.top_p}
        lost = [name for name, value in said.items() if value is not None and name in options.omit]
        if lost:
            what = f"the task sets `{lost[0]}`, which `options.omit` leaves out"
            fix = f"--set generation_kwargs.{lost[0]}=null, or another model"
            raise SpecError(Problem(f"model `{spec.model}`", what, fix=fix))
        settings = {name: 1.0 if value is None else value for name, value in said.items()}
        settings["seed"] = request.noise >> 32  # 31 bits, as some servers take no more
    return {name: value for name, value in settings.items() if name not in options.omit}
