"""What the servers that tools call see of a run: its tries, its key, and its end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Self

import httpx2
import orjson
import pytest

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]
LARGE = orjson.dumps({"rows": ["x" * 100] * 45_000})
CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
BEGINNING = CHUNK | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Once"}}]}


class Peer:
    """A server in a thread of its own that hears when its callers go away."""

    def __init__(self) -> None:
        self.began, self.left = threading.Event(), threading.Event()
        #: (Path, idempotency key, when) of every request.
        self.calls: list[tuple[str, str, float]] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve()), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.began.wait(10)
        self.began.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def to(self, path: str) -> list[tuple[str, float]]:
        """The keys and times of the calls of one path."""
        return [(key, at) for called, key, at in self.calls if called == path]

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.began.set()
        await self._stop.wait()
        server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
        await reader.readexactly(int(fields.get("content-length", "0")))
        path = head.split(" ")[1]
        self.calls.append((path, fields.get("idempotency-key", ""), time.monotonic()))
        if path in ("/hang", "/v1/chat/completions"):
            if path != "/hang":
                event = b"data: " + orjson.dumps(BEGINNING) + b"\n\n"
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + event)
            self.began.set()
            await reader.read()  # ends when the caller closes the connection
            self.left.set()
        else:
            writer.write(self._answer(path, len(self.to(path))))
            await writer.drain()
        writer.close()

    def _answer(self, path: str, number: int) -> bytes:
        if path == "/busy" and number < 3:
            soon = datetime.now(UTC) + timedelta(seconds=2)
            pause = "1" if number == 1 else format_datetime(soon, usegmt=True)
            return f"HTTP/1.1 503 No\r\nretry-after: {pause}\r\ncontent-length: 0\r\n\r\n".encode()
        body = LARGE if path == "/large" else b"{}"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


def begin(client: httpx2.Client, name: str, **kind: Any) -> str:
    """A run of one call of a new tool."""
    record = {"name": name, "summary": "Calls a peer.", "input_schema": {"type": "object"}, **kind}
    client.post("/v1/tools", json=record).raise_for_status()
    plan = {"subtasks": [{"id": "a", "tool": name, "arguments": {}}]}
    run: str = client.post("/v1/runs", json={"plan": plan}).raise_for_status().json()["id"]
    return run


def ended(client: httpx2.Client, run: str) -> dict[str, Any]:
    """The run, once its events have ended."""
    with client.stream("GET", f"/v1/runs/{run}/events", timeout=60) as events:
        for _ in events.iter_lines():
            pass
    shown: dict[str, Any] = client.get(f"/v1/runs/{run}").json()
    return shown


def http(peer: Peer, path: str, method: str = "GET") -> dict[str, Any]:
    return {"kind": "http", "http": {"method": method, "url": f"{peer.url}{path}"}}


def chat(peer: Peer) -> dict[str, Any]:
    binding = {"base_url": f"{peer.url}/v1", "model": "m", "prompt": "Tell a story.", "stream": True}
    fields = {"properties": {"text": {"type": "string"}}}
    return {"kind": "model", "model": binding, "output_schema": {"type": "object", **fields}}


@pytest.mark.parametrize("kind", ["http", "chat"])
def test_a_cancelled_run_leaves_its_peer_at_once(client: httpx2.Client, peer: Peer, kind: str) -> None:
    peer.began.clear()
    peer.left.clear()
    run = begin(client, f"hangs_{kind}", **(http(peer, "/hang") if kind == "http" else chat(peer)))
    assert peer.began.wait(10)
    assert not peer.left.is_set()
    client.post(f"/v1/runs/{run}/cancel").raise_for_status()
    assert peer.left.wait(5)
    assert ended(client, run)["status"] == "cancelled"


def test_every_try_of_a_step_has_the_same_key_and_waits_as_long_as_asked(
    client: httpx2.Client, peer: Peer
) -> None:
    run = begin(client, "busy_peer", **http(peer, "/busy", "POST"), effect="idempotent")
    shown = ended(client, run)
    assert shown["status"] == "succeeded", shown["error"]
    keys, times = zip(*peer.to("/busy"), strict=True)
    assert len(keys) == 3
    assert set(keys) == {keys[0]}
    assert keys[0].startswith(run)
    assert times[1] - times[0] >= 1.0
    # A date has whole seconds, so two seconds from now are one at least.
    assert times[2] - times[1] >= 0.9


def test_a_large_reply_is_a_file_and_no_row(client: httpx2.Client, peer: Peer) -> None:
    shown = ended(client, begin(client, "large_reply", **http(peer, "/large")))
    assert shown["status"] == "succeeded", shown["error"]
    (output,) = shown["result"]["outputs"]
    assert len(orjson.dumps(shown)) < 50_000
    reference = output.get("artifact") or output["value"]["artifact"]
    assert client.get(f"/v1/artifacts/{reference}").content == LARGE
