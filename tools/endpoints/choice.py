"""Which replica takes a call: those that may be called, then the cheaper of two drawn at random.

Two draws come close to the best of all, and unlike the best of all they do not send everybody to
the same replica when several processes decide by the same numbers (Mitzenmacher, 2001).
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tools.endpoints.breaker import State
from tools.endpoints.live import LiveReplica

#: How much dearer the replica that knows a beginning may be, and how much fuller than the mean.
_WARM = 1.5
_FULLER = 1.25
#: Beginnings that are remembered.
_REMEMBERED = 4096


@dataclass(slots=True)
class Beginnings:
    """Which replica has seen which beginning of a prompt last, by its hash."""

    _seen: OrderedDict[int, str] = field(default_factory=OrderedDict)

    def where(self, beginning: int) -> str | None:
        """The address of the replica."""
        return self._seen.get(beginning)

    def put(self, beginning: int, base_url: str) -> None:
        """It was sent there."""
        self._seen[beginning] = base_url
        self._seen.move_to_end(beginning)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def choose(
    replicas: Sequence[LiveReplica],
    *,
    now: float,
    max_queue: int,
    rng: random.Random,
    warm: str | None = None,
    tried: Collection[str] = (),
    trials: bool = True,
) -> LiveReplica | None:
    """The replica for a call; None when all of them rest, are full, or were tried.

    `warm` is the address of the replica that has the prompt's beginning at hand. `trials` says
    whether the call may be the one that tries a replica whose rest is over.
    """
    open_to = [
        one
        for one in replicas
        if one.replica.base_url not in tried and one.breaker.allows(now) and not one.full(now, max_queue)
    ]
    closed = [one for one in open_to if one.breaker.state(now) is State.CLOSED]
    healthy = [one for one in closed if not one.down()]
    due = [one for one in open_to if one.breaker.state(now) is State.HALF_OPEN and not one.down()]
    if due and (trials or not closed) and (healthy or not closed):
        return due[0]
    ready = healthy or closed or open_to
    return _of_two(ready, replicas, now, rng, warm) if ready else None


def _of_two(
    ready: Sequence[LiveReplica],
    replicas: Sequence[LiveReplica],
    now: float,
    rng: random.Random,
    warm: str | None,
) -> LiveReplica:
    known = [one.latency.value for one in replicas if one.latency.value is not None]
    best = min(known, default=1.0)
    drawn = ready if len(ready) <= 2 else rng.sample(ready, 2)
    # Equal costs, such as those of the first calls, must not always mean the same replica.
    cheaper = min(drawn, key=lambda one: (one.cost(best, now), rng.random()))
    favourite = next((one for one in ready if one.replica.base_url == warm), None)
    if favourite is None or favourite is cheaper:
        return cheaper
    mean = sum(one.load(now) for one in ready) / len(ready)
    bound = favourite.load(now) <= _FULLER * (mean + 1)
    near = favourite.cost(best, now) <= _WARM * max(cheaper.cost(best, now), best)
    return favourite if bound and near else cheaper
