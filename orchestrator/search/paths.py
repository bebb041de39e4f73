"""Between a stored plan and the pure search: the best path, and what stands in its way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Option, Plan, SubTask
from orchestrator.errors import NoOptionLeft
from orchestrator.search.problem import Choice, Infeasible, Node, Problem, Solution, Sunk
from orchestrator.search.refusal import refusal
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
    found = solved(asked)
    return path_of(asked, found, version)


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


def solved(asked: Question) -> Solution:
    problem, out = problem_of(asked)
    if not problem.nodes:
        return nothing_open(asked, problem)
    found = solve(
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


def nothing_open(asked: Question, problem: Problem) -> Solution:
    """Everything is settled: the figures are the sums of what is."""
    sunk = problem.sunk
    quality = sunk.quality * max(problem.plan_quality.values())
    wall = sunk.elapsed + max(sunk.finish.values(), default=0.0)
    cost = asked.preference.usd * sunk.usd + asked.preference.second * sunk.seconds
    unit = asked.unit or max(cost, 0.001 * max(sunk.subtasks, 1))
    alpha = asked.preference.alpha
    objective = (1 + cost / unit) ** alpha * (2 - quality) ** (2 - alpha)
    return Solution({}, "", sunk.usd, sunk.seconds, wall, quality, objective, 0.0, unit)


def path_of(asked: Question, found: Solution, version: int) -> Path:
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
