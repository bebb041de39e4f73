"""What the wrappers of a call cost: functions on the loop, and HTTP beside the bare client.

    .venv/bin/python -m benchmarks.calls [--calls 2000] [--rounds 9] [--profile]

A server in a process of its own answers at once. Each round makes the same calls by httpx2 alone (post,
JSON out, JSON in) and as calls of a tool, in turn, with the same number at once; CPU is that of this
process. The ratios are of the same round, and the median of the rounds is told with the least and most.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import multiprocessing
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2

from tools.adapter import CallContext
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

_BODY = b'{"id": 17, "name": "Ann", "tags": ["a", "b"], "score": 0.5}'
_REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY)
_ARGUMENTS = {"name": "Ann", "limit": 3}
_IN = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 80}, "limit": {"type": "integer", "minimum": 1}},
    "required": ["name"],
    "additionalProperties": False,
}
_OUT = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "score": {"type": "number"},
    },
    "required": ["id"],
}

Call = Callable[[], Awaitable[object]]


async def answer_at_once(name: str, limit: int = 1) -> dict[str, object]:
    """The function whose call is measured: it does nothing."""
    return {"id": limit, "name": name}


class _Peer(asyncio.Protocol):
    """Answers every request alike; the requests are those that both clients send, with short bodies."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, b""

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, body = self._left.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if found and len(body) >= length:
            self._left = body[length:]
            self._transport.write(_REPLY + _BODY)


def _serve(told: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Peer, "127.0.0.1", 0, backlog=1024)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@dataclass(frozen=True)
class Took:
    """Of one series of calls, a call."""

    cpu: float
    wall: float


async def series(call: Call, *, calls: int, at_once: int) -> Took:
    """`calls` calls by `at_once` callers."""

    async def caller() -> None:
        for _ in range(calls // at_once):
            await call()

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    done = calls // at_once * at_once
    return Took((time.process_time() - cpu) / done, (time.perf_counter() - wall) / done)


def told(name: str, took: list[Took]) -> str:
    """A row of the table."""
    cpu = statistics.median(one.cpu for one in took)
    rate = statistics.median(1 / one.wall for one in took)
    return f"{name:34} {cpu * 1e6:8.0f} µs CPU {rate:10,.0f} calls/s"


def beside(name: str, ours: list[Took], theirs: list[Took]) -> str:
    """How many times as much we take, round by round."""
    cpu = sorted(one.cpu / other.cpu for one, other in zip(ours, theirs, strict=True))
    wall = sorted(one.wall / other.wall for one, other in zip(ours, theirs, strict=True))
    return (
        f"  {name} beside httpx2: CPU {statistics.median(cpu):.2f} ({cpu[0]:.2f} to {cpu[-1]:.2f}),"
        f" time {statistics.median(wall):.2f} ({wall[0]:.2f} to {wall[-1]:.2f})"
    )


class Bench:
    """The calls that are measured: by the bare client, and of tools."""

    def __init__(self, address: str, toolbox: Toolbox, client: httpx2.AsyncClient, folder: Path) -> None:
        self._toolbox, self._client = toolbox, client
        binding = {"method": "POST", "url": f"{address}/things"}
        self._url = binding["url"]
        self._http = Tool("things", "Finds things.", Kind.HTTP, _IN, _OUT, binding=binding)
        self._secret = replace(self._http, auth={"bearer": "peer_key"})
        self._function = Tool(
            "at_once", "Answers.", Kind.PYTHON, _IN, _OUT, binding={"function": f"{__name__}:answer_at_once"}
        )
        self._context = CallContext("run_1:0:0", MemoryFiles(folder), folder)
        self._knowing = replace(self._context, secrets={"peer_key": "sk-live_4f9c2b7e81d34a06b5c7"})

    async def bare(self) -> object:
        """What one would write by hand."""
        reply = await self._client.post(self._url, json=_ARGUMENTS)
        reply.raise_for_status()
        return reply.json()

    async def http(self) -> object:
        """An HTTP tool."""
        return await self._toolbox.call(self._http, _ARGUMENTS, self._context)

    async def secret(self) -> object:
        """One that sends a secret, which is looked for in the reply."""
        return await self._toolbox.call(self._secret, _ARGUMENTS, self._knowing)

    async def function(self) -> object:
        """An async Python function."""
        return await self._toolbox.call(self._function, _ARGUMENTS, self._context)


async def measure(address: str, arguments: argparse.Namespace, folder: Path) -> None:
    """Print the table."""
    net = Net(allow=["127.0.0.1"])
    async with Processes(1) as processes, httpx2.AsyncClient() as client:
        toolbox = Toolbox(net=net, processes=processes, modules=[__name__])
        bench = Bench(address, toolbox, client, folder)
        if arguments.profile:
            await profiled(bench.secret, arguments.calls)
        else:
            await series(bench.function, calls=200, at_once=1)
            calls = 10 * arguments.calls
            took = [await series(bench.function, calls=calls, at_once=16) for _ in range(arguments.rounds)]
            print(told("function on the loop", took))
            for at_once in (1, 16):
                await side_by_side(bench, at_once, arguments)
        await toolbox.aclose()
    await net.aclose()


async def side_by_side(bench: Bench, at_once: int, arguments: argparse.Namespace) -> None:
    """The rounds of one number of callers."""
    calls: dict[str, Call] = {"httpx2": bench.bare, "tool": bench.http, "tool with a secret": bench.secret}
    took: dict[str, list[Took]] = {name: [] for name in calls}
    for call in calls.values():  # connections and caches
        await series(call, calls=200, at_once=at_once)
    for number in range(arguments.rounds):
        # The order changes, so that no one is always measured after the same other.
        for name in list(calls)[:: 1 if number % 2 else -1]:
            took[name].append(await series(calls[name], calls=arguments.calls, at_once=at_once))
    for name, seen in took.items():
        print(told(f"HTTP, {at_once} at once: {name}", seen))
    for name in list(took)[1:]:
        print(beside(name, took[name], took["httpx2"]))


async def profiled(call: Call, calls: int) -> None:
    """Where the time of a tool's HTTP call goes."""
    await series(call, calls=200, at_once=1)
    profile = cProfile.Profile()
    profile.enable()
    await series(call, calls=calls, at_once=16)
    profile.disable()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(70)


def main() -> None:
    """Start the server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    ours, theirs = multiprocessing.Pipe()
    peer = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    peer.start()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"http://127.0.0.1:{ours.recv()}", arguments, Path(folder)))
    peer.terminate()


if __name__ == "__main__":
    main()
