"""The bounds gear two cuts with: lines under all paths of one plan, sharpened where it matters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orchestrator.search import passes
from orchestrator.search.dual import Priced, Prices
from orchestrator.search.incumbent import Incumbent, Limits, roomy
from orchestrator.search.network import Network
from orchestrator.search.objective import TIE, Bools, Floats, Ints, log_objective_at, slope
from orchestrator.search.region import Region, region

#: Lines are added until the best corner of the region lies between two rates this close.
CLOSE = 1.12


@dataclass(slots=True)
class Bounds:
    """Lines C + rate * Y >= bound for one network, with what is needed to carry them on labels.

    `rates` (J,): 0 for C, inf for Y, nan for what only has a limit (`caps`, inf elsewhere): money,
    or money and loss as shares of their limits. `weights` (J, choices) are summed along a path,
    `base` (J,) is added (sunk part less credit), `least` (J,) is the root's bound. The first
    three rows are C, Y and money (in dollars) without any price.
    """

    network: Network
    rates: Floats
    weights: Floats
    base: Floats
    least: Floats
    caps: Floats

    def lines(self) -> list[tuple[float, float]]:
        rows = zip(self.rates, self.least, strict=True)
        return [(float(r), float(b)) for r, b in rows if not math.isnan(r)]

    def future(self) -> list[Floats]:
        """Return per position what every row still needs at least: (states, J), base included."""
        plain = passes.tables(self.network, self.weights)
        return [(table + self.base[:, None]).T for table in plain]


def region_of(bounds: Bounds, incumbent: Incumbent) -> Region:
    """Return where paths of this network could still beat the incumbent."""
    network = bounds.network
    most_cost = incumbent.cost_before + _greatest(network, network.cost)
    most_loss = network.loss_before + _greatest(network, network.loss)
    return region(
        bounds.lines(),
        level=incumbent.level - TIE,
        alpha=incumbent.alpha,
        ceiling=roomy(incumbent.limits.loss),
        far=(most_cost, most_loss),
    )


def _greatest(network: Network, values: Floats) -> float:
    if not len(values):
        return 0.0
    return float(np.maximum.reduceat(values, network.first[:-1]).sum()) * (1 + 1e-9) + 1e-9


def root_bounds(
    network: Network, incumbent: Incumbent, out_of_time: Callable[[], bool] = lambda: False
) -> Bounds | None:
    """Return bounds sharpened around the best corner, or None when no path meets the limits.

    Every pass also offers its paths to the incumbent.
    """
    bounds = plain_bounds(network, incumbent)
    if bounds is None:
        return None
    bounds = _shared(bounds, incumbent.limits)
    if (bounds.least >= bounds.caps).any():
        return None
    prices = Prices(network, incumbent, out_of_time)
    least = bounds.least
    spot = (float(least[0]), float(least[1]))
    rate = slope(*spot, incumbent.alpha)
    fresh = [0.0, math.inf]
    if math.isfinite(incumbent.limits.usd):
        fresh.append(math.nan)
    if 0 < rate < math.inf:
        fresh += [rate / 2, rate, rate * 2]
    for _ in range(5):
        bounds = _with(bounds, prices, incumbent, fresh)
        if incumbent.network is None:
            bounds = _sought(bounds, prices)
        if not np.isfinite(bounds.least).all() or (bounds.least >= bounds.caps).any():
            return None
        fresh = _wanted(bounds, incumbent)
        if not fresh or out_of_time():
            break
    return bounds


def _sought(bounds: Bounds, prices: Prices) -> Bounds:
    """Look for any path within the limits; where none is found, add the row that came nearest to a proof."""
    weights = prices.seek()
    if weights is None or prices.incumbent.network is not None:
        return bounds
    return _capped(bounds, weights[None, :], passes.best(bounds.network, weights[None, :]).values)


def plain_bounds(network: Network, incumbent: Incumbent) -> Bounds | None:
    """Return the least cost, loss and money each alone, or None when one is beyond its limit."""
    plain = np.stack([network.cost, network.loss, network.usd])
    base = np.array([incumbent.cost_before, network.loss_before, 0.0])
    found = passes.best(network, plain)
    if not np.isfinite(found.values).all():
        return None
    incumbent.offer(network, found.picks)
    least = found.values + base
    if _hopeless(incumbent, least):
        return None
    caps = np.array([math.inf, math.inf, roomy(incumbent.limits.usd)])
    return Bounds(network, np.array([0.0, math.inf, math.nan]), plain, base, least, caps)


def _shared(bounds: Bounds, limits: Limits) -> Bounds:
    """Add rows that spend the budget and the loss ceiling together, each as a share of its limit."""
    network = bounds.network
    room = roomy(limits.loss) - network.loss_before
    if not (math.isfinite(limits.usd) and math.isfinite(room)):
        return bounds
    parts = np.linspace(0.1, 0.9, 9)[:, None]
    weights = parts * network.usd / max(roomy(limits.usd), 1e-12) + (1 - parts) * network.loss / max(
        room, 1e-12
    )
    values = passes.best(network, weights).values
    best = np.argsort(-values, kind="stable")[:2]
    return _capped(bounds, weights[best], values[best])


def _capped(bounds: Bounds, weights: Floats, least: Floats) -> Bounds:
    """Add rows of shares of the limits, whose sum along a path must not exceed 1."""
    count = len(weights)
    return Bounds(
        bounds.network,
        np.append(bounds.rates, [math.nan] * count),
        np.concatenate([bounds.weights, weights]),
        np.append(bounds.base, [0.0] * count),
        np.append(bounds.least, least),
        np.append(bounds.caps, [1 + 1e-9] * count),
    )


def _hopeless(incumbent: Incumbent, least: Floats) -> bool:
    limits = incumbent.limits
    return bool(least[1] > roomy(limits.loss) or least[2] > roomy(limits.usd))


def _with(bounds: Bounds, prices: Prices, incumbent: Incumbent, rates: list[float]) -> Bounds:
    """Add rows for these rates. A price on the loss ceiling turns its row into one of a higher rate."""
    network = bounds.network
    objectives = np.stack([_objective(network, rate) for rate in rates])
    before = np.array([_before(network, incumbent, rate) for rate in rates])
    priced: Priced = prices.ascend(objectives, rates)
    steeper = np.isfinite(rates)
    turned = np.where(steeper, priced.loss_price, 0.0)
    refund = turned * (prices.loss_scale + network.loss_before)
    return Bounds(
        network,
        np.concatenate([bounds.rates, rates + turned]),
        np.concatenate([bounds.weights, priced.weights]),
        np.concatenate([bounds.base, before - priced.credit + refund]),
        np.concatenate([bounds.least, priced.bounds + before + refund]),
        np.concatenate([bounds.caps, np.where(np.isnan(rates), bounds.caps[2], np.inf)]),
    )


def _objective(network: Network, rate: float) -> Floats:
    if math.isnan(rate):
        return network.usd
    return network.loss if math.isinf(rate) else network.cost + rate * network.loss


def _before(network: Network, incumbent: Incumbent, rate: float) -> float:
    if math.isnan(rate):
        return 0.0
    if math.isinf(rate):
        return network.loss_before
    return incumbent.cost_before + rate * network.loss_before


def _wanted(bounds: Bounds, incumbent: Incumbent) -> list[float]:
    """Return new rates around the region's best corner; none when the lines there are dense."""
    here = region_of(bounds, incumbent)
    spot = here.lowest(incumbent.alpha)
    if spot is None or spot[1] >= incumbent.limits.loss - 1e-9:
        return []  # at the loss ceiling its price has already found the line that matters
    known = sorted(r for r in bounds.rates if 0 < r < math.inf)
    rate = slope(*spot, incumbent.alpha)
    if not 0 < rate < math.inf:
        return []
    if not known:
        return [rate]
    below = max((r for r in known if r <= rate), default=None)
    above = min((r for r in known if r > rate), default=None)
    low = below if below is not None else rate / 4
    high = above if above is not None else rate * 4
    if high / low <= CLOSE:
        return []
    apart = 1 + (CLOSE - 1) / 2
    fresh = [rate] if rate / low > apart and high / rate > apart else []
    fresh += [math.sqrt(low * rate)] if rate / low > CLOSE else []
    fresh += [math.sqrt(rate * high)] if high / rate > CLOSE else []
    return fresh


