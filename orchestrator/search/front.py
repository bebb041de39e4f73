"""The Pareto front: what quality can be had for what cost, within the limits and of bounded size."""

from __future__ import annotations

import math
from time import perf_counter

import numpy as np

from orchestrator.search.answer import solution
from orchestrator.search.bounds import plain_bounds
from orchestrator.search.gears import Found, efficient, possible
from orchestrator.search.incumbent import Incumbent, roomy
from orchestrator.search.labels import Counts, Labels, Search, traced
from orchestrator.search.network import Network
from orchestrator.search.objective import Ints, log_objective
from orchestrator.search.problem import Solution, Stats
from orchestrator.search.task import Task

#: Labels a layer keeps; beyond, they are thinned evenly along the cost.
WIDTH = 600


def front(task: Task, *, size: int = 40, until: float = math.inf) -> list[Solution]:
    """Return at most `size` paths within the limits, none cheaper and better than another.

    They are ordered by weighted cost. No incumbent cuts anything. With many sub-tasks the layers
    are thinned, so a point may be missing or stand in for a slightly better neighbour.
    """
    found: list[tuple[Network, Ints, float, float]] = []
    open_ended = Incumbent(task.preference.alpha, task.cost_before, task.limits)
    for network, _ in task.networks:
        small = network.trimmed(possible(network, open_ended))
        if small is not None and perf_counter() <= until:
            found += _points(task, small, until)
    found.sort(key=lambda point: point[2:])
    kept = found[:0]
    for point in found:
        if not kept or point[3] < kept[-1][3] - 1e-12:
            kept.append(point)
    if len(kept) > size:
        kept = [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, size).astype(np.intp))]
    return [_solution(task, network, picks) for network, picks, _, _ in kept]


def _solution(task: Task, network: Network, picks: Ints) -> Solution:
    alone = Incumbent(task.preference.alpha, task.cost_before, task.limits, None, -math.inf, network, picks)
    cost = network.cost[picks].sum() + task.cost_before
    loss = network.loss[picks].sum() + network.loss_before
    alone.level = float(log_objective(cost, loss, task.preference.alpha))
    return solution(task, Found(alone, math.inf, Stats("front")), perf_counter())


def _points(task: Task, network: Network, until: float) -> list[tuple[Network, Ints, float, float]]:
    open_ended = Incumbent(task.preference.alpha, task.cost_before, task.limits)
    bounds = plain_bounds(network, open_ended)
    if bounds is None:
        return []
    kept = efficient(network, open_ended)
    search = Search(network, bounds, open_ended, Counts(), kept, lambda: perf_counter() > until)
    ceilings = np.array([math.inf, roomy(task.limits.loss), roomy(task.limits.usd)]) + 1e-12
    labels, parents, picks = search.root(), list[Ints](), list[Ints]()
    for i in range(len(network.steps)):
        labels, parent, pick, _ = search.expand(i, labels, ceilings)
        if not len(parent):
            return []
        labels, rows = search.thin(i, labels)
        keep = _spread(labels, 40 if search.out_of_time() else WIDTH)
        labels, rows = labels.take(keep), rows[keep]
        parents.append(parent[rows])
        picks.append(pick[rows])
    paths = traced(np.arange(len(labels.state)), parents, picks)
    paths = paths[[network.fits(path) for path in paths]]
    costs, losses = network.cost[paths].sum(axis=1), network.loss[paths].sum(axis=1) + network.loss_before
    good = open_ended.within(network, paths, losses)
    points = zip(paths[good], costs[good], losses[good], strict=True)
    return [(network, path, float(cost), float(loss)) for path, cost, loss in points]


def _spread(labels: Labels, width: int) -> Ints:
    """Keep every n-th label along the cost within each state, and the ends of every state."""
    count = len(labels.state)
    if count <= width:
        return np.arange(count)
    order = np.lexsort((labels.sums[:, 1], labels.sums[:, 0], labels.state))
    even = order[np.linspace(0, count - 1, width).astype(np.intp)]
    first = np.flatnonzero(np.diff(labels.state[order], prepend=-1))
    last = np.append(first[1:] - 1, count - 1)
    return np.unique(np.concatenate([even, order[first], order[last]]))
