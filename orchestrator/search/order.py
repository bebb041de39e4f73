"""In what order sub-tasks are decided, so that little has to be remembered between decisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence


def by_conflicts(sizes: Sequence[int], rivals: Sequence[Collection[int]]) -> list[int]:
    """Return an elimination order of small width for a conflict graph (greedy minimum frontier).

    `sizes[i]` is the number of distinguishable signatures of sub-task i, `rivals[i]` the sub-tasks
    it can conflict with. Sub-tasks without conflicts come last.
    """
    tangled = [i for i in range(len(sizes)) if rivals[i]]
    order = _greedy(tangled, sizes, rivals, _near(rivals))
    return order + [i for i in range(len(sizes)) if not rivals[i]]


def by_needs(
    sizes: Sequence[int],
    rivals: Sequence[Collection[int]],
    waits: Sequence[Collection[int]],
) -> tuple[list[int], float]:
    """Return a topological order of small frontier, and its greatest frontier (log of states).

    The frontier counts signatures that later sub-tasks can conflict with, and the groups of
    finish times that later ones still wait on. Raises ValueError when the needs form a cycle.
    """
    followers: list[set[int]] = [set() for _ in sizes]
    for node, before in enumerate(waits):
        for other in before:
            followers[other].add(node)
    decided: set[int] = set()
    order: list[int] = []
    widest = 0.0
    while len(order) < len(sizes):
        ready = [i for i in range(len(sizes)) if i not in decided and decided.issuperset(waits[i])]
        if not ready:
            raise ValueError("the sub-tasks wait for each other in a circle")
        scored = [(_frontier(decided | {i}, sizes, rivals, followers), i) for i in ready]
        width, best = min(scored)
        widest = max(widest, width)
        decided.add(best)
        order.append(best)
    return order, widest


def _frontier(
    decided: set[int],
    sizes: Sequence[int],
    rivals: Sequence[Collection[int]],
    followers: Sequence[set[int]],
) -> float:
    states = sum(math.log(sizes[i]) for i in decided if not decided.issuperset(rivals[i]))
    groups = {frozenset(followers[i] - decided) for i in decided}
    return states + math.log(4) * len(groups - {frozenset()})


def _near(
    rivals: Sequence[Collection[int]],
) -> Callable[[set[int], set[int]], list[int]]:
    """Candidates: rivals of the frontier while there are any, else the least tangled ones."""

    def candidates(left: set[int], frontier: set[int]) -> list[int]:
        close = {r for i in frontier for r in rivals[i]} & left
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
