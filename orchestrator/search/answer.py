"""From the incumbent to the answer: sums over the whole run, critical path, gap."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import lru_cache
from graphlib import TopologicalSorter
from time import perf_counter

from orchestrator.search.gears import Found
from orchestrator.search.objective import TIE
from orchestrator.search.problem import Choice, Problem, Solution
from orchestrator.search.task import Task

_Graph = tuple[tuple[str, tuple[str, ...]], ...]


def solution(task: Task, found: Found, began: float) -> Solution:
    """Return the incumbent as the answer, with sums over the whole run."""
    best, sunk = found.incumbent, task.problem.sunk
    network = best.network
    assert network is not None
    picks = best.picks
    chosen = {node: network.choices[i] for node, i in zip(network.ids, picks, strict=True)}
    lower = min(found.lower, best.level)
    return Solution(
        choices={node: chosen[node].id for node in sorted(chosen)},
        plan=network.plan,
        usd=sunk.usd + float(network.usd[picks].sum()),
        tool_seconds=sunk.seconds + float(network.seconds[picks].sum()),
        wall_seconds=wall_seconds(task.problem, chosen),
        quality=math.exp(-network.loss_before - float(network.loss[picks].sum())),
        objective=math.exp(best.level),
        gap=0.0 if best.level - lower <= TIE else math.expm1(best.level - lower),
        unit=task.unit,
        stats=dataclasses.replace(found.stats, milliseconds=(perf_counter() - began) * 1e3),
    )


def wall_seconds(problem: Problem, chosen: Mapping[str, Choice]) -> float:
    """Return the seconds from acceptance to the end along the critical path."""
    sunk = problem.sunk
    over: dict[str, float] = {}
    for node, needs in _in_order(tuple((n.id, n.needs) for n in problem.nodes if n.id in chosen)):
        waited = [over[n] if n in over else sunk.finish.get(n, 0.0) for n in needs]
        over[node] = max([0.0, *waited]) + chosen[node].seconds
    return sunk.elapsed + max([0.0, *over.values(), *sunk.finish.values()])


# The points of a front differ in their choices only: their sub-tasks are put in order once.
@lru_cache(maxsize=16)
def _in_order(graph: _Graph) -> _Graph:
    """The sub-tasks with their needs, none before what it needs; needs outside are ignored."""
    needs = dict(graph)
    order = TopologicalSorter({id: [n for n in before if n in needs] for id, before in graph})
    return tuple((id, needs[id]) for id in order.static_order())
