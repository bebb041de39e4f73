"""The proxy forwards what it should, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.chaos.proxy import Proxy


@contextlib.asynccontextmanager
async def _echo() -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1000):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with _echo() as port, Proxy(("127.0.0.1", port)) as proxy:
        yield proxy


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, word: bytes) -> bytes:
    writer.write(word)
    return await reader.readexactly(len(word))


async def test_what_is_sent_comes_back_whole(proxy: Proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    word = bytes(range(256)) * 4_000
    assert await _ask(reader, writer, word) == word
    writer.close()


async def test_a_delay_holds_back_both_ways(proxy: Proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.delay = 0.1
    began = time.monotonic()
    await _ask(reader, writer, b"a")
    assert time.monotonic() - began >= 0.2
    writer.close()


async def test_a_cut_breaks_what_is_open_and_lets_new_ones_in(proxy: Proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _ask(reader, writer, b"a")
    proxy.cut()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _ask(reader, writer, b"b") == b"b"
    writer.close()


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_stalled_way_delivers_late_what_it_held_back(proxy: Proxy, way):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await _ask(reader, writer, b"a")
    proxy.stall(way)
    await asyncio.sleep(0)  # the order goes by the loop
    writer.write(b"b")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(1), 0.1)
    proxy.heal()
    assert await reader.readexactly(1) == b"b"
    writer.close()


async def test_a_refusing_proxy_takes_no_new_connection(proxy: Proxy):
    proxy.refusing = True
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with contextlib.suppress(ConnectionError):
        assert await reader.read(1) == b""
    writer.close()


async def test_a_client_hears_that_its_server_is_away(proxy: Proxy):
    proxy.target = ("127.0.0.1", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with contextlib.suppress(ConnectionError):
        assert await reader.read(1) == b""
    writer.close()
