"""Why this path: every option with its figures, the runner-up, the front, and other preferences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search.front import front
from orchestrator.search.problem import Infeasible, Problem, Solution
from orchestrator.search.solve import solve
from orchestrator.search.task import prepare

#: The preferences whose choice is shown beside the chosen path.
ALPHAS = (0.0, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Offer:
    """One option of one sub-task as it entered the search. `open` tells that it was not ruled out."""

    node: str
    choice: str
    usd: float
    seconds: float
    quality: float
    chosen: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the search can say for its answer.

    `margin` is the share by which the objective of the runner-up (the search again with the
    winner excluded) is worse; both are None when there is no other path within the limits.
    `front` is ordered by weighted cost. `preferred` gives for other alphas what they would have
    chosen, in the same unit; an alpha without a path in time is missing.
    """

    chosen: Solution
    offers: tuple[Offer, ...]
    runner_up: Solution | None
    margin: float | None
    front: tuple[Solution, ...]
    preferred: Mapping[float, Solution]


def explain(
    problem: Problem,
    *,
    preference: Preference,
    budget: Budget,
    time_limit: float = 1.0,
    unit: float | None = None,
    forbidden: frozenset[tuple[str, str]] = frozenset(),
    front_size: int = 40,
) -> Explanation | Infeasible:
    """Search and explain; nothing is executed. Each of the seven searches takes `time_limit` at most.

    Arguments as in `solve`; `front_size` bounds the number of points of the front.
    """
    best = solve(
        problem,
        preference=preference,
        budget=budget,
        time_limit=time_limit,
        unit=unit,
        forbidden=forbidden,
    )
    if isinstance(best, Infeasible):
        return best

    def again(alpha: float, excluded: Mapping[str, str] | None = None) -> Solution | None:
        found = solve(
            problem,
            preference=dataclasses.replace(preference, alpha=alpha),
            budget=budget,
            time_limit=time_limit,
            unit=best.unit,
            forbidden=forbidden,
            excluded=excluded,
        )
        return found if isinstance(found, Solution) else None

    second = again(preference.alpha, best.choices) if best.choices else None
    others = {alpha: best if alpha == preference.alpha else again(alpha) for alpha in ALPHAS}
    task = prepare(problem, preference, budget, unit=best.unit, forbidden=forbidden)
    return Explanation(
        chosen=best,
        offers=tuple(_offers(problem, best, forbidden)),
        runner_up=second,
        margin=second.objective / best.objective - 1 if second is not None else None,
        front=tuple(front(task, size=front_size, until=perf_counter() + time_limit)),
        preferred={alpha: path for alpha, path in others.items() if path is not None},
    )


def _offers(problem: Problem, best: Solution, forbidden: frozenset[tuple[str, str]]) -> list[Offer]:
    return [
        Offer(
            node.id,
            choice.id,
            choice.usd,
            choice.seconds,
            choice.quality,
            chosen=best.choices.get(node.id) == choice.id,
            open=(node.id, choice.id) not in forbidden,
        )
        for node in problem.nodes
        for choice in node.choices
    ]
