"""The entry: search, then answer, or say which limit stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search.answer import solution
from orchestrator.search.diagnose import diagnose
from orchestrator.search.gears import search
from orchestrator.search.problem import Infeasible, Problem, Solution
from orchestrator.search.task import prepare


def solve(
    problem: Problem,
    *,
    preference: Preference,
    budget: Budget,
    time_limit: float = 1.0,
    unit: float | None = None,
    forbidden: frozenset[tuple[str, str]] = frozenset(),
    excluded: Mapping[str, str] | None = None,
) -> Solution | Infeasible:
    """Return the path of least G within the limits, with a proven gap (0: optimal).

    `forbidden` are (sub-task id, choice id) options ruled out; `excluded` one whole path that must
    not be returned. `unit` is handed back from an earlier Solution when a run searches again.
    After about `time_limit` seconds the best path so far is returned with its gap. Raises
    ValueError when the sub-tasks wait for each other in a circle.
    """
    began = perf_counter()
    task = prepare(problem, preference, budget, unit=unit, forbidden=forbidden)
    ban = dict(excluded) if excluded is not None else None
    found = search(task, ban, began + time_limit)
    if found.incumbent.network is not None:
        return solution(task, found, began)
    return diagnose(task, found, began=began, until=began + 2 * time_limit)
