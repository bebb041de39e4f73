"""Finish times along the order of decision: which ones later sub-tasks still wait for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orchestrator.search.network import Network
from orchestrator.search.objective import Floats


@dataclass(frozen=True, slots=True)
class Beat:
    """How one decision changes the groups of finish times a label carries.

    Decided sub-tasks with the same open followers share a group, which holds their latest finish.
    `waits` are the groups the sub-task waits for, `after` the fastest time from its finish to the
    end. `sources` gives for each new group the old groups it unites and whether it takes the new
    finish; `harmless` is the value below which a group can never break the deadline.
    """

    waits: tuple[int, ...]
    release: float
    after: float
    sources: tuple[tuple[tuple[int, ...], bool], ...]
    harmless: tuple[float, ...]


def beats(network: Network, deadline: float) -> tuple[Beat, ...]:
    """Return one beat per position; nothing is carried when there is no deadline."""
    count = len(network.steps)
    if math.isinf(deadline) or not count:
        return (Beat((), 0.0, -math.inf, (), ()),) * count
    followers: list[set[int]] = [set() for _ in range(count)]
    for i, before in enumerate(network.waits):
        for j in before:
            followers[j].add(i)
    fastest = np.minimum.reduceat(network.seconds, network.first[:-1])
    slowest = np.maximum.reduceat(network.seconds, network.first[:-1])
    least, most = _tails(network, followers, fastest), _tails(network, followers, slowest)
    groups: list[frozenset[int]] = []
    result: list[Beat] = []
    for i in range(count):
        waits = tuple(g for g, open_ in enumerate(groups) if i in open_)
        sources: dict[frozenset[int], tuple[list[int], bool]] = {}
        for g, open_ in enumerate(groups):
            if left := open_ - {i}:
                sources.setdefault(left, ([], False))[0].append(g)
        if mine := frozenset(followers[i]):
            sources[mine] = (sources.get(mine, ([], False))[0], True)
        groups = list(sources)
        harmless = tuple(deadline - max(slowest[m] + most[m] for m in group) for group in groups)
        taken = tuple((tuple(old), new) for old, new in sources.values())
        result.append(Beat(waits, network.release[i], float(least[i]), taken, harmless))
    return tuple(result)


def _tails(network: Network, followers: list[set[int]], seconds: Floats) -> Floats:
    """Return per position the seconds from its finish to the end, at these durations."""
    tails = np.array(network.post, dtype=np.float64)
    for i in range(len(tails) - 1, -1, -1):
        for m in followers[i]:
            tails[i] = max(tails[i], seconds[m] + tails[m])
    return tails


def window(network: Network, deadline: float) -> Floats:
    """Return per position the longest duration that can still meet the deadline."""
    followers: list[set[int]] = [set() for _ in network.steps]
    fastest = np.minimum.reduceat(network.seconds, network.first[:-1])
    start = np.array(network.release, dtype=np.float64)
    for i, before in enumerate(network.waits):
        for j in before:
            followers[j].add(i)
            start[i] = max(start[i], start[j] + fastest[j])
    return deadline - start - _tails(network, followers, fastest)
