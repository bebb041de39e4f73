"""One plan of a problem as flat arrays, with its sub-tasks in the order they are decided."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

import numpy as np

from orchestrator.search import order as ordering
from orchestrator.search.objective import Bools, Floats, Ints
from orchestrator.search.problem import Choice, Node, Problem

#: Greatest number of (state, signature) entries of one backward table. What would be wider is
#: relaxed: some conflicts are left out of the bounds and checked only on the labels.
TABLE_CAP = 140_000

Clashes = Mapping[tuple[int, int], Bools]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision in the backward tables.

    `following` (size, classes) is the state after each signature class, None where nothing is to
    be remembered or forgotten; `blocked` (size, classes) marks what does not fit and `penalty` is
    inf there, else 0. `frontier` are the positions whose class the state before the decision encodes.
    """

    size: int
    frontier: tuple[int, ...]
    following: Ints | None
    blocked: Bools | None
    penalty: Floats | None


@dataclass(frozen=True, slots=True)
class Network:
    """One plan; flat arrays run over choices sorted by position, class, loss, cost, …, id.

    `first` (n+1) and `class_first` (n+1) are offsets by position into choices and classes,
    `class_start` offsets of classes into choices, `kind` the class of each choice. `waits` (n)
    are the positions a sub-task waits for, `release` (n) seconds from now before it can start,
    `sequence` the positions in a topological order (all three empty when there is no deadline).
    `clashes[i, j]` (classes of i, classes of j), i < j, marks pairs that do not fit.
    """

    plan: str
    loss_before: float
    ids: tuple[str, ...]
    choices: tuple[Choice, ...]
    first: Ints
    class_first: Ints
    class_start: Ints
    kind: Ints
    usd: Floats
    seconds: Floats
    loss: Floats
    cost: Floats
    waits: tuple[tuple[int, ...], ...]
    release: tuple[float, ...]
    sequence: tuple[int, ...]
    clashes: Clashes
    steps: tuple[Step, ...]
    relaxed: bool

    def priced(self, unit: float) -> Network:
        """Return the same network with its cost divided by `unit`."""
        return dataclasses.replace(self, cost=self.cost / unit)

    def trimmed(self, kept: Bools) -> Network | None:
        """Return the network without some choices, or None when a sub-task has none left."""
        if kept.all():
            return self
        counts = np.add.reduceat(kept, self.first[:-1], dtype=np.intp)
        if not counts.all():
            return None
        kind = self.kind[kept]
        there = np.unique(kind)
        renumbered = np.searchsorted(there, kind)
        local = [there[(there >= lo) & (there < hi)] - lo for lo, hi in pairwise(self.class_first.tolist())]
        clashes = {(i, j): bad[np.ix_(local[i], local[j])] for (i, j), bad in self.clashes.items()}
        clashes = {pair: bad for pair, bad in clashes.items() if bad.any()}
        steps, relaxed = _steps([len(classes) for classes in local], clashes)
        return dataclasses.replace(
            self,
            choices=tuple(itertools.compress(self.choices, kept)),
            first=np.concatenate([[0], np.cumsum(counts)]),
            class_first=np.concatenate([[0], np.cumsum([len(classes) for classes in local])]),
            class_start=np.searchsorted(renumbered, np.arange(len(there))),
            kind=renumbered,
            usd=self.usd[kept],
            seconds=self.seconds[kept],
            loss=self.loss[kept],
            cost=self.cost[kept],
            clashes=clashes,
            steps=steps,
            relaxed=relaxed,
        )

    def fits(self, picks: Ints) -> bool:
        """Tell whether a path (flat choice index by position) holds no conflicting pair."""
        kinds = self.kind[picks] - self.class_first[:-1]
        return not any(bad[kinds[i], kinds[j]] for (i, j), bad in self.clashes.items())

    def makespan(self, picks: Ints) -> Floats:
        """Return the seconds from now until paths (L, n) are over: (L,)."""
        spent = self.seconds[picks].T
        over = np.zeros(spent.shape)
        for i in self.sequence:
            start = np.full(len(picks), self.release[i])
            for j in self.waits[i]:
                np.maximum(start, over[j], out=start)
            over[i] = start + spent[i]
        total: Floats = over.max(axis=0, initial=0.0)
        return total

    def followers(self) -> list[list[int]]:
        """Return per position the positions that wait for it."""
        followers: list[list[int]] = [[] for _ in self.waits]
        for i, before in enumerate(self.waits):
            for j in before:
                followers[j].append(i)
        return followers


