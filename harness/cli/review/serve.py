"""`harness review serve`: the page for a group, and its answers on disk."""

from pathlib import Path
from typing import Annotated

import typer

EXTRA = "mllm-classification-harness[review]"


def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of `review make`.")],
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 for all machines of a network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8765,
) -> None:
    """Serve a review's page to a group until Ctrl+C; answers come into DIR/answers.

    Prints one address for each annotator, which nobody else may have: the token in it is the only
    key. Tokens are kept in DIR/tokens.json, so that addresses stay when the server starts again.

    Needs a web server: pip install 'mllm-classification-harness[review]'.
    """
    from harness.heavy import require

    for package in ("fastapi", "uvicorn"):
        require(package, package, "harness review serve", EXTRA)
    from harness.review.server import serve

    serve(folder, host, port)
