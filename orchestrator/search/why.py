"""Why a plan's path was chosen, the front it lies on, and what else there was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan, SubTask
from orchestrator.search.explain import ALPHAS, Explanation, explain
from orchestrator.search.front import front
from orchestrator.search.paths import (
    NONE_DONE,
    Done,
    Pair,
    Question,
    nothing_open,
    path_of,
    problem_of,
    solved,
)
from orchestrator.search.problem import Infeasible, Solution
from orchestrator.search.refusal import figures, refusal
from orchestrator.search.task import prepare


def choose_on_front(
    plan: Plan, *, preference: Preference, budget: Budget, time_limit: float = 1.0
) -> tuple[Path, list[dict[str, Any]]]:
    """The best path of a plan of which nothing is done, and the front it lies on, JSON-ready.

    The front is ordered by weighted cost. Raises what `choose` raises.
    """
    asked = Question(plan, preference, budget, time_limit=time_limit)
    found = solved(asked)
    problem, out = problem_of(asked)
    task = prepare(problem, preference, budget, unit=found.unit, forbidden=out)
    points = front(task, until=perf_counter() + time_limit)
    return path_of(asked, found, 1), [figures(point) for point in points]


def explain_plan(
    plan: Plan,
    *,
    preference: Preference,
    budget: Budget,
    ruled_out: frozenset[Pair] = frozenset(),
    done: Mapping[str, Done] = NONE_DONE,
    elapsed: float = 0.0,
    sunk_usd: float = 0.0,
    unit: float | None = None,
    time_limit: float = 1.0,
) -> dict[str, Any]:
    """Why this path: JSON-ready. Several searches are made, none of them executed.

    `subtasks` with every option's believed usd, seconds, quality and n, and whether it is chosen;
    `chosen`; `runner_up` (the search with the winner forbidden) and `margin`, the share by which
    its objective is worse; `front`; `alternatives` at alpha 0, 0.5, 1 and 2; `stats`; `gap`.
    Raises what `choose` raises.
    """
    asked = Question(plan, preference, budget, ruled_out, done, elapsed, sunk_usd, unit, time_limit)
    told = _explained(asked)
    best = told.chosen
    return {
        "subtasks": [_options(s, asked, best.choices) for s in plan.subtasks],
        "chosen": figures(best),
        "runner_up": figures(told.runner_up) if told.runner_up else None,
        "margin": told.margin,
        "front": [figures(point) for point in told.front],
        "alternatives": [_alternative(alpha, told.preferred.get(alpha)) for alpha in ALPHAS],
        "stats": dataclasses.asdict(best.stats),
        "gap": best.gap,
    }


def _explained(asked: Question) -> Explanation:
    problem, out = problem_of(asked)
    if not problem.nodes:
        only = nothing_open(asked, problem)
        return Explanation(only, (), None, None, (only,), dict.fromkeys(ALPHAS, only))
    found = explain(
        problem,
        preference=asked.preference,
        budget=asked.budget,
        time_limit=asked.time_limit,
        unit=asked.unit,
        forbidden=out,
    )
    if isinstance(found, Infeasible):
        raise refusal(found, asked.plan, budget=asked.budget, settled=asked.done)
    return found


def _options(subtask: SubTask, asked: Question, choices: Mapping[str, str]) -> dict[str, Any]:
    settled = asked.done.get(subtask.id)
    chosen = settled.option if settled else choices.get(subtask.id)
    return {
        "id": subtask.id,
        "goal": subtask.goal,
        "type": subtask.type,
        "options": [
            {
                "id": option.id,
                "tools": [f"{call.tool}@{call.version}" for call in option.calls],
                **dataclasses.asdict(option.estimate),
                "chosen": option.id == chosen,
                "ruled_out": (subtask.id, option.id) in asked.ruled_out,
            }
            for option in subtask.options
        ],
    }


def _alternative(alpha: float, found: Solution | None) -> dict[str, Any]:
    return {"alpha": alpha, "path": figures(found) if found else None}
