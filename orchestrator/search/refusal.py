"""In words and figures: why there is no path within the limits, and what each limit alone would allow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from orchestrator.domain.budget import Budget
from orchestrator.domain.plan import Plan
from orchestrator.errors import BudgetTooSmall, NoOptionLeft
from orchestrator.search.problem import Alone, Infeasible, Solution


def refusal(
    found: Infeasible, plan: Plan, *, budget: Budget, settled: Collection[str] = ()
) -> BudgetTooSmall | NoOptionLeft:
    """The error for a plan without a path: no combination fits, or the limits are too tight.

    `settled` are sub-tasks that the search did not decide.
    """
    if not found.alone:
        crossed = sorted({id for pair in plan.conflicts for id, _ in pair} - set(settled))
        return NoOptionLeft(crossed[0] if crossed else plan.subtasks[0].id)
    cheapest = {alone.limit: _alone(budget, alone) for alone in found.alone}
    words = [_alone_words(budget, alone) for alone in found.alone]
    return BudgetTooSmall(" ".join([found.reason, *words]), cheapest=cheapest)


def _alone(budget: Budget, alone: Alone) -> dict[str, Any]:
    """One limit alone, as JSON has it: what was asked, and the cheapest or the nearest path."""
    limit = {
        "usd": None if budget.usd is None else str(budget.usd),
        "seconds": budget.seconds,
        "quality": budget.min_quality,
    }[alone.limit]
    path = figures(alone.path) if alone.path else None
    return {"limit": limit, "attainable": alone.attainable, "path": path}


def _alone_words(budget: Budget, alone: Alone) -> str:
    name, limit, need = {
        "usd": ("budget", f"${budget.usd}", "cheapest path costs ${0.usd:.6g}"),
        "seconds": ("deadline", f"{budget.seconds} s", "fastest path takes {0.wall_seconds:.3g} s"),
        "quality": (
            "quality floor",
            f"{budget.min_quality}",
            "best path reaches quality {0.quality:.3g}",
        ),
    }[alone.limit]
    if alone.path is None:
        return f"For the {name} of {limit} alone no path was found in time."
    if not alone.attainable:
        return f"The {name} is {limit}, but the {need.format(alone.path)}."
    one = "costs ${0.usd:.6g}, takes {0.wall_seconds:.3g} s and reaches quality {0.quality:.3g}"
    return f"Under the {name} of {limit} alone the cheapest path {one.format(alone.path)}."


def figures(found: Solution) -> dict[str, Any]:
    """A solution as JSON has it."""
    return {
        "choices": dict(found.choices),
        "plan": found.plan,
        "usd": found.usd,
        "tool_seconds": found.tool_seconds,
        "wall_seconds": found.wall_seconds,
        "quality": found.quality,
        "objective": found.objective,
        "gap": found.gap,
    }
