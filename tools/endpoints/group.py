"""The replicas of one endpoint in this process: who is chosen, and who waits in line for a place."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tools.endpoints.choice import Beginnings, choose
from tools.endpoints.latency import Tail
from tools.endpoints.live import LiveReplica
from tools.endpoints.record import Endpoint
from tools.errors import RateLimited, Unreachable

#: Seconds that a call waits for a replica that rests before it is refused.
_PATIENCE = 1.0
#: Seconds between looks for a place that frees itself elsewhere.
_LOOK = 0.25
#: Second calls for each first one where they always win, and how many may be saved up.
_HEDGES, _MOST_HEDGES = 0.1, 10.0
#: The weight of one second call in what is believed of them.
_WON = 0.1


@dataclass(slots=True)
class Group:
    """An endpoint's replicas with all that is known of them here."""

    endpoint: Endpoint
    clock: Callable[[], float]
    rng: random.Random
    replicas: list[LiveReplica] = field(default_factory=list)
    beginnings: Beginnings = field(default_factory=Beginnings)
    _tails: dict[str, Tail] = field(default_factory=dict)
    _hedges: float = 1.0
    #: The share of second calls that answered first: where requests are slow, not replicas, few do.
    _wins: float = 0.5
    _line: deque[asyncio.Future[None]] = field(default_factory=deque)

    def follow(self, endpoint: Endpoint) -> None:
        """Take a changed record; replicas that stay keep what is known of them."""
        known = {one.replica.base_url: one for one in self.replicas}
        self.endpoint = endpoint
        self.replicas = []
        for replica in endpoint.replicas:
            live = known.get(replica.base_url) or LiveReplica(replica)
            live.replica = replica
            self.replicas.append(live)

    def tail(self, model: str) -> Tail:
        """The tail of the latencies of a model here."""
        return self._tails.setdefault(model, Tail())

    @property
    def waiting(self) -> int:
        """Calls in line."""
        return len(self._line)

    async def place(
        self, *, tried: Collection[str], beginning: int | None, trials: bool, model: str
    ) -> LiveReplica:
        """The replica for a call, as soon as one has room.

        Raises `RateLimited` when the line is full or all replicas asked for a pause, `Unreachable`
        when all of them fail.
        """
        queued = False
        while True:
            if queued or not self._line:
                found = self.choose(tried=tried, beginning=beginning, trials=trials)
                if found is not None:
                    return found
                self._refuse_if_resting(tried)
            await self._wait(first=queued, model=model)
            queued = True

    def choose(self, *, tried: Collection[str], beginning: int | None, trials: bool) -> LiveReplica | None:
        """The replica for a call now; None when there is none."""
        if self._crowded():
            return None
        found = choose(
            self.replicas,
            now=self.clock(),
            max_queue=self.endpoint.max_queue,
            rng=self.rng,
            warm=None if beginning is None else self.beginnings.where(beginning),
            tried=tried,
            trials=trials,
        )
        if found is not None and beginning is not None:
            self.beginnings.put(beginning, found.replica.base_url)
        return found

    def may_hedge(self) -> bool:
        """Whether one more second call is within the share of all calls that may have one."""
        if len(self.replicas) < 2 or self._hedges < 1:
            return False
        self._hedges -= 1
        return True

    def begun(self) -> None:
        """A first call was sent."""
        self._hedges = min(self._hedges + _HEDGES * max(self._wins, _WON), _MOST_HEDGES)

    def hedged(self, *, won: bool) -> None:
        """A second call was sent, and one of the two has answered."""
        self._wins += (won - self._wins) * _WON

    def freed(self) -> None:
        """A place is free: who waits longest may look."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _crowded(self) -> bool:
        most = self.endpoint.max_concurrency
        return most is not None and sum(one.running + one.elsewhere for one in self.replicas) >= most

    def _refuse_if_resting(self, tried: Collection[str]) -> None:
        """Raises where waiting in line is in vain."""
        left = [one for one in self.replicas if one.replica.base_url not in tried]
        now = self.clock()
        rests = [one.breaker.rest(now) for one in left]
        if not left:
            raise Unreachable(f"every replica of {self.endpoint.name} failed this call")
        soonest = min(rests)
        if soonest > _PATIENCE or (tried and soonest > 0):
            asked = [one for one in left if one.breaker.on_request(now)]
            words = f"every replica of {self.endpoint.name} rests for {soonest:.1f} s or longer"
            if asked:
                raise RateLimited(f"{words}: they asked for fewer calls", retry_after=soonest)
            raise Unreachable(f"{words}: their last calls failed", retry_after=soonest)

    async def _wait(self, *, first: bool, model: str) -> None:
        """Until a place is free, or it is time to look again."""
        if not first and len(self._line) >= self.endpoint.max_queue:
            soon = (self.tail(model).p95 or 1.0) * (1 + len(self._line) / max(len(self.replicas), 1))
            words = f"{self.endpoint.name} is full, and {len(self._line)} calls wait for a place"
            raise RateLimited(words, retry_after=round(soon, 3))
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._line.appendleft(turn)
        else:
            self._line.append(turn)
        try:
            async with asyncio.timeout(_LOOK):
                await turn
        except TimeoutError:
            pass
        finally:
            if turn in self._line:
                self._line.remove(turn)
            elif asyncio.current_task() is not None and asyncio.current_task().cancelling():  # type: ignore[union-attr]
                # It was our turn, but we go: the next one must not wait in vain.
                self.freed()
