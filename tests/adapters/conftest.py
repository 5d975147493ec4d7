"""A server that fails on cue and an adapter for it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from harness.adapters.server.adapter import OpenAIAdapter
from support.faulty_server import FaultyServer, Script
from support.openai_requests import Make, connect


@pytest.fixture
def make() -> Iterator[Make]:
    """Start a server with a script and give an adapter for it."""
    with ExitStack() as stack:

        def start(
            script: Script | None = None, *, delay_s: float = 0.0, model: Any = None, **options: Any
        ) -> tuple[OpenAIAdapter, FaultyServer]:
            server = stack.enter_context(FaultyServer(script, delay_s))
            adapter = connect(server.url, keys=model, **options)
            stack.callback(adapter.close)
            return adapter, server

        yield start
