"""In what order sub-tasks are decided, so that little has to be remembered between decisions."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from graphlib import CycleError, TopologicalSorter

#: Orders whose widest table has more entries than this (log) are tried again from other starts.
WIDE = math.log(3000)
MORE_STARTS = 8


def by_conflicts(sizes: Sequence[int], rivals: Sequence[Collection[int]]) -> list[int]:
    """Return an elimination order of small width for a conflict graph (greedy minimum frontier).

    `sizes[i]` is the number of distinguishable signatures of sub-task i, `rivals[i]` the sub-tasks
    it can conflict with. Sub-tasks without conflicts come last.
    """
    tangled = [i for i in range(len(sizes)) if rivals[i]]
    by_degree = sorted(tangled, key=lambda i: (len(rivals[i]), i))
    order, width = _greedy(by_degree, sizes, rivals)
    for first in by_degree[1 :: max(1, len(by_degree) // MORE_STARTS)] if width > WIDE else ():
        other, narrower = _greedy([first, *by_degree], sizes, rivals)
        if narrower < width - 1e-9:
            order, width = other, narrower
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


def _greedy(
    ranked: Sequence[int], sizes: Sequence[int], rivals: Sequence[Collection[int]]
) -> tuple[list[int], float]:
    """Return an order that starts with the first of `ranked`, and its widest table (log of entries).

    Next comes what keeps the frontier least: of the rivals of the frontier one that closes at once,
    or any of them; with no frontier the first of `ranked` that is left.
    """
    left, frontier, order = set(ranked), set[int](), list[int]()
    states = widest = 0.0
    while left:
        close = {r for i in frontier for r in rivals[i]} & left
        if not order or not close:
            close = {next(i for i in ranked if i in left)}
        closing = next((i for i in close if left.isdisjoint(rivals[i])), None)
        scored = []
        for i in sorted(close) if closing is None else (closing,):
            after = {f for f in frontier | {i} if any(r in left and r != i for r in rivals[f])}
            scored.append((sum(math.log(sizes[f]) for f in after), i, after))
        after_states, best, frontier = min(scored, key=lambda s: s[:2])
        widest = max(widest, states + math.log(sizes[best]))
        states = after_states
        left.discard(best)
        order.append(best)
    return order, widest
