"""Model servers that answer what no client wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tools.errors import BadOutput, TimedOut, TooLarge, ToolError
from tools.llm import BadCompletion, ChatModel
from tools.net import Net

Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
_MESSAGE = b'{"choices": [{"message": {"content": "%s"}, "finish_reason": "stop"}]}'


def _says(body: bytes, head: bytes = _HEAD) -> Behave:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    return answer


def _redirects(location: bytes) -> Behave:
    return _says(b"", b"HTTP/1.1 307 X\r\nlocation: " + location + b"\r\n")


def _goes_on(part: bytes, *, pause: float, head: bytes = _HEAD) -> Behave:
    """Half a gigabyte is announced; what comes is endless."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"content-length: 500000000\r\n\r\n")
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


@contextlib.asynccontextmanager
async def _model(behave: Behave) -> AsyncIterator[ChatModel]:
    open_: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            await behave(writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    net = Net(allow=[where], max_bytes=1_000_000)
    model = ChatModel(net=net, base_url=f"http://{where}/v1", model="hostile", timeout=10)
    try:
        yield model
    finally:
        await model.aclose()
        await net.aclose()
        server.close()
        for task in open_:
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)


@pytest.mark.parametrize(
    ("behave", "kind", "words"),
    [
        (_redirects(b"http://169.254.169.254/latest"), BadOutput, "answered 307"),
        (_redirects(b"file:///etc/passwd"), BadOutput, "answered 307"),
        (_goes_on(b"x" * 60_000, pause=0), TooLarge, "over 1,000,000 bytes"),
        (_says(b"[" * 5000 + b"]" * 5000), BadOutput, "is not JSON"),
        (_says(b'{"choices": NaN}'), BadOutput, "is not JSON"),
        (_says(_MESSAGE % rb"\ud800"), BadOutput, "is not JSON"),
        (_says(b"<html>sign in first</html>"), BadOutput, "is not JSON"),
        (_says(b'{"choices": [{"message": {"content": 5}}]}' * 2), BadOutput, "is not JSON"),
        (_says(b'{"choices": {"0": 1}}'), BadOutput, "is not a chat completion"),
    ],
)
async def test_a_hostile_reply_is_refused_in_plain_words(
    behave: Behave, kind: type[ToolError], words: str
) -> None:
    async with _model(behave) as model:
        with pytest.raises(kind, match=words):
            await model.complete([{"role": "user", "content": "hello"}])


async def test_a_body_that_drips_is_given_up_in_time() -> None:
    async with _model(_goes_on(b" ", pause=0.02)) as model:
        with pytest.raises(TimedOut, match=r"within 1 s"):
            await model.complete([{"role": "user", "content": "hello"}], timeout=1)


async def test_the_character_nul_reaches_nobody() -> None:
    async with _model(_says(_MESSAGE % rb"a\u0000b")) as model:
        got = await model.complete([{"role": "user", "content": "hello"}])
        assert got.text == "a\N{REPLACEMENT CHARACTER}b"
    async with _model(_says(_MESSAGE % rb"{\"a\": \"x\\u0000\"}")) as model:
        with pytest.raises(BadCompletion, match="NUL"):
            await model.complete([{"role": "user", "content": "hello"}], schema={"type": "object"})