def worth_keeping(bounds: Bounds, ceilings: Floats) -> Bools:
    """Tell which choices can be part of a better path: swapping one inside its class costs this."""
    network = bounds.network
    if not len(network.kind):
        return np.zeros(0, dtype=np.bool_)
    weights = bounds.weights
    least = np.minimum.reduceat(weights, network.class_start, axis=1)[:, network.kind]
    below: Bools = bounds.least[:, None] + weights - least < ceilings[:, None]
    kept: Bools = np.logical_and.reduce(below, axis=0)
    return kept


def ceilings_of(bounds: Bounds, here: Region) -> Floats:
    """Return for each row the value at which a label is cut: (J,)."""
    tops = [
        here.highest(float(r)) if not math.isnan(r) else cap
        for r, cap in zip(bounds.rates, bounds.caps, strict=True)
    ]
    return np.nextafter(np.array(tops) * (1 + 1e-12) + 1e-12, np.inf)


def sharpest(bounds: Bounds, ceilings: Floats, most: int = 8) -> tuple[Bounds, Floats]:
    """Keep the three plain rows and the priced rows that leave the least room under the ceiling."""
    slack = 1 - bounds.least / np.maximum(ceilings, 1e-9)
    slack[:3] = -np.inf
    chosen: Ints = np.sort(np.argsort(slack, kind="stable")[: 3 + most])
    few = Bounds(
        bounds.network,
        bounds.rates[chosen],
        bounds.weights[chosen],
        bounds.base[chosen],
        bounds.least[chosen],
        bounds.caps[chosen],
    )
    return few, ceilings[chosen]


def floor(bounds: Bounds, incumbent: Incumbent) -> float:
    """Return the proven lower bound of log G over all paths of this network."""
    from_corners = [log_objective_at(*s, incumbent.alpha) for s in region_of(bounds, incumbent).corners]
    return min(from_corners, default=math.inf)
