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
    return _backward(network, _by_class(network, weights))[0]


def best(network: Network, weights: Floats) -> Passed:
    """Return the least path for each row of `weights` (L, choices); ties go to the first choice."""
    least = _by_class(network, weights)
    values, arguments = _backward(network, least)
    rows = np.arange(len(weights))
    state = np.zeros(len(weights), dtype=np.intp)
    kinds = np.empty((len(weights), len(network.steps)), dtype=np.intp)
    for i, step in enumerate(network.steps):
        argument = arguments[i]
        if step.following is None or argument is None:
            kinds[:, i] = 0
            continue
        taken = argument[rows, state]
        kinds[:, i] = taken
        state = step.following[state, taken]
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


def _backward(network: Network, least: Floats) -> tuple[list[Floats], list[Ints | None]]:
    value = np.zeros((len(least), 1))
    values, arguments = [value], list[Ints | None]()
    for i in range(len(network.steps) - 1, -1, -1):
        step, lo, hi = (
            network.steps[i],
            network.class_first[i],
            network.class_first[i + 1],
        )
        argument: Ints | None = None
        if step.following is None:
            value = value + least[:, lo:hi]
        else:
            spread = value[:, step.following] + least[:, None, lo:hi]
            if step.blocked is not None:
                spread[:, step.blocked] = np.inf
            argument = spread.argmin(axis=2)
            value = np.take_along_axis(spread, argument[:, :, None], axis=2)[:, :, 0]
        values.append(value)
        arguments.append(argument)
    return values[::-1], arguments[::-1]
