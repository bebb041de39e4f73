"""One call of the search, unpacked: plans as priced networks, limits, unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import network as networks
from orchestrator.search.incumbent import Limits, roomy
from orchestrator.search.network import Network
from orchestrator.search.problem import Problem
from orchestrator.search.sweep import Point, ends

#: The floor of `unit`: weighted cost per sub-task below which prices are taken as noise.
LEAST_UNIT = 0.001


@dataclass(frozen=True, slots=True)
class Task:
    """One call of `solve`, unpacked: the plans as priced networks, and everything they share."""

    problem: Problem
    preference: Preference
    budget: Budget
    forbidden: frozenset[tuple[str, str]]
    limits: Limits
    unit: float
    cost_before: float
    networks: tuple[tuple[Network, tuple[Point, Point]], ...]


def prepare(
    problem: Problem,
    preference: Preference,
    budget: Budget,
    *,
    unit: float | None = None,
    forbidden: frozenset[tuple[str, str]] = frozenset(),
) -> Task:
    """Lay out every plan that can be completed at all, cheapest path and unit included."""
    sunk = problem.sunk
    spent = preference.usd * sunk.usd + preference.second * sunk.seconds
    limits = limits_left(problem, budget)
    found: list[tuple[Network, tuple[Point, Point]]] = []
    for plan, quality in sorted(plans_of(problem).items()):
        network = networks.build(
            problem,
            plan,
            loss_before=-math.log(quality * sunk.quality) + 0.0,
            weights=(preference.usd, preference.second),
            forbidden=forbidden,
            timed=math.isfinite(limits.seconds),
        )
        both = ends(network) if network is not None else None
        if network is not None and both is not None:
            found.append((network, both))
    if unit is None:
        floors = [(spent + e[0].cost, LEAST_UNIT * (len(n.ids) + sunk.subtasks)) for n, e in found]
        unit = min((max(pair) for pair in floors), default=1.0) or LEAST_UNIT
    priced = tuple((n.priced(unit), (e[0].priced(unit), e[1].priced(unit))) for n, e in found)
    return Task(problem, preference, budget, forbidden, limits, unit, spent / unit, priced)


def plans_of(problem: Problem) -> dict[str, float]:
    """Return every plan with its quality; one nameless plan of quality 1 when none is named."""
    if problem.plan_quality:
        return dict(problem.plan_quality)
    named = {plan for node in problem.nodes for plan in node.plans}
    named |= {plan for node in problem.nodes for c in node.choices for plan in c.plans}
    return dict.fromkeys(sorted(named) or [""], 1.0)


def limits_left(problem: Problem, budget: Budget) -> Limits:
    """Return what the budget leaves for the open sub-tasks."""
    sunk = problem.sunk
    seconds = budget.seconds
    if seconds is not None and sunk.elapsed + max([0.0, *sunk.finish.values()]) > roomy(seconds):
        seconds = sunk.elapsed - 1
    return Limits(
        usd=math.inf if budget.usd is None else float(budget.usd) - sunk.usd,
        seconds=math.inf if seconds is None else seconds - sunk.elapsed,
        loss=-math.log(budget.min_quality) + 0.0 if budget.min_quality else math.inf,
    )
