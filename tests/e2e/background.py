"""A server of asyncio that serves while the test itself waits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any


@contextlib.contextmanager
def in_background(*servers: AbstractAsyncContextManager[Any]) -> Iterator[None]:
    """Serve from a loop in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    entered = []
    try:
        for server in servers:
            do(server.__aenter__())
            entered.append(server)
        yield
    finally:
        for server in entered:
            do(server.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
