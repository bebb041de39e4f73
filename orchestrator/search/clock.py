"""The deadline along any order of decision: how long the decided sub-tasks hold up the others."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.search.network import Network
from orchestrator.search.objective import Floats

#: A stretch of decided sub-tasks between open ones: from each of the first set (or the start, when
#: empty) to each of the second (or the end) at least so many seconds pass that a label carries.
Stretch = tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Joint:
    """Two stretches (label columns, or None and a constant) that the decided sub-task joins.

    The joined stretch must not exceed `room`; it goes to column `target` (None: nothing open).
    """

    before: int | None
    after: int | None
    constant: float
    room: float
    target: int | None


@dataclass(frozen=True, slots=True)
class Beat:
    """How one decision changes the stretches a label carries.

    `kept` are (new column, old column); `harmless` gives per new column the value below which it
    can never break the deadline.
    """

    joints: tuple[Joint, ...] = ()
    kept: tuple[tuple[int, int], ...] = ()
    harmless: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Tails:
    """Seconds from the start to each sub-task's finish and from its start to the end, itself included,
    at its fastest and its slowest option.
    """

    soonest: Sequence[float]
    latest: Sequence[float]
    least: Sequence[float]
    most: Sequence[float]


def beats(network: Network, deadline: float) -> tuple[Beat, ...]:
    """Return one beat per position; nothing is carried when there is no deadline.

    Deciding a sub-task is an elimination in the (max, +) algebra: each way in is joined with each
    way out, and stretches between the same open sub-tasks are merged, so that a fan carries one.
    """
    count = len(network.steps)
    if math.isinf(deadline) or not count:
        return (Beat(),) * count
    tails = _tails(network)
    followers = network.followers()
    stretches: list[Stretch] = []
    result: list[Beat] = []
    for i in range(count):
        before = _ways(i, stretches, {j for j in network.waits[i] if j > i}, network.release[i])
        after = _ways(i, [(b, a) for a, b in stretches], {j for j in followers[i] if j > i}, 0.0)
        columns, kept = _left(i, stretches)
        joints = []
        for first, one, start in before:
            for second, other, end in after:
                room = deadline - _longest(first, tails.soonest) - _longest(second, tails.least)
                closed = not first and not second
                target = None if closed else columns.setdefault((first, second), len(columns))
                joints.append(Joint(one, other, start + end, room, target))
        harmless = [deadline - _longest(a, tails.latest) - _longest(b, tails.most) for a, b in columns]
        stretches = list(columns)
        result.append(Beat(tuple(joints), tuple(kept), tuple(harmless)))
    return tuple(result)


def _ways(
    i: int, stretches: Sequence[Stretch], near: Collection[int], release: float
) -> list[tuple[frozenset[int], int | None, float]]:
    """Return the ways into i (or out of it, with the stretches turned round): whom they come from,
    the column that holds their length, and what is constant about it.
    """
    ways: list[tuple[frozenset[int], int | None, float]] = [
        (first, column, 0.0) for column, (first, second) in enumerate(stretches) if i in second
    ]
    if near:
        ways.append((frozenset(near), None, 0.0))
    if release > 0 or not ways:
        ways.append((frozenset(), None, release))
    return ways


def _left(i: int, stretches: Sequence[Stretch]) -> tuple[dict[Stretch, int], list[tuple[int, int]]]:
    """Return the stretches that remain between others once i is decided, and (new, old) columns."""
    columns: dict[Stretch, int] = {}
    kept = []
    for column, (first, second) in enumerate(stretches):
        left = (first - {i}, second - {i})
        if bool(left[0]) == bool(first) and bool(left[1]) == bool(second):
            kept.append((columns.setdefault(left, len(columns)), column))
    return columns, kept


def _longest(members: Collection[int], seconds: Sequence[float]) -> float:
    return max((seconds[m] for m in members), default=0.0)


def _tails(network: Network) -> Tails:
    fastest = np.minimum.reduceat(network.seconds, network.first[:-1]).tolist()
    slowest = np.maximum.reduceat(network.seconds, network.first[:-1]).tolist()
    return Tails(
        _heads(network, fastest), _heads(network, slowest), _rests(network, fastest), _rests(network, slowest)
    )


def _heads(network: Network, seconds: Sequence[float]) -> list[float]:
    heads = [0.0] * len(seconds)
    for i in network.sequence:
        start = max([network.release[i], *(heads[j] for j in network.waits[i])])
        heads[i] = start + seconds[i]
    return heads


def _rests(network: Network, seconds: Sequence[float]) -> list[float]:
    rests = [0.0] * len(seconds)
    for i in reversed(network.sequence):
        rests[i] += seconds[i]
        for j in network.waits[i]:
            rests[j] = max(rests[j], rests[i])
    return rests


def window(network: Network, deadline: float) -> Floats:
    """Return per position the longest duration that can still meet the deadline."""
    tails = _tails(network)
    fastest = np.minimum.reduceat(network.seconds, network.first[:-1])
    longest: Floats = deadline - np.array(tails.soonest) - np.array(tails.least) + 2 * fastest
    return longest
