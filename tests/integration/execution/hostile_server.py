"""An HTTP server on this machine that answers what no client wants."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator

_JSON = {"content-type": "application/json"}
_BOMB = gzip.compress(b"0" * 50_000_000)


def _json(body: bytes) -> bytes:
    return _whole(200, body, _JSON)


def _to(location: str) -> bytes:
    return _whole(302, b"", {"location": location})


def _whole(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"content-length: {len(body)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


#: What is answered at "/name", with the code of the error and a word of its message.
ANSWERS: dict[str, tuple[bytes, str, str]] = {
    "huge": (_json(b'{"value": "' + b"x" * 30_000_000 + b'"}'), "too_large", "over"),
    "deep": (_json(b'{"value": ' + b"[" * 5000 + b"]" * 5000 + b"}"), "bad_output", "JSON"),
    "deepish": (_json(b'{"value": ' + b"[" * 500 + b"]" * 500 + b"}"), "bad_output", "nested"),
    "nul": (_json(rb'{"value": "a\u0000b"}'), "bad_output", "NUL"),
    "surrogate": (_json(rb'{"value": "a\ud800"}'), "bad_output", "JSON"),
    "nan": (_json(b'{"value": NaN}'), "bad_output", "JSON"),
    "infinity": (_json(b'{"value": -Infinity}'), "bad_output", "JSON"),
    "many_digits": (_json(b'{"value": 1' + b"0" * 400 + b"}"), "bad_output", "JSON"),
    "private": (_to("http://169.254.169.254/latest/meta-data"), "address_forbidden", "169.254.169.254"),
    "local_file": (_to("file:///etc/passwd"), "address_forbidden", "http"),
    "loop": (_to("/loop"), "bad_output", "redirected"),
    "bomb": (_whole(200, _BOMB, _JSON | {"content-encoding": "gzip"}), "too_large", "over"),
    "not_gzip": (_whole(200, b"{}", _JSON | {"content-encoding": "gzip"}), "bad_output", "compressed"),
    "page": (_whole(200, b"<p>hello</p>", {"content-type": "text/html"}), "bad_output", "text/html"),
    "odd_charset": (_whole(200, b'{"value": 1}', {"content-type": "x; charset=zip"}), "bad_output", "value"),
    "odd_refusal": (_whole(400, b"\\ud800 \0", {"content-type": "a/b; charset=unicode_escape"}),
                    "bad_arguments", "400"),
    "odd_codec": (_whole(400, b"\xff\xfe", {"content-type": "a/b; charset=idna"}), "bad_arguments", "400"),
    "no_http": (b"SSH-2.0-OpenSSH_9.2\r\n", "unreachable", "broke"),
    "slow": (b"", "timed_out", "0.5 s"),
    "headers": (b"", "unreachable", "broke"),
}  # fmt: skip


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The server's address, as host:port."""
    open_: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _answer(reader, writer)
        open_.discard(task)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in open_:
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    name = head.split()[1].split("?")[0].rpartition("/")[2]
    if name == "slow":
        await _drip(writer)
    elif name == "headers":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"y" * 1000 + b"\r\n")
            await writer.drain()
    else:
        writer.write(ANSWERS[name][0])
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    """A body without end, a byte now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)
