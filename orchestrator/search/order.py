"""In what order sub-tasks are decided, so that little has to be remembered between decisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from graphlib import CycleError, TopologicalSorter


def by_conflicts(sizes: Sequence[int], rivals: Sequence[Collection[int]]) -> list[int]:
    """Return an elimination order of small width for a conflict graph (greedy minimum frontier).

    `sizes[i]` is the number of distinguishable signatures of sub-task i, `rivals[i]` the sub-tasks
    it can conflict with. Sub-tasks without conflicts come last.
    """
    tangled = [i for i in range(len(sizes)) if rivals[i]]
    order = _greedy(tangled, sizes, rivals, _near(rivals))
    return order + [i for i in range(len(sizes)) if not rivals[i]]


def by_needs(needs: Sequence[Collection[int]]) -> list[int]:
    """Return a topological order. Raises ValueError when the sub-tasks wait in a circle."""
    try:
        return list(TopologicalSorter(dict(enumerate(needs))).static_order())
    except CycleError as error:
        raise ValueError(f"the sub-tasks wait for each other in a circle: {error.args[1]}") from error


def with_needs(
    sizes: Sequence[int], rivals: Sequence[Collection[int]], needs: Sequence[Collection[int]]
) -> list[int]:
    """Return the order that remembers least when finish times count as well.

    Candidates: depth first from the start, the same from the end, and elimination over needs and
    conflicts together. The first is best for chains and trees, the last where branches that meet
    also conflict.
    """
    followers = reversed_needs(needs)
    close = [set(rivals[i]) | set(needs[i]) | set(followers[i]) for i in range(len(sizes))]
    wide = [max(2, size) for size in sizes]
    candidates = [
        by_conflicts(wide, close),
        _depth_first(needs, followers),
        _depth_first(followers, needs),
    ]
    return min(candidates, key=lambda order: _memory(order, sizes, rivals, (needs, followers)))


def reversed_needs(needs: Sequence[Collection[int]]) -> list[list[int]]:
    """Return per sub-task those that wait for it."""
    followers: list[list[int]] = [[] for _ in needs]
    for node, before in enumerate(needs):
        for other in before:
            followers[other].append(node)
    return followers


def _depth_first(needs: Sequence[Collection[int]], followers: Sequence[Collection[int]]) -> list[int]:
    """Topological; of what is ready take what became ready last, so that branches are finished."""
    missing = [len(set(before)) for before in needs]
    ready = [i for i in reversed(range(len(needs))) if not missing[i]]
    order: list[int] = []
    while ready:
        order.append(ready.pop())
        for follower in sorted(set(followers[order[-1]]), reverse=True):
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    return order


def _memory(
    order: Sequence[int],
    sizes: Sequence[int],
    rivals: Sequence[Collection[int]],
    links: tuple[Sequence[Collection[int]], Sequence[Collection[int]]],
) -> tuple[float, float]:
    """Score an order: the widest frontier, and the sum over all, in logarithms of states.

    Each boundary sub-task counts its signatures, each distinct set of open neighbours in time one
    carried time, taken as four states.
    """
    if len(order) < len(sizes):
        return (math.inf, math.inf)
    left = set(order)
    frontier: set[int] = set()
    widest = total = 0.0
    for i in order:
        left.discard(i)
        frontier = {f for f in frontier | {i} if any(not left.isdisjoint(s[f]) for s in (rivals, *links))}
        states = sum(math.log(sizes[f]) for f in frontier if not left.isdisjoint(rivals[f]))
        times = {tuple(frozenset(left.intersection(s[f])) for s in links) for f in frontier}
        width = states + math.log(4) * len(times)
        widest, total = max(widest, width), total + width
    return (widest, total)


def _near(
    rivals: Sequence[Collection[int]],
) -> Callable[[set[int], set[int]], list[int]]:
    """Candidates: of the rivals of the frontier one that closes at once, or all; else the least tangled."""

    def candidates(left: set[int], frontier: set[int]) -> list[int]:
        close = {r for i in frontier for r in rivals[i]} & left
        for i in close:
            if left.isdisjoint(rivals[i]):
                return [i]
        if close:
            return sorted(close)
        return [min(left, key=lambda i: (len(rivals[i]), i))]

    return candidates


def _greedy(
    members: Sequence[int],
    sizes: Sequence[int],
    rivals: Sequence[Collection[int]],
    candidates: Callable[[set[int], set[int]], list[int]],
) -> list[int]:
    left, frontier, order = set(members), set[int](), list[int]()
    while left:
        scored = []
        for i in candidates(left, frontier):
            after = {f for f in frontier | {i} if any(r in left and r != i for r in rivals[f])}
            scored.append((sum(math.log(sizes[f]) for f in after), i, after))
        _, best, frontier = min(scored, key=lambda s: s[:2])
        left.discard(best)
        order.append(best)
    return order
