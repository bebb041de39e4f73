"""The limits of a search, and the best path found so far that meets them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from orchestrator.search.network import Network
from orchestrator.search.objective import Bools, Floats, Ints, log_objective

#: Limits are compared with this relative slack, so that sums of decimals do not miss them.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left to spend: `usd` and `seconds` (wall clock from now) for the open sub-tasks,
    `loss` the ceiling of Y = -log Q of the whole path; inf where there is no limit.
    """

    usd: float = math.inf
    seconds: float = math.inf
    loss: float = math.inf

    @property
    def none(self) -> bool:
        return math.isinf(self.usd) and math.isinf(self.seconds) and math.isinf(self.loss)


def roomy(limit: float) -> float:
    """Return a limit with the slack for sums of decimals."""
    return limit + SLACK * max(1.0, abs(limit)) if math.isfinite(limit) else limit


@dataclass(slots=True)
class Incumbent:
    """The best path so far over all plans; `offer` keeps what is better and within the limits.

    `excluded` is a path (choice id by sub-task id) that must not be returned.
    """

    alpha: float
    cost_before: float
    limits: Limits
    excluded: dict[str, str] | None = None
    level: float = math.inf
    network: Network | None = None
    picks: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    def offer(self, network: Network, picks: Ints) -> Bools:
        """Take the best of several paths (L, n); return which of them meet the limits (L,)."""
        losses = network.loss[picks].sum(axis=1) + network.loss_before
        good = self.within(network, picks, losses)
        if not good.any():
            return good
        costs = network.cost[picks].sum(axis=1) + self.cost_before
        levels = np.where(good, log_objective(costs, losses, self.alpha), np.inf)
        for row in np.argsort(levels, kind="stable"):
            if not levels[row] < self.level:
                break
            if network.fits(picks[row]) and not self.is_excluded(network, picks[row]):
                self.level, self.network = float(levels[row]), network
                self.picks = picks[row].copy()
                break
        return good

    def within(self, network: Network, picks: Ints, losses: Floats) -> Bools:
        """Tell which paths (L, n) with total losses (L,) meet the limits."""
        limits = self.limits
        good = losses <= roomy(limits.loss)
        if math.isfinite(limits.usd):
            good &= network.usd[picks].sum(axis=1) <= roomy(limits.usd)
        if math.isfinite(limits.seconds):
            good &= network.makespan(picks) <= roomy(limits.seconds)
        return good

    def is_excluded(self, network: Network, picks: Ints) -> bool:
        if self.excluded is None or len(self.excluded) != len(network.ids):
            return False
        pairs = zip(network.ids, picks, strict=True)
        return all(self.excluded.get(node) == network.choices[i].id for node, i in pairs)
