"""Gear one: without hard limits the optimum is on the lower convex hull of (C, Y); walk that hull."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from orchestrator.search import passes
from orchestrator.search.network import Network
from orchestrator.search.objective import TIE, Floats, Ints, log_objective_at


@dataclass(frozen=True, slots=True)
class Point:
    """A path (flat choice index by position) with its cost in units and its loss Y = -log Q."""

    cost: float
    loss: float
    picks: Ints


@dataclass(frozen=True, slots=True)
class Swept:
    """`best` is the optimum for alpha among `hull`, the supported points that were looked at."""

    best: Point
    hull: tuple[Point, ...]
    rounds: int


def cheapest(network: Network) -> Point | None:
    """Return the path of least cost (then least loss), without any base; None when nothing fits."""
    return _points(network, _leaning(network)[None, :], 0.0, 0.0)[0]


def sweep(network: Network, *, alpha: float, cost_before: float, cheap: Point | None = None) -> Swept | None:
    """Return the best path of a priced network without limits, or None when nothing fits.

    Dichotomic search: between two neighbouring hull points minimise C + lambda * Y with the lambda
    at which both are equal; a segment whose corner cannot beat the best point is left alone.
    All open segments share one backward pass. Exact unless the network is relaxed (then a bound).
    """
    ends = _ends(network, alpha, cost_before, cheap)
    if ends is None:
        return None
    hull = list(ends)
    best = min(hull, key=lambda p: _rank(p, alpha))
    segments = _open(list(pairwise(hull)), best, alpha, first=True)
    rounds = 1
    while segments:
        rates = np.array([_rate(a, b) for a, b in segments])
        weights = network.cost + rates[:, None] * network.loss
        found = _points(network, weights, cost_before, network.loss_before)
        rounds += 1
        split: list[tuple[Point, Point]] = []
        for (a, b), rate, point in zip(segments, rates, found, strict=True):
            if point is None or not _below(point, a, rate):
                continue
            hull.append(point)
            best = min(best, point, key=lambda p: _rank(p, alpha))
            split += [(a, point), (point, b)]
        segments = _open(split, best, alpha, first=False)
    return Swept(best, tuple(sorted(hull, key=lambda p: (p.cost, p.loss))), rounds)


def _ends(network: Network, alpha: float, cost_before: float, cheap: Point | None) -> list[Point] | None:
    """Return the cheapest and the best path, or the one of them that alpha alone looks at."""
    if alpha >= 2 and cheap is not None:
        return [Point(cheap.cost + cost_before, cheap.loss + network.loss_before, cheap.picks)]
    weights = np.stack([_leaning(network), _careful(network)])
    wanted = weights[:1] if alpha >= 2 else weights[1:] if alpha <= 0 or cheap else weights
    found = _points(network, wanted, cost_before, network.loss_before)
    if cheap is not None and alpha > 0:
        base = (cheap.cost + cost_before, cheap.loss + network.loss_before)
        found = [Point(*base, cheap.picks), *found]
    ends = [point for point in found if point is not None]
    return ends if len(ends) == len(found) else None


def _leaning(network: Network) -> Floats:
    """Cost, and a trace of loss so that equal costs go to the better path."""
    return network.cost + network.loss * _trace(network.cost, network.loss)


def _careful(network: Network) -> Floats:
    """Loss, and a trace of cost so that equal losses go to the cheaper path."""
    return network.loss + network.cost * _trace(network.loss, network.cost)


def _trace(main: Floats, other: Floats) -> float:
    return TIE / 1000 * max(float(main.sum()), 1e-9) / max(float(other.sum()), 1e-9)


def _points(network: Network, weights: Floats, cost_before: float, loss_before: float) -> list[Point | None]:
    passed = passes.best(network, weights)
    costs = network.cost[passed.picks].sum(axis=1) + cost_before
    losses = network.loss[passed.picks].sum(axis=1) + loss_before
    return [
        Point(float(c), float(y), picks) if np.isfinite(value) else None
        for value, c, y, picks in zip(passed.values, costs, losses, passed.picks, strict=True)
    ]


def _rank(point: Point, alpha: float) -> tuple[float, float, float]:
    return (log_objective_at(point.cost, point.loss, alpha), point.loss, point.cost)


def _rate(a: Point, b: Point) -> float:
    return (b.cost - a.cost) / (a.loss - b.loss)


def _below(point: Point, a: Point, rate: float) -> bool:
    level = a.cost + rate * a.loss
    return point.cost + rate * point.loss < level - 1e-12 * max(1.0, abs(level))


def _open(
    segments: list[tuple[Point, Point]], best: Point, alpha: float, *, first: bool
) -> list[tuple[Point, Point]]:
    """Keep the segments below which a better point may lie.

    A new point splits the triangle under its segment; what remains under each half lies above
    the corner (cost of the left end, loss of the right end).
    """
    level = log_objective_at(best.cost, best.loss, alpha)
    return [
        (a, b)
        for a, b in segments
        if b.cost > a.cost
        and a.loss > b.loss
        and (first or log_objective_at(a.cost, b.loss, alpha) < level - TIE)
    ]
