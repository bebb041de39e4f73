"""Simulated replicas: four places and a line each, heavy-tailed times, one slow, one failing, one dead."""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from dataclasses import dataclass, field

from tools.errors import ServerFault, Unreachable

PLACES = 4
#: Mean seconds of a call on a good replica, the spread of its logarithm, and how slow the slow one is.
MEAN, SIGMA, SLOW = 0.1, 1.0, 5.0
GOOD = 5


@dataclass(frozen=True, slots=True)
class Work:
    """One request. With `own` the time is the request's own, else each replica draws one for it."""

    number: int
    own: bool


@dataclass(slots=True)
class Server:
    """One replica."""

    url: str
    kind: str
    seed: int
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PLACES))
    #: When each place will be free by what was sent so far: known to the oracle only.
    ends: list[float] = field(default_factory=lambda: [0.0] * PLACES)
    calls: int = 0

    @property
    def mean(self) -> float:
        """Seconds of a call, on average."""
        return MEAN * SLOW if self.kind == "slow" else MEAN

    def seconds(self, work: Work) -> float:
        """The time of that request here: log-normal, its mean as told."""
        drawn = random.Random(f"{self.seed}:{work.number}:{'' if work.own else self.url}")
        return self.mean * math.exp(drawn.gauss(0, SIGMA) - SIGMA**2 / 2)

    def book(self, work: Work, now: float) -> None:
        """Count the request into what the oracle knows."""
        start = max(heapq.heappop(self.ends), now)
        heapq.heappush(self.ends, start + self.seconds(work))

    async def serve(self, work: Work) -> None:
        """Answer it, or fail."""
        self.calls += 1
        if self.kind == "dead":
            await asyncio.sleep(0.001)
            raise Unreachable("no connection")
        if self.kind == "failing":
            await asyncio.sleep(0.01)
            raise ServerFault("500")
        async with self._places:
            await asyncio.sleep(self.seconds(work))


def cluster(seed: int) -> list[Server]:
    """Eight of them."""
    kinds = ["good"] * GOOD + ["slow", "failing", "dead"]
    return [Server(f"http://{number}", kind, seed) for number, kind in enumerate(kinds)]


def rate_of(load: float) -> float:
    """Requests a second that take that share of what the good replicas can do."""
    return load * GOOD * PLACES / MEAN
