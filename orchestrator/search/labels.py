"""Gear two: label setting under hard limits, a layer of labels at a time, with proven bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from orchestrator.search.bounds import Bounds
from orchestrator.search.clock import Beat, Joint, beats
from orchestrator.search.dominance import dominated
from orchestrator.search.incumbent import Incumbent, roomy
from orchestrator.search.network import Network
from orchestrator.search.objective import TIE, Bools, Floats, Ints, log_objective
from orchestrator.search.region import floor_of

#: Labels expanded in one array operation; bounds the memory of a layer.
BLOCK = 2048


@dataclass(slots=True)
class Counts:
    """Labels made, taken further, dominated by another one, and cut by a bound or a limit."""

    generated: int = 0
    expanded: int = 0
    dominated: int = 0
    cut: int = 0


@dataclass(slots=True)
class Labels:
    """One layer: N partial paths.

    `sums` (N, J) are the rows of the bounds summed so far, `state` (N,) the state of the backward
    tables, `memory` (N, m) classes of forgotten sub-tasks (relaxed networks only), `times` (N, g)
    the groups of finish times, `banned` the label that is a prefix of the excluded path (-1: none).
    """

    sums: Floats
    state: Ints
    memory: Ints
    times: Floats
    banned: int = -1

    def take(self, rows: Ints) -> Labels:
        place = np.flatnonzero(rows == self.banned)
        banned = int(place[0]) if self.banned >= 0 and len(place) else -1
        return Labels(self.sums[rows], self.state[rows], self.memory[rows], self.times[rows], banned)


@dataclass(slots=True)
class Search:
    """One network with its bounds, ready for passes of any width."""

    network: Network
    bounds: Bounds
    incumbent: Incumbent
    counts: Counts
    kept: Bools
    out_of_time: Callable[[], bool]
    future: list[Floats] = field(init=False)
    beats: tuple[Beat, ...] = field(init=False)
    remembered: list[tuple[int, ...]] = field(init=False)
    money: bool = field(init=False)
    ban: Ints | None = field(init=False)

    def __post_init__(self) -> None:
        self.future = self.bounds.future()
        self.beats = beats(self.network, roomy(self.incumbent.limits.seconds))
        self.remembered = _remembered(self.network)
        self.money = math.isfinite(self.incumbent.limits.usd)
        self.ban = _ban(self.network, self.incumbent)

    def run(self, width: int, ceilings: Floats) -> float:
        """Go through all layers keeping at most `width` labels each; improve the incumbent.

        A label is cut when a row of its bounds reaches its ceiling, dropped when another one at
        the same state is no worse in every dimension, and beyond `width` when its floor is high.
        Returns the least floor (log G) of what was dropped for its width; inf proves that no
        path beats the incumbent any more.
        """
        count = len(self.network.steps)
        labels = self.root()
        parents, picks = list[Ints](), list[Ints]()
        floor = math.inf
        for i in range(count):
            labels, parent, pick, bound = self.expand(i, labels, ceilings)
            rows, dropped = self._best(bound, 4 * width)
            floor = min(floor, dropped)
            labels, parent, pick, bound = labels.take(rows), parent[rows], pick[rows], bound[rows]
            labels, rows = self.thin(i, labels)
            parent, pick, bound = parent[rows], pick[rows], bound[rows]
            rows, dropped = self._best(bound, 1 if self.out_of_time() else width)
            floor = min(floor, dropped)
            labels, parent, pick = labels.take(rows), parent[rows], pick[rows]
            parents.append(parent)
            picks.append(pick)
            if not len(parent):
                break
        else:
            self._finish(labels, parents, picks)
        return floor

    def _best(self, bound: Floats, width: int) -> tuple[Ints, float]:
        """Return the `width` labels of least floor in their order, and the least floor left out."""
        if len(bound) <= width:
            return np.arange(len(bound)), math.inf
        levels = floor_of(bound, self.bounds.rates, self.incumbent.alpha)
        order = np.lexsort((levels, self._need(bound)))
        return np.sort(order[:width]), float(levels[order[width:]].min())

    def _need(self, bound: Floats) -> Floats:
        """As long as no path is known, prefer labels that need the least share of their limits."""
        if self.incumbent.network is not None:
            return np.zeros(len(bound))
        limited = np.isnan(self.bounds.rates)
        need: Floats = (bound[:, limited] / self.bounds.caps[limited]).max(axis=1)
        ceiling = self.incumbent.limits.loss
        if 0 < ceiling < math.inf:
            need = np.maximum(need, bound[:, np.isinf(self.bounds.rates)].max(axis=1) / ceiling)
        return need

    def root(self) -> Labels:
        none = np.zeros((1, 0))
        rows = np.zeros((1, len(self.bounds.rates)))
        state = np.zeros(1, dtype=np.intp)
        memory = np.zeros((1, 0), dtype=np.intp)
        return Labels(rows, state, memory, none, 0 if self.ban is not None else -1)

    def expand(self, i: int, labels: Labels, ceilings: Floats) -> tuple[Labels, Ints, Ints, Floats]:
        """Return the next layer, and for each label its parent, its choice and its bounds (N, J)."""
        network = self.network
        options = np.arange(network.first[i], network.first[i + 1])
        options = options[self.kept[options]]
        kinds = network.kind[options] - network.class_first[i]
        weights = self.bounds.weights[:, options].T
        parts = [
            self._block(i, labels, slice(lo, lo + BLOCK), (options, kinds, weights), ceilings)
            for lo in range(0, len(labels.state), BLOCK)
        ]
        rows, cols, bound = (np.concatenate([part[k] for part in parts]) for k in range(3))
        self.counts.expanded += len(labels.state)
        self.counts.generated += len(labels.state) * len(options)
        self.counts.cut += len(labels.state) * len(options) - len(rows)
        banned = -1
        if self.ban is not None and labels.banned >= 0:
            same = np.flatnonzero((rows == labels.banned) & (options[cols] == self.ban[i]))
            banned = int(same[0]) if len(same) else -1
        step = network.steps[i]
        state = labels.state[rows]
        if step.following is not None:
            state = step.following[state, kinds[cols]]
        sums = labels.sums[rows] + weights[cols]
        times = _stretched(self.beats[i], labels.times[rows], network.seconds[options[cols]])
        memory = self._memory(i, labels.memory[rows], kinds[cols])
        return Labels(sums, state, memory, times, banned), rows, options[cols], bound

    def _block(
        self,
        i: int,
        labels: Labels,
        span: slice,
        offered: tuple[Ints, Ints, Floats],
        ceilings: Floats,
    ) -> tuple[Ints, Ints, Floats]:
        """Return parent, column of choice and bounds of what survives the cuts."""
        options, kinds, weights = offered
        network, step = self.network, self.network.steps[i]
        state = labels.state[span]
        ahead = self.future[i + 1]
        if step.following is None:
            bound = (labels.sums[span] + ahead[state])[:, None, :] + weights
        else:
            bound = ahead[step.following[state][:, kinds]]
            bound += labels.sums[span][:, None, :]
            bound += weights
        good = (bound < ceilings).all(axis=2)
        if step.blocked is not None:
            good &= ~step.blocked[state][:, kinds]
        for column, f in enumerate(self.remembered[i]):
            bad = network.clashes.get((f, i))
            if bad is not None:
                good &= ~bad[labels.memory[span, column]][:, kinds]
        if self.beats[i].joints:
            good &= network.seconds[options] <= _spare(self.beats[i], labels.times[span])[:, None]
        rows, cols = np.nonzero(good)
        return rows + span.start, cols, bound[rows, cols]

    def _memory(self, i: int, memory: Ints, kinds: Ints) -> Ints:
        before, after = self.remembered[i], self.remembered[i + 1]
        if before == after:
            return memory
        columns = [kinds if f == i else memory[:, before.index(f)] for f in after]
        return np.stack(columns, axis=1) if columns else memory[:, :0]

    def thin(self, i: int, labels: Labels) -> tuple[Labels, Ints]:
        """Drop dominated labels; the dimensions are C, Y, money and the groups of finish times."""
        if len(labels.state) < 2:
            return labels, np.arange(len(labels.state))
        wide = [labels.sums[:, :3] if self.money else labels.sums[:, :2]]
        wide.append(np.maximum(labels.times, self.beats[i].harmless))
        keys = np.concatenate([labels.state[:, None], labels.memory], axis=1)
        gone = dominated(keys, np.concatenate(wide, axis=1), banned=labels.banned)
        rows = np.flatnonzero(~gone)
        self.counts.dominated += len(gone) - len(rows)
        return labels.take(rows), rows

    def _finish(self, labels: Labels, parents: list[Ints], picks: list[Ints]) -> None:
        """Offer the best complete labels to the incumbent."""
        sums = labels.sums[:, :2] + self.bounds.base[:2]
        levels = log_objective(sums[:, 0], sums[:, 1], self.incumbent.alpha)
        if labels.banned >= 0:
            levels[labels.banned] = np.inf
        rows = np.lexsort((sums[:, 0], sums[:, 1], levels))[:16]
        rows = rows[levels[rows] < self.incumbent.level - TIE / 2]
        if len(rows):
            self.incumbent.offer(self.network, traced(rows, parents, picks))


def traced(rows: Ints, parents: list[Ints], picks: list[Ints]) -> Ints:
    """Return the paths (len(rows), n) that end in these labels of the last layer."""
    paths = np.empty((len(rows), len(picks)), dtype=np.intp)
    for i in range(len(picks) - 1, -1, -1):
        paths[:, i] = picks[i][rows]
        rows = parents[i][rows]
    return paths


def _spare(beat: Beat, times: Floats) -> Floats:
    """Return how long the sub-task may take after each label (N,)."""
    spare = np.full(len(times), np.inf)
    for joint in beat.joints:
        np.minimum(spare, joint.room - _joined(joint, times), out=spare)
    return spare


def _joined(joint: Joint, times: Floats) -> Floats:
    joined = np.full(len(times), joint.constant)
    for column in (joint.before, joint.after):
        if column is not None:
            joined += times[:, column]
    return joined


def _stretched(beat: Beat, times: Floats, seconds: Floats) -> Floats:
    """Return the stretches after the sub-task took `seconds` (N,): (N, columns)."""
    result = np.full((len(times), len(beat.harmless)), -np.inf)
    for new, old in beat.kept:
        np.maximum(result[:, new], times[:, old], out=result[:, new])
    for joint in beat.joints:
        if joint.target is not None:
            column = result[:, joint.target]
            np.maximum(column, _joined(joint, times) + seconds, out=column)
    return result


def _remembered(network: Network) -> list[tuple[int, ...]]:
    """Return per position (and the end) decided sub-tasks that conflict later, off the tables."""
    count = len(network.steps)
    if not network.relaxed:
        return [()] * (count + 1)
    last = list(range(count))
    for i, j in network.clashes:
        last[i] = max(last[i], j)
    fronts = [set(step.frontier) for step in network.steps] + [set[int]()]
    return [tuple(f for f in range(i) if last[f] >= i and f not in fronts[i]) for i in range(count + 1)]


def _ban(network: Network, incumbent: Incumbent) -> Ints | None:
    """Return the excluded path as flat choices by position; None when it is not of this plan."""
    excluded = incumbent.excluded
    if excluded is None or set(excluded) != set(network.ids):
        return None
    ban = np.full(len(network.ids), -1, dtype=np.intp)
    for i, node in enumerate(network.ids):
        for k in range(network.first[i], network.first[i + 1]):
            if network.choices[k].id == excluded[node]:
                ban[i] = k
    return ban if (ban >= 0).all() else None
