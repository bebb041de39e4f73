"""Where in the (C, Y) plane a path could still lie that beats the best one found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.search.objective import (
    Floats,
    cost_at,
    log_objective,
    log_objective_at,
    loss_at,
)

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Region:
    """The points above all lines C + rate * Y >= bound, below the level and the loss ceiling.

    `lines` are (rate, bound) with rising rates, rate 0 for a bound on C and inf for one on Y.
    `far` are great but finite ends of the two rays. `corners` are the vertices of the lower
    boundary, `edge` points among which every linear function with weights >= 0 has its maximum
    over the region. An empty edge proves that no better path exists.
    """

    corners: tuple[Spot, ...]
    edge: tuple[Spot, ...]

    def highest(self, rate: float) -> float:
        """Return the greatest C + rate * Y (the greatest Y for an infinite rate) in the region."""
        if math.isinf(rate):
            return max((y for _, y in self.edge), default=-math.inf)
        return max((c + rate * y for c, y in self.edge), default=-math.inf)

    def lowest(self, alpha: float) -> Spot | None:
        """Return the corner of least G inside the region, None when it is empty."""
        inside = [spot for spot in self.corners if spot in self.edge]
        return min(inside, key=lambda s: log_objective_at(s[0], s[1], alpha), default=None)


def region(
    lines: Sequence[tuple[float, float]], *, level: float, alpha: float, ceiling: float, far: Spot
) -> Region:
    """Return the region of better points; see `Region`. `level` is log G of the incumbent."""
    ceiling = min(ceiling, far[1])
    corners = _corners(lines, ceiling)
    if not corners or corners[-1][1] > ceiling:
        return Region((), ())
    if math.isinf(level):
        return Region(tuple(corners), (*corners, far))
    inside = [log_objective_at(c, y, alpha) < level for c, y in corners]
    edge = [spot for spot, good in zip(corners, inside, strict=True) if good]
    top, tail = corners[0], corners[-1]
    if inside[0]:
        high = min(loss_at(level, top[0], alpha), ceiling)
        edge += [(top[0], high), (min(cost_at(level, high, alpha), far[0]), high)]
    if inside[-1]:
        wide = min(cost_at(level, tail[1], alpha), far[0])
        edge += [(wide, tail[1]), (wide, min(loss_at(level, wide, alpha), ceiling))]
    for a, b, one, two in zip(corners, corners[1:], inside, inside[1:], strict=False):
        if one != two:
            edge.append(_crossing(a, b, level, alpha) if one else _crossing(b, a, level, alpha))
    return Region(tuple(corners), tuple(edge))


def _corners(lines: Sequence[tuple[float, float]], ceiling: float) -> list[Spot]:
    """Return the vertices of the boundary from the upper left to the lower right."""
    least_cost = max(bound for rate, bound in lines if rate == 0)
    least_loss = max(bound for rate, bound in lines if math.isinf(rate))
    if not (math.isfinite(least_cost) and math.isfinite(least_loss)):
        return []
    sloped = sorted((r, b) for r, b in lines if 0 < r < math.inf)
    knots = {least_cost}
    for i, (rate, bound) in enumerate(sloped):
        knots.add(bound - rate * least_loss)
        for other, limit in sloped[i + 1 :]:
            if other > rate * (1 + 1e-9):
                knots.add((bound * other - limit * rate) / (other - rate))
        if math.isfinite(ceiling):
            knots.add(bound - rate * ceiling)

    def height(cost: float) -> float:
        return max([least_loss, *((b - cost) / r for r, b in sloped)])

    spots = [(c, height(c)) for c in sorted(knots) if c >= least_cost]
    kept = [s for s in spots if s[1] <= ceiling + 1e-12]
    while len(kept) > 1 and kept[-2][1] <= least_loss:
        kept.pop()
    return kept


def _crossing(inside: Spot, outside: Spot, level: float, alpha: float) -> Spot:
    """Return a point just outside the level curve on a segment that crosses it once."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        cost = inside[0] + middle * (outside[0] - inside[0])
        loss = inside[1] + middle * (outside[1] - inside[1])
        if log_objective_at(cost, loss, alpha) < level:
            low = middle
        else:
            high = middle
    return (
        inside[0] + high * (outside[0] - inside[0]),
        inside[1] + high * (outside[1] - inside[1]),
    )


def floor_of(bounds: Floats, rates: Floats, alpha: float) -> Floats:
    """Return lower bounds of log G for labels from their bounds (N, J) on C + rate * Y.

    G is concave along a line, so over {C >= c, Y >= y, C + r Y >= b} it is least at one of the
    two ends of the line's part inside the box.
    """
    cost = bounds[:, rates == 0].max(axis=1)
    loss = bounds[:, np.isinf(rates)].max(axis=1)
    cost, loss = np.maximum(cost, 0.0), np.maximum(loss, 0.0)
    floor = log_objective(cost, loss, alpha)
    for j in np.flatnonzero((rates > 0) & np.isfinite(rates)):
        upper = np.maximum(loss, (bounds[:, j] - cost) / rates[j])
        right = np.maximum(cost, bounds[:, j] - rates[j] * loss)
        one, two = log_objective(cost, upper, alpha), log_objective(right, loss, alpha)
        floor = np.maximum(floor, np.minimum(one, two))
    return floor
