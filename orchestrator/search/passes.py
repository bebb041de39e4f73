"""Backward passes: the least additive weight from every state to the end, for many weights at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestrator.search.network import Network
from orchestrator.search.objective import Floats, Ints


@dataclass(frozen=True, slots=True)
class Passed:
    """`values` (L,) are the least sums over the whole path, `picks` (L, n) paths that reach them.

    Where nothing fits the value is inf and the picks mean nothing.
    """

    values: Floats
    picks: Ints


def tables(network: Network, weights: Floats) -> list[Floats]:
    """Return per position (and the end) the least weight still to come: a list of (L, states).

    `weights` (L, choices) are additive. With a relaxed network the values are lower bounds.
    """
    return _backward(network, _by_class(network, weights))


def best(network: Network, weights: Floats) -> Passed:
    """Return the least path for each row of `weights` (L, choices); ties go to the first choice."""
    least = _by_class(network, weights)
    values = _backward(network, least)
    rows = np.arange(len(weights))
    state = np.zeros(len(weights), dtype=np.intp)
    kinds = np.zeros((len(weights), len(network.steps)), dtype=np.intp)
    for i, step in enumerate(network.steps):
        if step.following is None:
            continue
        lo, hi = network.class_first[i], network.class_first[i + 1]
        ahead = step.following[state]
        spread = values[i + 1][rows[:, None], ahead] + least[:, lo:hi]
        if step.penalty is not None:
            spread += step.penalty[state]
        kinds[:, i] = taken = spread.argmin(axis=1)
        state = ahead[rows, taken]
    picks = _first_least(network, weights, least)[rows[:, None], kinds + network.class_first[:-1]]
    return Passed(values[0][:, 0], picks)


def _by_class(network: Network, weights: Floats) -> Floats:
    if not len(network.kind):
        return np.zeros((len(weights), 0))
    least: Floats = np.minimum.reduceat(weights, network.class_start, axis=1)
    return least


def _first_least(network: Network, weights: Floats, least: Floats) -> Ints:
    """Return for each row and class the first choice that has the least weight: (L, classes)."""
    total = weights.shape[1]
    if not total:
        return np.zeros((len(weights), 0), dtype=np.intp)
    places = np.where(weights == least[:, network.kind], np.arange(total), total)
    first: Ints = np.minimum.reduceat(places, network.class_start, axis=1)
    return first


def _backward(network: Network, least: Floats) -> list[Floats]:
    value = np.zeros((len(least), 1))
    values = [value]
    for i in range(len(network.steps) - 1, -1, -1):
        step, lo, hi = network.steps[i], network.class_first[i], network.class_first[i + 1]
        if step.following is None:
            value = value + least[:, lo:hi]
        else:
            spread = value.take(step.following.T, axis=1)
            spread += least[:, lo:hi, None]
            if step.penalty is not None:
                spread += step.penalty.T
            value = spread.min(axis=1)
        values.append(value)
    return values[::-1]
