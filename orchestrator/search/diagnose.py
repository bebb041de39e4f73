"""When no path meets the limits: which limit stands in the way, and what each alone would allow."""

from __future__ import annotations

import dataclasses
import math
from time import perf_counter

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search.answer import solution
from orchestrator.search.gears import Found, search
from orchestrator.search.problem import Alone, Infeasible, Solution
from orchestrator.search.task import Task, prepare

_NAMES = {"usd": "the budget", "seconds": "the deadline", "quality": "the quality floor"}


def diagnose(task: Task, found: Found, *, began: float, until: float) -> Infeasible:
    """Explain a search that found nothing; may use the time until `until` for it."""
    proven = math.isinf(found.lower)
    if not task.networks:
        reason, alone = "No combination of options fits together.", list[Alone]()
    else:
        alone = [_alone(task, name, budget, until) for name, budget in _single(task.budget)]
        reason = _reason(alone, proven=proven)
    return Infeasible(
        reason=reason,
        limits=tuple(a.limit for a in alone if not a.attainable),
        alone=tuple(alone),
        proven=proven,
        stats=dataclasses.replace(found.stats, milliseconds=(perf_counter() - began) * 1e3),
    )


def _single(budget: Budget) -> list[tuple[str, Budget]]:
    each = [
        ("usd", budget.usd is not None, Budget(usd=budget.usd)),
        ("seconds", budget.seconds is not None, Budget(seconds=budget.seconds)),
        ("quality", bool(budget.min_quality), Budget(min_quality=budget.min_quality)),
    ]
    return [(name, one) for name, given, one in each if given]


def _reason(alone: list[Alone], *, proven: bool) -> str:
    beyond = [_NAMES[a.limit] for a in alone if not a.attainable]
    if beyond:
        return f"No path meets {' or '.join(beyond)}. Raise what is named, or ask for less."
    if not alone:
        return "No path was found. Allow another option, or more time to search."
    if proven:
        return "Each limit can be met alone, but no path meets all of them. Relax one."
    return "No path that meets all limits was found in time. Relax one, or allow more time."


def _alone(task: Task, name: str, budget: Budget, until: float) -> Alone:
    """Find the cheapest path under one limit, or the path that comes nearest to it."""
    path = _attempt(task, dataclasses.replace(task.preference, alpha=2.0), budget, until)
    if path is not None:
        return Alone(name, attainable=True, path=path)
    if name == "seconds":
        return Alone(name, attainable=False, path=_fastest(task, until))
    nearest = Preference(alpha=2.0, usd=1.0, second=0.0)
    if name == "quality":
        nearest = dataclasses.replace(task.preference, alpha=0.0)
    return Alone(name, attainable=False, path=_attempt(task, nearest, Budget(), until))


def _attempt(task: Task, preference: Preference, budget: Budget, until: float) -> Solution | None:
    began = perf_counter()
    same = preference.usd == task.preference.usd and preference.second == task.preference.second
    unit = task.unit if same else None
    one = prepare(task.problem, preference, budget, unit=unit, forbidden=task.forbidden)
    found = search(one, None, until)
    return solution(one, found, began) if found.incumbent.network is not None else None


def _fastest(task: Task, until: float) -> Solution | None:
    """Tighten the deadline below the best path until none is left."""
    haste = Preference(alpha=2.0, usd=0.0, second=1.0)
    path = _attempt(task, haste, Budget(), until)
    while path is not None and perf_counter() < until:
        sooner = Budget(seconds=path.wall_seconds - 1e-6 * max(1.0, path.wall_seconds))
        better = _attempt(task, haste, sooner, until)
        if better is None:
            break
        path = better
    return path
