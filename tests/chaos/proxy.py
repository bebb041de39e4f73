"""A TCP proxy that spoils what it forwards: slow, cut, or silent in one direction."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal, Self

#: "up" goes from the client to the server, "down" comes back.
Direction = Literal["up", "down"]
_WAYS: tuple[Direction, Direction] = ("up", "down")


class Proxy:
    """Forwards a free loopback port to `target` while it is entered; its fields may change at any time.

    `delay` holds every chunk back by so many seconds. While `refusing`, new connections are closed at
    once. `stall` makes open connections half-open, `cut` breaks them, `heal` undoes everything.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.delay = 0.0
        self._open = {way: asyncio.Event() for way in _WAYS}
        for gate in self._open.values():
            gate.set()
        self.refusing = False
        self.port = 0
        self.accepted = 0
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every open connection. Callable from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._cut)

    def stall(self, way: Direction) -> None:
        """Hold back what goes that way. Callable from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._open[way].clear)

    def heal(self) -> None:
        """Forward faithfully again; what was held back is delivered late. Callable from any thread."""
        assert self._loop is not None
        self.delay, self.refusing = 0.0, False
        for gate in self._open.values():
            self._loop.call_soon_threadsafe(gate.set)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        try:
            if not self.refusing:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # whoever went away is told by the abort below
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        both = {writer, server_writer}
        self._writers |= both
        ways = [
            asyncio.create_task(self._forward(reader, server_writer, "up")),
            asyncio.create_task(self._forward(server_reader, writer, "down")),
        ]
        try:
            # The end of either direction ends the other: both peers of this system close both at once.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            server_writer.transport.abort()
            self._writers -= both

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._open[direction].wait()
                writer.write(chunk)
                await writer.drain()
