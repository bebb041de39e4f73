"""Which labels another one makes superfluous: no worse in every dimension at the same state."""

from __future__ import annotations

import numpy as np

from orchestrator.search.objective import Bools, Floats, Ints

#: Labels compared pair by pair at most; beyond, each is compared with this many good ones.
PAIRS = 1200


def dominated(keys: Ints, values: Floats, *, banned: int = -1) -> Bools:
    """Mark labels (N,) that an earlier or better one with the same key row makes superfluous.

    `keys` (N, k) identify the state, `values` (N, d) are dimensions where less is better. Of equal
    labels the first stays. The label `banned` never makes another one superfluous. Beyond two
    dimensions some superfluous labels of a great set may stay, which costs time, not exactness.
    """
    group = _groups(keys)
    varying = [d for d in range(values.shape[1]) if d < 2 or np.ptp(values[:, d]) > 0]
    values = values[:, varying]
    if values.shape[1] == 2:
        return _plane(group, values, banned)
    return _space(group, values, banned)


def _groups(keys: Ints) -> Ints:
    if keys.shape[1] == 1:
        return keys[:, 0]
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    return inverse.reshape(-1)


def _plane(group: Ints, values: Floats, banned: int) -> Bools:
    """Sort by the first dimension; whoever is not below the running least second is dominated."""
    order = np.lexsort((values[:, 1], values[:, 0], group))
    rank = np.cumsum(np.diff(group[order], prepend=group[order[:1]]) != 0)
    second = values[order, 1]
    reach = float(np.ptp(second)) + 1.0
    shifted = second - rank * reach
    if banned >= 0:
        shifted = np.where(order == banned, np.inf, shifted)
    least = np.minimum.accumulate(shifted)
    gone = np.zeros(len(order), dtype=np.bool_)
    gone[order[1:]] = least[:-1] <= (second - rank * reach)[1:]
    return gone


def _space(group: Ints, values: Floats, banned: int) -> Bools:
    """Compare with those before in a lexical order, in blocks."""
    keys = [values[:, d] for d in range(values.shape[1] - 1, -1, -1)]
    order = np.lexsort([*keys, group])
    group, values = group[order], values[order]
    gone = np.zeros(len(order), dtype=np.bool_)
    mine = int(np.flatnonzero(order == banned)[0]) if banned >= 0 else -1
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    for lo, hi in zip(starts, [*starts[1:], len(order)], strict=True):
        _block(values, gone, int(lo), int(hi), mine)
    result = np.zeros(len(order), dtype=np.bool_)
    result[order] = gone
    return result


def _block(values: Floats, gone: Bools, lo: int, hi: int, mine: int) -> None:
    """Mark what is dominated within one state, whose labels are sorted by their first dimension."""
    size = hi - lo
    if size < 2:
        return
    here = values[lo:hi]
    judges = np.arange(size)
    if size > PAIRS:
        spread = np.maximum(np.ptp(here, axis=0), 1e-12)
        total = ((here - here.min(axis=0)) / spread).sum(axis=1)
        judges = np.sort(np.argpartition(total, PAIRS)[:PAIRS])
    if lo <= mine < hi:
        judges = judges[judges != mine - lo]
    beaten = np.arange(size)[None, :] > judges[:, None]
    for d in range(1, here.shape[1]):
        beaten &= here[judges, d][:, None] <= here[:, d][None, :]
    gone[lo:hi] = beaten.any(axis=0)