def build(
    problem: Problem,
    plan: str,
    *,
    loss_before: float,
    weights: tuple[float, float],
    forbidden: frozenset[tuple[str, str]],
    timed: bool,
) -> Network | None:
    """Return the network of one plan, or None when one of its sub-tasks has no option left.

    `weights` are those of one dollar and one tool-second in the cost; with `timed` the order is
    topological, so that finish times can be followed along it.
    """
    nodes = [node for node in problem.nodes if not node.plans or plan in node.plans]
    options = [_allowed(node, plan, forbidden) for node in nodes]
    if not all(options):
        return None
    index = {node.id: i for i, node in enumerate(nodes)}
    classes, clashes = _classes(problem, index, options)
    sizes = [max(kinds.values()) + 1 for kinds in classes]
    rivals: list[set[int]] = [set() for _ in nodes]
    for i, j in clashes:
        rivals[i].add(j)
        rivals[j].add(i)
    needs = [[index[need] for need in node.needs if need in index] for node in nodes]
    release = [_release(problem, node) for node in nodes]
    sequence = ordering.with_needs(sizes, rivals, needs) if timed else ordering.by_conflicts(sizes, rivals)
    place = {i: position for position, i in enumerate(sequence)}
    moved = {
        (min(place[i], place[j]), max(place[i], place[j])): bad if place[i] < place[j] else bad.T
        for (i, j), bad in clashes.items()
    }
    sizes = [sizes[i] for i in sequence]
    steps, relaxed = _steps(sizes, moved)
    return Network(
        plan=plan,
        loss_before=loss_before,
        ids=tuple(nodes[i].id for i in sequence),
        **_flat([options[i] for i in sequence], [classes[i] for i in sequence], weights),
        waits=tuple(tuple(place[j] for j in needs[i]) for i in sequence) if timed else (),
        release=tuple(release[i] for i in sequence) if timed else (),
        sequence=tuple(place[i] for i in ordering.by_needs(needs)) if timed else (),
        clashes=moved,
        steps=steps,
        relaxed=relaxed,
    )


def _allowed(node: Node, plan: str, forbidden: frozenset[tuple[str, str]]) -> list[Choice]:
    fitting = [c for c in node.choices if not c.plans or plan in c.plans]
    return [c for c in fitting if (node.id, c.id) not in forbidden] if forbidden else fitting


def _release(problem: Problem, node: Node) -> float:
    return max((problem.sunk.finish.get(need, 0.0) for need in node.needs), default=0.0)


def _classes(
    problem: Problem, index: Mapping[str, int], options: Sequence[Sequence[Choice]]
) -> tuple[list[dict[str, int]], dict[tuple[int, int], Bools]]:
    """Merge signatures that conflict with the same others; return class by signature and clashes."""
    present = [{c.signature for c in choices} for choices in options]
    against: dict[tuple[int, str], set[tuple[int, str]]] = {}
    for (one, left), (two, right) in problem.conflicts:
        i, j = index.get(one), index.get(two)
        if i is None or j is None or i == j or left not in present[i] or right not in present[j]:
            continue
        against.setdefault((i, left), set()).add((j, right))
        against.setdefault((j, right), set()).add((i, left))
    classes: list[dict[str, int]] = []
    for i, signatures in enumerate(present):
        seen: dict[frozenset[tuple[int, str]], int] = {}
        key = {s: frozenset(against.get((i, s), ())) for s in sorted(signatures)}
        classes.append({s: seen.setdefault(k, len(seen)) for s, k in key.items()})
    clashes: dict[tuple[int, int], Bools] = {}
    for (i, left), others in against.items():
        for j, right in others:
            if i < j:
                shape = (max(classes[i].values()) + 1, max(classes[j].values()) + 1)
                bad = clashes.setdefault((i, j), np.zeros(shape, dtype=np.bool_))
                bad[classes[i][left], classes[j][right]] = True
    return classes, clashes


