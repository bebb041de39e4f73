"""How one replica fares: its load, its latency, its health, and whether it may be called now."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.endpoints.breaker import Breaker
from tools.endpoints.latency import Average
from tools.endpoints.record import Replica

#: Seconds for which what a server says of its own load counts.
_REPORT_COUNTS = 30.0
#: The weight of one call in the mean rate of tokens.
_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Report:
    """What a probe found. `running` and `waiting` are requests, `kv_use` is a share of the cache."""

    up: bool
    reason: str = ""
    seconds: float = 0.0
    models: tuple[str, ...] = ()
    running: float | None = None
    waiting: float | None = None
    kv_use: float | None = None
    #: Whether the server tells of its load at all; None when it was not asked.
    tells_load: bool | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How long a call took, and what of the replica's GPUs."""

    seconds: float
    gpu_seconds: float


@dataclass(slots=True)
class LiveReplica:
    """One replica as this process knows it. Times are seconds of a clock that only goes forward."""

    replica: Replica
    breaker: Breaker = field(default_factory=Breaker)
    latency: Average = field(default_factory=Average)
    #: Tokens that a call writes in a second of its time; None before one has written any.
    tokens_per_second: float | None = None
    #: Calls in flight in other processes.
    elsewhere: int = 0
    calls: int = 0
    failures: int = 0
    #: What the calls of this process took of its GPUs, with those that failed or were cancelled.
    gpu_seconds: float = 0.0
    report: Report | None = None
    reported_at: float = 0.0
    _foreign: float = 0.0
    #: When each call in flight began, oldest first, and what `_shared` was then.
    _begun: dict[int, tuple[float, float]] = field(default_factory=dict)
    #: The seconds that a call would have got which was there from the start, each moment being shared
    #: out evenly among those that are there.
    _shared: float = 0.0
    _shared_at: float = 0.0
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def running(self) -> int:
        """Calls of this process in flight."""
        return len(self._begun)

    def load(self, now: float) -> float:
        """Requests in flight: ours, those of other processes, and those of strangers as far as told."""
        foreign = self._foreign if now - self.reported_at < _REPORT_COUNTS else 0.0
        return self.running + self.elsewhere + foreign

    def cost(self, best: float, now: float) -> float:
        """Load × latency: the seconds that one more call would wait, in an order that is right."""
        seconds = self.latency.estimate(best, now)
        oldest = next(iter(self._begun.values()), None)
        if oldest is not None:
            # One that answers nobody learns no latency: what hangs in it has to tell.
            seconds = max(seconds, (now - oldest[0]) / 4)
        return (self.load(now) + 1) * seconds

    def full(self, now: float, max_queue: int) -> bool:
        """Whether its places are taken, or its own queue is too long."""
        most = self.replica.max_concurrency
        if most is not None and self.running + self.elsewhere >= most:
            return True
        told = self.report.waiting if self.report is not None else None
        return told is not None and told > max_queue and now - self.reported_at < _REPORT_COUNTS

    def down(self) -> bool:
        """Whether the last probe found nobody."""
        return self.report is not None and not self.report.up

    def begin(self, now: float) -> int:
        """A call begins; answers its number."""
        number = next(self._numbers)
        self._share_out(now)
        self._begun[number] = now, self._shared
        self.calls += 1
        self.breaker.begins()
        return number

    def end(self, number: int, now: float) -> Ended | None:
        """A call is over, however it ended; None when it was over before."""
        self._share_out(now)
        begun = self._begun.pop(number, None)
        if begun is None:
            return None
        taken = self.replica.gpus * (self._shared - begun[1])
        self.gpu_seconds += taken
        return Ended(now - begun[0], taken)

    def others(self, calls: int, now: float) -> None:
        """So many calls of other processes are in flight."""
        if calls != self.elsewhere:
            self._share_out(now)
            self.elsewhere = calls

    def wrote(self, tokens: int, seconds: float) -> None:
        """A call has written so many tokens, in so many seconds from its sending to its end."""
        if tokens > 0 and seconds > 0:
            rate, before = tokens / seconds, self.tokens_per_second
            self.tokens_per_second = rate if before is None else before + (rate - before) * _WEIGHT

    def told(self, report: Report, now: float) -> None:
        """A probe came back."""
        self._share_out(now)
        self.report, self.reported_at = report, now
        here = self.running + self.elsewhere
        self._foreign = max(0.0, (report.running or 0.0) + (report.waiting or 0.0) - here)

    def snapshot(self, now: float) -> Mapping[str, Any]:
        """For people and for other processes."""
        report = self.report
        return {
            "running": self.running,
            "calls": self.calls,
            "failures": self.failures,
            "gpu_seconds": round(self.gpu_seconds, 3),
            "seconds": self.latency.value,
            "tokens_per_second": self.tokens_per_second,
            "breaker": self.breaker.state(now).value,
            "asked": round(self.breaker.asked(now), 3),
            "rests": round(self.breaker.rest(now), 3),
            "up": None if report is None else report.up,
        }

    def _share_out(self, now: float) -> None:
        self._shared += (now - self._shared_at) / max(self.load(now), 1.0)
        self._shared_at = now
