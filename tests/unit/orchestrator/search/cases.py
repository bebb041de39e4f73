"""Random search problems of every shape, and the plain enumeration they are checked against."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import Choice, Conflict, Node, Problem, Sunk

ALPHAS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
SHAPES = ("free", "chain", "fan", "join", "dag", "plans")


@dataclass(frozen=True)
class Path:
    """One complete path of the enumeration; `weighted` is its cost before division by the unit."""

    plan: str
    choices: dict[str, str]
    usd: float
    tool: float
    wall: float
    quality: float
    weighted: float


def random_problem(rng: random.Random, shape: str, *, nodes: int, choices: int) -> Problem:
    needs = _needs(rng, shape, nodes)
    plans = ("a", "b", "c") if shape == "plans" else ()
    made = tuple(
        Node(
            f"n{i}",
            tuple(_choice(rng, f"c{k}", plans) for k in range(choices)),
            tuple(f"n{j}" for j in needs[i]),
            _some(rng, plans) if i else frozenset(),
        )
        for i in range(nodes)
    )
    conflicts = frozenset[Conflict]() if shape == "free" else _conflicts(rng, made)
    quality = {plan: rng.uniform(0.5, 1.0) for plan in plans}
    return Problem(made, conflicts, quality, _sunk(rng, made))


def _needs(rng: random.Random, shape: str, nodes: int) -> list[list[int]]:
    if shape == "chain":
        return [[i - 1] if i else [] for i in range(nodes)]
    if shape == "fan":
        return [[0] if i else [] for i in range(nodes)]
    if shape == "join":
        return [[] if i < nodes - 1 else list(range(nodes - 1)) for i in range(nodes)]
    return [sorted(rng.sample(range(i), min(i, rng.randint(0, 2)))) for i in range(nodes)]


def _choice(rng: random.Random, name: str, plans: tuple[str, ...]) -> Choice:
    quality = 1.0 if rng.random() < 0.1 else rng.uniform(0.3, 1.0)
    usd = rng.choice([0.0, rng.uniform(0.001, 0.1), rng.uniform(0.001, 0.1) * quality**3])
    seconds = rng.choice([rng.uniform(0.1, 20), float(rng.randint(1, 5))])
    return Choice(name, usd, seconds, quality, rng.choice("xyz"), _some(rng, plans))


def _some(rng: random.Random, plans: tuple[str, ...]) -> frozenset[str]:
    if not plans or rng.random() < 0.6:
        return frozenset()
    return frozenset(rng.sample(plans, rng.randint(1, len(plans))))


def _conflicts(rng: random.Random, nodes: tuple[Node, ...]) -> frozenset[Conflict]:
    pairs = [(node.id, need) for node in nodes for need in node.needs]
    for _ in range(2 if len(nodes) > 1 else 0):
        one, two = rng.sample([n.id for n in nodes], 2)
        pairs.append((one, two))
    return frozenset(
        ((one, left), (two, right))
        for one, two in pairs
        for left, right in itertools.product("xyz", repeat=2)
        if rng.random() < 0.25
    )


def _sunk(rng: random.Random, nodes: tuple[Node, ...]) -> Sunk:
    if rng.random() < 0.6:
        return Sunk()
    return Sunk(rng.uniform(0, 0.1), rng.uniform(0, 9), rng.uniform(0.5, 1), rng.uniform(0, 9), {}, 2)


def every_path(problem: Problem, preference: Preference) -> Iterator[Path]:
    """Enumerate all complete paths of all plans."""
    for plan, factor in (problem.plan_quality or {"": 1.0}).items():
        nodes = [n for n in problem.nodes if not n.plans or plan in n.plans]
        options = [[c for c in n.choices if not c.plans or plan in c.plans] for n in nodes]
        for picked in itertools.product(*options):
            shown = {(n.id, c.signature) for n, c in zip(nodes, picked, strict=True)}
            if any(a in shown and b in shown for a, b in problem.conflicts):
                continue
            yield _path(problem, preference, plan, factor, dict(zip(nodes, picked, strict=True)))


def _path(
    problem: Problem, preference: Preference, plan: str, factor: float, picked: dict[Node, Choice]
) -> Path:
    sunk = problem.sunk
    over: dict[str, float] = dict(sunk.finish)
    for node, choice in picked.items():  # the cases list sub-tasks after what they wait for
        over[node.id] = max([0.0, *(over.get(n, 0.0) for n in node.needs)]) + choice.seconds
    usd = sunk.usd + sum(c.usd for c in picked.values())
    tool = sunk.seconds + sum(c.seconds for c in picked.values())
    return Path(
        plan,
        {n.id: c.id for n, c in picked.items()},
        usd,
        tool,
        sunk.elapsed + max([0.0, *over.values()]),
        factor * sunk.quality * math.prod(c.quality for c in picked.values()),
        preference.usd * usd + preference.second * tool,
    )


def unit_of(problem: Problem, paths: list[Path]) -> float:
    return min(max(p.weighted, 0.001 * (len(p.choices) + problem.sunk.subtasks)) for p in paths)


def objective(path: Path, alpha: float, unit: float) -> float:
    return (1 + path.weighted / unit) ** alpha * (2 - path.quality) ** (2 - alpha)


def within(path: Path, budget: Budget) -> bool:
    return (
        (budget.usd is None or path.usd <= float(budget.usd) + 1e-12)
        and (budget.seconds is None or path.wall <= budget.seconds + 1e-12)
        and (budget.min_quality is None or path.quality >= budget.min_quality - 1e-12)
    )


def random_budget(rng: random.Random, paths: list[Path], which: str) -> Budget:
    """Limits that bite: each between the best and the worst that the paths reach."""

    def between(values: list[float]) -> float:
        return rng.choice(sorted(values)[: max(1, len(values) // 2)])

    usd = Decimal(between([p.usd for p in paths])) if which in ("usd", "all") else None
    seconds = between([p.wall for p in paths]) if which in ("seconds", "all") else None
    quality = -between([-p.quality for p in paths]) if which in ("quality", "all") else None
    return Budget(usd=usd, seconds=seconds, min_quality=quality)
