"""Ways to choose a replica: ours, an oracle, and the usual ones alone. All repeat a failed call elsewhere."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol as Interface

from benchmarks.routes.servers import Server, Work
from tools.endpoints.record import Endpoint, Hedge, Protocol, Replica
from tools.endpoints.router import Route, Router, Target
from tools.errors import ToolError


class Policy(Interface):
    """Sends requests."""

    async def send(self, work: Work) -> None:
        """Until one replica has answered. Raises `ToolError` when all failed."""
        ...


@dataclass
class Known:
    """What a plain policy learns of a replica; `turn` is the number of the last request it got."""

    server: Server
    running: int = 0
    latency: float = 0.0
    turn: int = -1


@dataclass
class Plain:
    """Takes the replica with the least key, and the next one when that fails."""

    servers: Sequence[Server]
    key: Callable[[Known], float]
    known: list[Known] = field(init=False)
    turns: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.known = [Known(server) for server in self.servers]

    async def send(self, work: Work) -> None:
        left = list(self.known)
        while True:
            one = min(left, key=lambda each: (self.key(each), random.random()))
            left.remove(one)
            try:
                await self._ask(one, work)
            except ToolError:
                if not left:
                    raise
            else:
                return

    async def _ask(self, one: Known, work: Work) -> None:
        loop = asyncio.get_running_loop()
        begun, one.turn = loop.time(), next(self.turns)
        one.running += 1
        try:
            await one.server.serve(work)
        finally:
            one.running -= 1
        took = loop.time() - begun
        one.latency = took if not one.latency else 0.7 * one.latency + 0.3 * took


def round_robin(servers: Sequence[Server]) -> Plain:
    """One after the other."""
    return Plain(servers, lambda one: one.turn)


def least_busy(servers: Sequence[Server]) -> Plain:
    """The one with the fewest calls in flight."""
    return Plain(servers, lambda one: one.running)


def lowest_latency(servers: Sequence[Server]) -> Plain:
    """The one whose latest calls were the quickest; who is not known yet comes first."""
    return Plain(servers, lambda one: one.latency)


@dataclass
class Oracle:
    """Knows who works, how fast, and when every place will be free; not what the next request takes."""

    servers: Sequence[Server]

    async def send(self, work: Work) -> None:
        now = asyncio.get_running_loop().time()
        well = [server for server in self.servers if server.kind in ("good", "slow")]
        best = min(well, key=lambda server: max(min(server.ends), now) + server.mean)
        best.book(work, now)
        await best.serve(work)


@dataclass
class Ours:
    """The router of the service."""

    servers: Sequence[Server]
    hedge: Hedge = Hedge.ALWAYS
    router: Router = field(init=False)

    def __post_init__(self) -> None:
        replicas = tuple(Replica(server.url) for server in self.servers)
        self.endpoint = Endpoint("it", Protocol.OPENAI, replicas, hedge=self.hedge, max_queue=10**6)
        clock = asyncio.get_running_loop().time
        self.router = Router(self, clock=clock, rng=random.Random(1))
        self.by_url = {server.url: server for server in self.servers}

    async def find(self, name: str) -> Endpoint | None:
        del name
        return self.endpoint

    async def send(self, work: Work) -> None:
        async def ask(target: Target) -> None:
            await self.by_url[target.base_url].serve(work)

        await self.router.call(Route("it", "m", timeout=600.0, hedge=True), ask)


POLICIES: dict[str, Callable[[Sequence[Server]], Policy]] = {
    "oracle": Oracle,
    "toolpath": Ours,
    "toolpath, no second calls": lambda servers: Ours(servers, Hedge.NEVER),
    "round robin": round_robin,
    "least busy": least_busy,
    "lowest latency": lowest_latency,
}
