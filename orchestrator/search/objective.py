"""The objective of CoSTA*, G(C, Q) = (1 + C)^alpha * (2 - Q)^(2 - alpha), over Y = -log Q."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

#: Paths whose G differs by less than this share count as equally good.
TIE = 1e-10


def log_objective(cost: Floats, loss: Floats, alpha: float) -> Floats:
    """Return log G for costs C >= 0 in units and losses Y = -log Q >= 0 of one shape.

    It rises in both and is concave in (C, Y): without limits the optimum lies on the lower-left
    convex hull of the reachable points, which is what makes the sweep exact.
    """
    value = np.zeros(np.broadcast(cost, loss).shape)
    if alpha > 0:
        value = value + alpha * np.log1p(cost)
    if alpha < 2:
        value = value + (2 - alpha) * np.log(2 - np.exp(-loss))
    return value


def log_objective_at(cost: float, loss: float, alpha: float) -> float:
    """Return log G at one point; see `log_objective`."""
    value = alpha * math.log1p(cost) if alpha > 0 else 0.0
    if alpha < 2:
        value += (2 - alpha) * math.log(2 - math.exp(-loss))
    return value


def cost_at(level: float, loss: float, alpha: float) -> float:
    """Return the C at which log G reaches `level` for this loss; inf where it never does."""
    rest = level - log_objective_at(0.0, loss, alpha)
    if alpha <= 0:
        return math.inf if rest > 0 else 0.0
    exponent = rest / alpha
    return math.expm1(exponent) if exponent < 700 else math.inf


def loss_at(level: float, cost: float, alpha: float) -> float:
    """Return the Y at which log G reaches `level` for this cost; inf where it never does."""
    rest = level - log_objective_at(cost, 0.0, alpha)
    if alpha >= 2:
        return math.inf if rest > 0 else 0.0
    exponent = rest / (2 - alpha)
    factor = math.exp(exponent) if exponent < 1 else 2.0
    return -math.log(2 - factor) if factor < 2 else math.inf


def slope(cost: float, loss: float, alpha: float) -> float:
    """Return the exchange rate dC/dY of the level curve of G at a point: how much C one Y is worth."""
    if alpha <= 0:
        return math.inf
    quality = math.exp(-loss)
    return (2 - alpha) * quality / (2 - quality) * (1 + cost) / alpha
