"""The search on the published tool tables of CoSTA*: seconds and quality of real image tools."""

from __future__ import annotations

import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import Choice, Conflict, Infeasible, Node, Problem, Solution, solve
from tests.unit.orchestrator.search.cases import ALPHAS, every_path, objective, unit_of, within

PREFERENCE = Preference(usd=0.0, second=1.0)  # the tables hold seconds, no money


def table(data: Path, name: str) -> Any:
    return json.loads((data / "data" / "costar" / name).read_text(encoding="utf-8"))


def tools_by_subtask(data: Path) -> dict[str, tuple[Choice, ...]]:
    figures = table(data, "bt.json")
    found: dict[str, list[Choice]] = {}
    for row in table(data, "mdt.json")["mdt"]:
        for subtask in (s.strip() for s in row["Tasks Supported"].split(",")):
            tool = row["Model"]
            special = figures["per_tool_subtask"].get(tool, {}).get(subtask)
            general = figures["per_tool"].get(tool)
            if special is None and general is None:
                continue
            seconds, quality = special or (general["C"], general["Q"])
            found.setdefault(subtask, []).append(Choice(tool, 0.0, seconds, quality, tool))
    return {subtask: tuple(choices) for subtask, choices in found.items()}


def demo(data: Path) -> Problem:
    """The published example chain, from its own file."""
    tools = tools_by_subtask(data)
    rows = table(data, "fastar_Chain.json")["subtask_chain"]
    names = [re.sub(r"\s*\(.*$", "", row["subtask"]) for row in rows]
    nodes = tuple(
        Node(row["subtask"], tools[name], tuple(row["parent"])) for row, name in zip(rows, names, strict=True)
    )
    return Problem(nodes)


def drawn(data: Path, rng: random.Random) -> Problem:
    """Up to six random sub-tasks in a random DAG; some neighbours must not share a kind of tool."""
    tools = tools_by_subtask(data)
    names = rng.choices(sorted(tools), k=rng.randint(2, 6))
    nodes = []
    for i, name in enumerate(names):
        needs = tuple(f"s{j}" for j in sorted(rng.sample(range(i), min(i, rng.randint(0, 2)))))
        more = tuple(c for c in rng.choice(sorted(tools.values(), key=str)) if rng.random() < 0.7)
        choices = {c.id: c for c in (*tools[name], *more)}
        nodes.append(Node(f"s{i}", tuple(choices.values()), needs))
    pairs = [(need, node) for node in nodes for need in node.needs]
    shown = {node.id: [c.signature for c in node.choices] for node in nodes}
    conflicts: set[Conflict] = set()
    for need, node in pairs:
        for left, right in itertools.product(shown[need], shown[node.id]):
            if rng.random() < 0.2:
                conflicts.add(((need, left), (node.id, right)))
    return Problem(tuple(nodes), frozenset(conflicts))


def check(problem: Problem, alpha: float, budget: Budget) -> None:
    preference = Preference(alpha=alpha, usd=PREFERENCE.usd, second=PREFERENCE.second)
    paths = list(every_path(problem, preference))
    good = [p for p in paths if within(p, budget)]
    answer = solve(problem, preference=preference, budget=budget, time_limit=60)
    if not good:
        assert isinstance(answer, Infeasible)
        return
    assert isinstance(answer, Solution)
    least = min(objective(p, alpha, unit_of(problem, paths)) for p in good)
    assert answer.objective == pytest.approx(least)
    assert answer.gap == 0


@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_published_example_is_solved_exactly(bench_data: Path, alpha: float) -> None:
    check(demo(bench_data), alpha, Budget())
    check(demo(bench_data), alpha, Budget(min_quality=0.9))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_random_requests_over_the_published_tools_equal_enumeration(bench_data: Path, alpha: float) -> None:
    rng = random.Random(f"costar {alpha}")
    for _ in range(12):
        problem = drawn(bench_data, rng)
        check(problem, alpha, Budget())
        check(problem, alpha, Budget(seconds=rng.uniform(5, 40)))
        check(problem, alpha, Budget(min_quality=rng.uniform(0.5, 1.0)))
