"""Lagrangian bounds: prices on money and on paths of the DAG that make the limits felt additively."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.search import passes
from orchestrator.search.incumbent import Incumbent, roomy
from orchestrator.search.network import Network
from orchestrator.search.objective import Floats, Ints

#: Chains of sub-tasks whose summed seconds are priced; each is a valid relaxation of the deadline.
MOST_CHAINS = 16


@dataclass(frozen=True, slots=True)
class Priced:
    """Bounds (L,) on additive objectives under the limits, and the weights that prove them.

    For every path within the limits: objective >= weights.sum over the path - `credit`, and the
    least of the right side is `bounds`; inf proves that no path meets the limits. `loss_price`
    (L,) is the part of the weights that prices the loss ceiling: what one Y costs.
    """

    bounds: Floats
    weights: Floats
    credit: Floats
    loss_price: Floats


class Prices:
    """Finds prices for one network; remembers the limits that bite (money, chains of sub-tasks)."""

    def __init__(
        self, network: Network, incumbent: Incumbent, out_of_time: Callable[[], bool] = lambda: False
    ) -> None:
        self.network = network
        self.incumbent = incumbent
        self.out_of_time = out_of_time
        self._known: list[tuple[float, Floats]] = []
        self._chains: set[tuple[int, ...]] = set()
        self._loads: list[Floats] = []
        limits = incumbent.limits
        if math.isfinite(limits.usd):
            self._add(network.usd, roomy(limits.usd))
        self.loss_scale, self._loss = 0.0, -1
        if math.isfinite(limits.loss):
            self._loss = len(self._loads)
            self.loss_scale = max(roomy(limits.loss) - network.loss_before, 1e-12)
            self._loads.append(network.loss / self.loss_scale)

    def _add(self, load: Floats, limit: float) -> None:
        """Remember sum(load over the path) <= limit as sum(load / limit) <= 1."""
        self._loads.append(load / max(limit, 1e-12))

    def ascend(self, objectives: Floats, rates: Sequence[float]) -> Priced:
        """Raise the bounds of the objectives (L, choices) by pricing the limits that are broken.

        `rates` (L,) name the objectives; prices found for near rates are where the climb begins.
        """
        free = self._look(objectives)
        if not self._loads:
            nothing = np.zeros(len(objectives))
            return Priced(free.values, objectives, nothing, nothing)
        if len(self._loads) == 1:
            priced = self._secant(objectives, free)
            if len(self._loads) == 1:
                return priced
        return self._subgradient(objectives, rates)

    def seek(self, rounds: int = 40) -> Floats | None:
        """Look for a path within all limits: raise the price of the limits that are broken most.

        Returns the weights (choices,) of all limits together, as shares of them, that came nearest
        to proving that there is none: their sum along a path within the limits is at most 1.
        """
        if not self._loads:
            return None
        prices, highest, best = np.ones(len(self._loads)), -math.inf, None
        for _ in range(rounds):
            loads = np.stack(self._loads)
            prices = np.pad(prices, (0, len(loads) - len(prices)), constant_values=prices.max())
            weights: Floats = prices / prices.sum() @ loads
            found = self._look(weights[None, :])
            if found.values[0] > highest:
                highest, best = float(found.values[0]), weights
            if self.incumbent.network is not None or highest > 1 or self.out_of_time():
                break
            over = loads[:, found.picks[0]].sum(axis=1) - 1
            prices *= np.exp(4 * over / max(float(np.abs(over).max()), 0.05))
            prices = np.maximum(prices / prices.max(), 1e-3)
        return best

    def _look(self, weights: Floats) -> passes.Passed:
        found = passes.best(self.network, weights)
        if np.isfinite(found.values).all():
            good = self.incumbent.offer(self.network, found.picks)
            if not good.all():
                self._learn(found.picks[~good])
        return found

    def _learn(self, picks: Ints) -> None:
        """Add the slowest chain of each path that misses the deadline."""
        limit = self.incumbent.limits.seconds
        if math.isinf(limit) or len(self._chains) >= MOST_CHAINS:
            return
        for row in picks[:4]:
            chain, spare = slowest_chain(self.network, row)
            fixed = self.network.release[chain[0]] if chain else 0.0
            if spare <= roomy(limit) or chain in self._chains or len(self._chains) >= MOST_CHAINS:
                continue
            self._chains.add(chain)
            load = np.zeros(len(self.network.kind))
            for i in chain:
                span = slice(self.network.first[i], self.network.first[i + 1])
                load[span] = self.network.seconds[span]
            self._add(load, max(roomy(limit) - fixed, 1e-12))

    def _secant(self, objectives: Floats, free: passes.Passed) -> Priced:
        """One limit: meet the line of a path that breaks it with that of one that keeps it."""
        load = self._loads[0]
        price = np.zeros(len(objectives))
        bounds = free.values.copy()
        over = load[free.picks].sum(axis=1) - 1
        value = bounds.copy()
        frugal = self._look(load[None, :] + 1e-9 * objectives / max(float(objectives.max()), 1e-12))
        spare = load[frugal.picks].sum(axis=1) - 1
        dear = np.take_along_axis(objectives, frugal.picks, axis=1).sum(axis=1)
        bounds[(spare > 0) & (over > 0)] = np.inf
        active = (over > 0) & (spare <= 0)
        for _ in range(14):
            if not active.any():
                break
            trial = np.where(active, (dear - value) / np.maximum(over - spare, 1e-300), 0.0)
            found = self._look(objectives + trial[:, None] * load)
            level = found.values - trial
            used = load[found.picks].sum(axis=1) - 1
            plain = np.take_along_axis(objectives, found.picks, axis=1).sum(axis=1)
            better = active & (level > bounds)
            bounds[better], price[better] = level[better], trial[better]
            line = value + trial * over
            done = level >= line - 1e-12 * np.maximum(1.0, np.abs(line))
            active &= ~done
            breaks = active & (used > 0)
            keeps = active & (used <= 0)
            value[breaks], over[breaks] = plain[breaks], used[breaks]
            dear[keeps], spare[keeps] = plain[keeps], used[keeps]
        return self._priced(objectives, bounds, price[:, None])

    def _subgradient(self, objectives: Floats, rates: Sequence[float]) -> Priced:
        """Several limits: Polyak steps towards the incumbent's value, kept where they help."""
        trial, warm = self._start(rates)
        bounds, best = np.full(len(objectives), -np.inf), trial.copy()
        stretch, stale = np.ones(len(objectives)), np.zeros(len(objectives))
        for turn in range(9 if warm else 24):
            loads = np.stack(self._loads)
            grow = ((0, 0), (0, len(loads) - best.shape[1]))
            best, trial = np.pad(best, grow), np.pad(trial, grow)
            found = self._look(objectives + trial @ loads)
            level = found.values - trial.sum(axis=1)
            better = level > bounds + 1e-12
            bounds[better], best[better] = level[better], trial[better]
            stale = np.where(better, 0, stale + 1)
            stretch[stale >= 3] *= 0.5
            stale[stale >= 3] = 0
            over = loads[:, found.picks].sum(axis=2).T - 1
            over[(trial <= 0) & (over < 0)] = 0.0
            norm = (over**2).sum(axis=1)
            still = (norm > 1e-18).any() and (stretch >= 0.02).any() and np.isfinite(level).all()
            if not still or (turn > 0 and self.out_of_time()):
                break
            step = stretch * (self._target(objectives, level) - level) / np.maximum(norm, 1e-18)
            trial = np.maximum(trial + np.maximum(step, 0.0)[:, None] * over, 0.0)
        self._known += [(r, p) for r, p in zip(rates, best, strict=True) if math.isfinite(r)]
        return self._priced(objectives, bounds, best)

    def _start(self, rates: Sequence[float]) -> tuple[Floats, bool]:
        """Return the prices of the nearest known rates, and whether every rate has one."""
        start = np.zeros((len(rates), len(self._loads)))
        warm = bool(self._known) and all(math.isfinite(rate) for rate in rates)
        for row, rate in enumerate(rates if warm else ()):
            near = min(self._known, key=lambda known: abs(known[0] - rate))[1]
            start[row, : len(near)] = near
        return start, warm

    def _priced(self, objectives: Floats, bounds: Floats, prices: Floats) -> Priced:
        loss = prices[:, self._loss] / self.loss_scale if self.loss_scale else np.zeros(len(prices))
        weights = objectives + prices @ np.stack(self._loads[: prices.shape[1]])
        return Priced(bounds, weights, prices.sum(axis=1), loss)

    def _target(self, objectives: Floats, level: Floats) -> Floats:
        """What the bound cannot exceed: the incumbent's value, or a guess a tenth higher."""
        guess = level + 0.1 * np.abs(level) + 1e-9
        if self.incumbent.network is not self.network:
            return guess
        target: Floats = objectives[:, self.incumbent.picks].sum(axis=1)
        return np.maximum(target, level)


def slowest_chain(network: Network, picks: Ints) -> tuple[tuple[int, ...], float]:
    """Return the positions along the critical path of one path, and the seconds it takes."""
    over = [0.0] * len(network.waits)
    came: list[int | None] = [None] * len(network.waits)
    end, most = None, -math.inf
    for i in network.sequence:
        start = network.release[i]
        for j in network.waits[i]:
            if over[j] > start:
                start, came[i] = over[j], j
        over[i] = start + float(network.seconds[picks[i]])
        if over[i] > most:
            end, most = i, over[i]
    chain: list[int] = []
    while end is not None:
        chain.append(end)
        end = came[end]
    return tuple(reversed(chain)), most