class _Flat(TypedDict):
    choices: tuple[Choice, ...]
    first: Ints
    class_first: Ints
    class_start: Ints
    kind: Ints
    usd: Floats
    seconds: Floats
    loss: Floats
    cost: Floats


def _flat(
    options: Sequence[Sequence[Choice]],
    classes: Sequence[Mapping[str, int]],
    weights: tuple[float, float],
) -> _Flat:
    """Sort all choices by position, class, loss, cost, money, seconds, id and lay them out flat."""
    named = [c for choices in options for c in sorted(choices, key=lambda c: c.id)]
    counts = [len(choices) for choices in options]
    position = np.repeat(np.arange(len(options)), counts)
    class_first = np.cumsum([0] + [max(kinds.values()) + 1 for kinds in classes])
    ends = np.cumsum([0, *counts])
    local = [
        kinds[c.signature]
        for kinds, (lo, hi) in zip(classes, pairwise(ends), strict=True)
        for c in named[lo:hi]
    ]
    kind = np.array(local, dtype=np.intp) + class_first[position]
    usd = np.array([c.usd for c in named], dtype=np.float64)
    seconds = np.array([c.seconds for c in named], dtype=np.float64)
    loss = -np.log(np.array([c.quality for c in named], dtype=np.float64)) + 0.0
    cost = weights[0] * usd + weights[1] * seconds
    row = np.lexsort((seconds, usd, cost, loss, kind))
    kind = kind[row]
    return {
        "choices": tuple(named[i] for i in row),
        "first": ends,
        "class_first": class_first,
        "class_start": np.searchsorted(kind, np.arange(class_first[-1])),
        "kind": kind,
        "usd": usd[row],
        "seconds": seconds[row],
        "loss": loss[row],
        "cost": cost[row],
    }


def _steps(sizes: Sequence[int], clashes: Clashes) -> tuple[tuple[Step, ...], bool]:
    """Lay out the backward tables; True when conflicts had to be left out to keep them small."""
    last = list(range(len(sizes)))
    for i, j in clashes:
        last[i] = max(last[i], j)
    frontier: tuple[int, ...] = ()
    steps: list[Step] = []
    relaxed = False
    for i in range(len(sizes)):
        after = [f for f in (*frontier, i) if last[f] > i]
        room = TABLE_CAP // (sizes[i + 1] if i + 1 < len(sizes) else 1)
        while _product(sizes, after) > room:
            after.remove(max(after, key=lambda f: (sizes[f], f)))
            relaxed = True
        steps.append(_step(i, sizes, frontier, tuple(after), clashes))
        frontier = tuple(after)
    return tuple(steps), relaxed


def _step(
    i: int,
    sizes: Sequence[int],
    frontier: tuple[int, ...],
    after: tuple[int, ...],
    clashes: Clashes,
) -> Step:
    size, count = _product(sizes, frontier), sizes[i]
    if count == 1 and frontier == after and not any((f, i) in clashes for f in frontier):
        return Step(size, frontier, None, None, None)
    states = np.arange(size)
    digits: dict[int, Ints] = {}
    stride = size
    for f in frontier:
        stride //= sizes[f]
        digits[f] = states // stride % sizes[f]
    following = np.zeros((count, size), dtype=np.intp).T
    blocked = np.zeros((count, size), dtype=np.bool_).T
    for f in after:
        digit = digits[f][:, None] if f != i else np.arange(count)[None, :]
        following *= sizes[f]
        following += digit
    for f in frontier:
        if (f, i) in clashes:
            blocked |= clashes[f, i][digits[f]]
    if not blocked.any():
        return Step(size, frontier, following, None, None)
    return Step(size, frontier, following, blocked, np.where(blocked, np.inf, 0.0))


def _product(sizes: Sequence[int], members: Iterable[int]) -> int:
    product = 1
    for f in members:
        product *= sizes[f]
    return product
