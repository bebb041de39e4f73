"""Gear one: without hard limits the optimum is on the lower convex hull of (C, Y); walk that hull."""

from __future__ import annotations

import math
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

    def priced(self, unit: float) -> Point:
        """Return the same point with its cost divided by `unit`."""
        return Point(self.cost / unit, self.loss, self.picks)


@dataclass(frozen=True, slots=True)
class Swept:
    """`best` is the optimum for alpha among `hull`, the supported points that were looked at."""

    best: Point
    hull: tuple[Point, ...]
    rounds: int


def ends(network: Network) -> tuple[Point, Point] | None:
    """Return the cheapest and the best path, without any base; None when nothing fits."""
    points = _points(network, np.stack([_leaning(network), _careful(network)]), 0.0, 0.0)
    cheap, good = points
    return (cheap, good) if cheap is not None and good is not None else None


def sweep(network: Network, limits: tuple[Point, Point], *, alpha: float, cost_before: float) -> Swept:
    """Return the best path of a priced network without limits, given its two ends.

    Dichotomic search: between two neighbouring hull points minimise C + rate * Y with the rate
    at which both are equal; where the corner of their supporting lines cannot beat the best
    point nothing is looked at. All open gaps share one backward pass. Exact unless the network
    is relaxed (then a bound).
    """
    cheap, good = (Point(p.cost + cost_before, p.loss + network.loss_before, p.picks) for p in limits)
    hull: list[tuple[float, Point]] = [(0.0, cheap), (math.inf, good)]
    if alpha <= 0 or alpha >= 2:
        return Swept(good if alpha <= 0 else cheap, (cheap, good), 1)
    rounds = 1
    rates = _first_rates(cheap, good, alpha)
    while rates:
        weights = network.cost + np.array(rates)[:, None] * network.loss
        found = _points(network, weights, cost_before, network.loss_before)
        hull += [(rate, p) for rate, p in zip(rates, found, strict=True) if p is not None]
        hull.sort(key=lambda pair: (pair[0], pair[1].cost))
        rates = _open(hull, alpha, fresh=rates)
        rounds += 1
    points = [point for _, point in hull]
    return Swept(min(points, key=lambda p: _rank(p, alpha)), tuple(points), rounds)


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


def _apart(a: Point, b: Point) -> bool:
    return b.cost > a.cost and a.loss > b.loss


def _first_rates(cheap: Point, good: Point, alpha: float) -> list[float]:
    """The rate between the ends, and some around it, since one pass takes several at once."""
    if not _apart(cheap, good):
        return []
    corner = log_objective_at(cheap.cost, good.loss, alpha)
    if corner >= min(_rank(cheap, alpha), _rank(good, alpha))[0] - TIE:
        return []
    return [_rate(cheap, good) * factor for factor in (0.1, 0.3, 1.0, 3.0, 10.0)]


def _open(hull: list[tuple[float, Point]], alpha: float, *, fresh: list[float]) -> list[float]:
    """Return the rates to look at next: of gaps whose corner lies below the best point.

    `hull` holds (rate, point) in the order of rates: each point with a line that supports it.
    """
    level = min(_rank(point, alpha) for _, point in hull)[0] - TIE
    rates = []
    for (low, a), (high, b) in pairwise(hull):
        if not _apart(a, b):
            continue
        between = _rate(a, b)
        known = min(abs(between - rate) for rate in (low, high, *fresh))
        if known > 1e-9 * between and _level(_corner(low, a, high, b), alpha) < level:
            rates.append(between)
    return rates


def _level(spot: tuple[float, float], alpha: float) -> float:
    return log_objective_at(spot[0], spot[1], alpha)


def _corner(low: float, a: Point, high: float, b: Point) -> tuple[float, float]:
    """Return where the supporting lines of two neighbouring points meet."""
    left = a.cost + low * a.loss
    if math.isinf(high):
        loss = b.loss
    elif high > low:
        loss = (b.cost + high * b.loss - left) / (high - low)
    else:
        return (a.cost, a.loss)
    loss = min(max(loss, b.loss), a.loss)
    return (min(max(left - low * loss, a.cost), b.cost), loss)
