"""Between a stored plan and the pure search: the best path, what stands in its way, and why it was chosen."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Option, Plan, SubTask
from orchestrator.errors import BudgetTooSmall, NoOptionLeft
from orchestrator.search.problem import Alone, Choice, Infeasible, Node, Problem, Solution, Sunk
from orchestrator.search.solve import solve

#: Name of the one plan of a problem whose plan holds no merged candidates.
ONLY = "only"
#: A call is named as risky when less than this is behind its belief, or when its quality is lower.
KNOWN, GOOD = 2.0, 0.5
#: Risky calls that a quote names.
MOST_NAMED = 10

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """A sub-task already done or claimed.

    `usd`, `seconds` and `quality` are what it took and how it was judged; while it runs
    (`finished` false) they are its estimate, and `seconds` is taken as still to come.
    """

    option: str
    usd: float
    seconds: float
    quality: float
    finished: bool


NONE_DONE: Mapping[str, Done] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """A plan, what it is asked under, and what is settled: everything one search is made of."""

    plan: Plan
    preference: Preference
    budget: Budget
    ruled_out: frozenset[Pair] = frozenset()
    done: Mapping[str, Done] = field(default_factory=dict)
    elapsed: float = 0.0
    sunk_usd: float = 0.0
    unit: float | None = None
    time_limit: float = 1.0


def choose(
    plan: Plan,
    *,
    preference: Preference,
    budget: Budget,
    ruled_out: frozenset[Pair] = frozenset(),
    done: Mapping[str, Done] = NONE_DONE,
    elapsed: float = 0.0,
    sunk_usd: float = 0.0,
    unit: float | None = None,
    version: int = 1,
    time_limit: float = 1.0,
) -> Path:
    """The best path through a plan whose options have estimates; settled sub-tasks keep their option.

    `ruled_out` are (sub-task id, option id); `elapsed` the seconds since the run was accepted;
    `sunk_usd` money spent beside what `done` names; `unit` that of the run's first path. Raises
    NoOptionLeft when a sub-task has none, BudgetTooSmall when no path meets the limits.
    """
    asked = Question(plan, preference, budget, ruled_out, done, elapsed, sunk_usd, unit, time_limit)
    found = _solved(asked)
    return _path(asked, found, version)


def problem_of(asked: Question) -> tuple[Problem, frozenset[Pair]]:
    """The search problem over what is not settled, and the options that are out.

    A settled sub-task binds: plans that did not propose its option are out, and so are options
    in conflict with it. Raises NoOptionLeft.
    """
    plans = _plans_left(asked)
    out = asked.ruled_out | _clashing(asked.plan, asked.done)
    plans = _complete(asked, plans, out)
    open_ones = [s for s in asked.plan.subtasks if s.id not in asked.done]
    nodes = tuple(_node(s) for s in open_ones if not s.plans or set(s.plans) & set(plans))
    problem = Problem(nodes, frozenset(asked.plan.conflicts), plans, _sunk(asked))
    return problem, frozenset(pair for pair in out if pair[0] not in asked.done)


def _solved(asked: Question, *, without: Mapping[str, str] | None = None) -> Solution:
    problem, out = problem_of(asked)
    if not problem.nodes:
        return _nothing_open(asked, problem)
    found = solve(
        problem,
        preference=asked.preference,
        budget=asked.budget,
        time_limit=asked.time_limit,
        unit=asked.unit,
        forbidden=out,
        excluded=without,
    )
    if isinstance(found, Infeasible):
        raise _refusal(asked, found)
    return found


def _plans_left(asked: Question) -> dict[str, float]:
    """The merged plans that agree with everything settled, with their qualities."""
    plans = dict(asked.plan.plan_quality) or {ONLY: asked.plan.quality}
    for id, settled in asked.done.items():
        subtask = asked.plan.subtask(id)
        labels = set(subtask.plans) or set(plans)
        labels &= set(next((o.plans for o in subtask.options if o.id == settled.option), ())) or labels
        plans = {name: quality for name, quality in plans.items() if name in labels}
    if not plans:
        raise NoOptionLeft(next(iter(asked.done)))
    return plans


def _complete(asked: Question, plans: Mapping[str, float], out: frozenset[Pair]) -> dict[str, float]:
    """The plans of which every open sub-task has an option left. Raises NoOptionLeft."""
    short: dict[str, str] = {}
    for subtask in asked.plan.subtasks:
        if subtask.id in asked.done:
            continue
        for plan in set(subtask.plans) & set(plans) if subtask.plans else plans:
            left = (o for o in subtask.options if not o.plans or plan in o.plans)
            if all((subtask.id, option.id) in out for option in left):
                short.setdefault(plan, subtask.id)
    if len(short) == len(plans):
        raise NoOptionLeft(next(iter(short.values())))
    return {name: quality for name, quality in plans.items() if name not in short}


def _clashing(plan: Plan, done: Mapping[str, Done]) -> frozenset[Pair]:
    """Options of open sub-tasks that do not fit what is settled."""
    if not done or not plan.conflicts:
        return frozenset()
    signatures = {(s.id, o.signature) for s in plan.subtasks for o in s.options if _settled(s, o, done)}
    against = {b for a, b in plan.conflicts if a in signatures}
    against |= {a for a, b in plan.conflicts if b in signatures}
    return frozenset(
        (s.id, o.id)
        for s in plan.subtasks
        if s.id not in done
        for o in s.options
        if (s.id, o.signature) in against
    )


def _settled(subtask: SubTask, option: Option, done: Mapping[str, Done]) -> bool:
    return subtask.id in done and done[subtask.id].option == option.id


def _node(subtask: SubTask) -> Node:
    choices = tuple(
        Choice(
            option.id,
            option.estimate.usd,
            option.estimate.seconds,
            option.estimate.quality,
            option.signature,
            frozenset(option.plans),
        )
        for option in subtask.options
    )
    return Node(subtask.id, choices, subtask.needs, frozenset(subtask.plans))


def _sunk(asked: Question) -> Sunk:
    done = asked.done.values()
    return Sunk(
        usd=asked.sunk_usd + sum(one.usd for one in done),
        seconds=sum(one.seconds for one in done),
        quality=math.prod(one.quality for one in done),
        elapsed=asked.elapsed,
        finish={id: 0.0 if one.finished else one.seconds for id, one in asked.done.items()},
        subtasks=len(asked.done),
    )


def _nothing_open(asked: Question, problem: Problem) -> Solution:
    """Everything is settled: the figures are the sums of what is."""
    sunk = problem.sunk
    quality = sunk.quality * max(problem.plan_quality.values())
    wall = sunk.elapsed + max(sunk.finish.values(), default=0.0)
    cost = asked.preference.usd * sunk.usd + asked.preference.second * sunk.seconds
    unit = asked.unit or max(cost, 0.001 * max(sunk.subtasks, 1))
    alpha = asked.preference.alpha
    objective = (1 + cost / unit) ** alpha * (2 - quality) ** (2 - alpha)
    return Solution({}, "", sunk.usd, sunk.seconds, wall, quality, objective, 0.0, unit)


def _path(asked: Question, found: Solution, version: int) -> Path:
    settled = {id: one.option for id, one in asked.done.items()}
    chosen = settled | dict(found.choices)
    choices = {s.id: chosen[s.id] for s in asked.plan.subtasks if s.id in chosen}
    risk = {"figures": asked.preference.risk, "risky": _risky(asked.plan, found.choices)}
    quote = Quote(found.usd, found.tool_seconds, found.wall_seconds, found.quality, risk)
    stats = dataclasses.asdict(found.stats)
    return Path(version, choices, quote, found.objective, found.gap, found.unit, stats)


def _risky(plan: Plan, choices: Mapping[str, str]) -> list[dict[str, str]]:
    """The chosen calls of which little is known or much is doubted, each with the reason."""
    named = []
    for subtask in plan.subtasks:
        option = next((o for o in subtask.options if o.id == choices.get(subtask.id)), None)
        if option is None:
            continue
        why = []
        if option.estimate.n < KNOWN:
            why.append(f"only {option.estimate.n:.0f} observations")
        if option.estimate.quality < GOOD:
            why.append(f"believed quality {option.estimate.quality:.2f}")
        if why:
            named.append({"subtask": subtask.id, "option": option.id, "why": ", ".join(why)})
    return named[:MOST_NAMED]


# --- when nothing meets the limits --------------------------------------------------------------


def _refusal(asked: Question, found: Infeasible) -> BudgetTooSmall | NoOptionLeft:
    budget = asked.budget
    if budget.usd is None and budget.seconds is None and not budget.min_quality:
        crossed = sorted({id for pair in asked.plan.conflicts for id, _ in pair} - set(asked.done))
        return NoOptionLeft(crossed[0] if crossed else asked.plan.subtasks[0].id)
    cheapest = {alone.limit: _alone(asked, alone) for alone in found.alone}
    words = [_alone_words(asked, alone) for alone in found.alone]
    return BudgetTooSmall(" ".join([found.reason, *words]), cheapest=cheapest)


def _alone(asked: Question, alone: Alone) -> dict[str, Any]:
    """One limit alone, as JSON has it: what was asked, and the cheapest or the nearest path."""
    limit = {
        "usd": asked.budget.usd and str(asked.budget.usd),
        "seconds": asked.budget.seconds,
        "quality": asked.budget.min_quality,
    }[alone.limit]
    path = figures(alone.path) if alone.path else None
    return {"limit": limit, "attainable": alone.attainable, "path": path}


def _alone_words(asked: Question, alone: Alone) -> str:
    name, limit, need = {
        "usd": ("budget", f"${asked.budget.usd}", "cheapest path costs ${0.usd:.6g}"),
        "seconds": ("deadline", f"{asked.budget.seconds} s", "fastest path takes {0.wall_seconds:.3g} s"),
        "quality": (
            "quality floor",
            f"{asked.budget.min_quality}",
            "best path reaches quality {0.quality:.3g}",
        ),
    }[alone.limit]
    if alone.path is None:
        return f"For the {name} of {limit} alone no path was found in time."
    if not alone.attainable:
        return f"The {name} is {limit}, but the {need.format(alone.path)}."
    one = "costs ${0.usd:.6g}, takes {0.wall_seconds:.3g} s and reaches quality {0.quality:.3g}"
    return f"Under the {name} of {limit} alone the cheapest path {one.format(alone.path)}."


# --- explain ------------------------------------------------------------------------------------


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
    best = _solved(asked)
    asked = dataclasses.replace(asked, unit=best.unit)
    second = _attempt(asked, without=best.choices)
    margin = second.objective / best.objective - 1 if second else None
    return {
        "subtasks": [_options(s, asked, best.choices) for s in plan.subtasks],
        "chosen": figures(best),
        "runner_up": figures(second) if second else None,
        "margin": margin,
        "front": [figures(point) for point in _front(asked)],
        "alternatives": [_alternative(asked, alpha) for alpha in (0.0, 0.5, 1.0, 2.0)],
        "stats": dataclasses.asdict(best.stats),
        "gap": best.gap,
    }


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


def _attempt(asked: Question, *, without: Mapping[str, str] | None = None) -> Solution | None:
    """A search of which nothing is promised; None where it finds no path."""
    try:
        return _solved(asked, without=without)
    except (BudgetTooSmall, NoOptionLeft):
        return None


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


def _alternative(asked: Question, alpha: float) -> dict[str, Any]:
    other = dataclasses.replace(asked, preference=dataclasses.replace(asked.preference, alpha=alpha))
    found = _attempt(other)
    return {"alpha": alpha, "path": figures(found) if found else None}


def _front(asked: Question) -> list[Solution]:
    """Paths of which none is cheaper and better than another, cheapest first: those some alpha prefers."""
    points: list[Solution] = []
    for alpha in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0):
        preference = dataclasses.replace(asked.preference, alpha=alpha)
        found = _attempt(dataclasses.replace(asked, preference=preference))
        points += [found] if found else []
    return undominated(points, preference=asked.preference)


def undominated(points: Iterable[Solution], *, preference: Preference) -> list[Solution]:
    """The points that no other beats in both weighted cost and quality, cheapest first."""

    def cost(point: Solution) -> float:
        return preference.usd * point.usd + preference.second * point.tool_seconds

    kept: list[Solution] = []
    for point in _sorted(points, preference):
        if not kept or point.quality > kept[-1].quality * (1 + 1e-12):
            kept.append(point)
    return sorted(kept, key=cost)


def _sorted(points: Iterable[Solution], preference: Preference) -> Sequence[Solution]:
    return sorted(
        points, key=lambda p: (preference.usd * p.usd + preference.second * p.tool_seconds, -p.quality)
    )
