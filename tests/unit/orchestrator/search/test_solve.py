"""The search against plain enumeration: every shape, every preference, every limit."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import Choice, Infeasible, Node, Problem, Solution, Sunk, solve
from tests.unit.orchestrator.search.cases import (
    ALPHAS,
    SHAPES,
    every_path,
    objective,
    random_budget,
    random_problem,
    unit_of,
    within,
)

LIMITS = ("none", "usd", "seconds", "quality", "all")


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_answer_equals_enumeration(shape: str, alpha: float, limit: str) -> None:
    rng = random.Random(f"{shape}{alpha}{limit}")
    preference = Preference(alpha=alpha)
    for _ in range(3):
        problem = random_problem(rng, shape, nodes=rng.randint(1, 5), choices=rng.randint(1, 4))
        paths = list(every_path(problem, preference))
        budget = random_budget(rng, paths, limit) if paths else Budget()
        good = [p for p in paths if within(p, budget)]
        answer = solve(problem, preference=preference, budget=budget, time_limit=60)
        if not good:
            assert isinstance(answer, Infeasible)
            assert answer.proven
            continue
        assert isinstance(answer, Solution)
        unit = unit_of(problem, paths)
        mine = next(p for p in good if p.choices == answer.choices and p.plan == answer.plan)
        assert answer.gap == 0
        assert answer.unit == pytest.approx(unit)
        assert answer.objective == pytest.approx(min(objective(p, alpha, unit) for p in good))
        assert answer.objective == pytest.approx(objective(mine, alpha, unit))
        assert (answer.usd, answer.tool_seconds) == pytest.approx((mine.usd, mine.tool))
        assert (answer.wall_seconds, answer.quality) == pytest.approx((mine.wall, mine.quality))


@pytest.mark.parametrize("limit", ["none", "all"])
@pytest.mark.parametrize("shape", SHAPES)
def test_with_the_winner_excluded_the_runner_up_equals_enumeration(shape: str, limit: str) -> None:
    rng = random.Random(f"{shape}{limit}")
    for _ in range(6):
        alpha = rng.choice(ALPHAS)
        preference = Preference(alpha=alpha)
        problem = random_problem(rng, shape, nodes=rng.randint(1, 4), choices=rng.randint(1, 4))
        paths = list(every_path(problem, preference))
        budget = random_budget(rng, paths, limit) if paths else Budget()
        first = solve(problem, preference=preference, budget=budget, time_limit=60)
        if isinstance(first, Infeasible):
            continue
        second = solve(problem, preference=preference, budget=budget, time_limit=60, excluded=first.choices)
        others = [p for p in paths if p.choices != first.choices and within(p, budget)]
        if not others:
            assert isinstance(second, Infeasible)
            continue
        assert isinstance(second, Solution)
        least = min(objective(p, alpha, first.unit) for p in others)
        assert second.objective == pytest.approx(least)


@pytest.mark.parametrize("limit", ["none", "usd", "seconds", "quality"])
@pytest.mark.parametrize("shape", SHAPES)
def test_raising_alpha_never_raises_cost_or_quality(shape: str, limit: str) -> None:
    rng = random.Random(f"{shape}{limit}rising")
    problem = random_problem(rng, shape, nodes=7, choices=6)
    budget = Budget()
    middle = solve(problem, preference=Preference(), budget=Budget())
    if isinstance(middle, Solution) and limit != "none":
        budget = {
            "usd": Budget(usd=Decimal(middle.usd)),
            "seconds": Budget(seconds=middle.wall_seconds),
            "quality": Budget(min_quality=middle.quality),
        }[limit]
    answers = [
        solve(problem, preference=Preference(alpha=alpha / 10), budget=budget, time_limit=60)
        for alpha in range(0, 21, 4)
    ]
    paths = [a for a in answers if isinstance(a, Solution)]
    costs = [a.usd + 0.0005 * a.tool_seconds for a in paths]
    qualities = [a.quality for a in paths]
    assert len(paths) in {0, len(answers)}
    assert all(b <= a * (1 + 1e-7) for a, b in itertools.pairwise(costs))
    assert all(b <= a * (1 + 1e-7) for a, b in itertools.pairwise(qualities))


def one(*choices: Choice, **more: object) -> Problem:
    return Problem((Node("n", choices),), **more)  # type: ignore[arg-type]


def test_a_nearly_free_tool_of_any_quality_does_not_beat_everything() -> None:
    problem = one(Choice("free", 0, 0, 0.05), Choice("good", 0.0004, 0, 0.99))
    answer = solve(problem, preference=Preference(), budget=Budget())
    assert isinstance(answer, Solution)
    assert answer.choices == {"n": "good"}
    assert answer.unit == 0.001


def test_equal_options_go_to_the_better_then_cheaper_then_first_named() -> None:
    same = [Choice(name, 0.01, 1, 0.9) for name in "cab"]
    answer = solve(one(*same), preference=Preference(), budget=Budget())
    assert isinstance(answer, Solution)
    assert answer.choices == {"n": "a"}
    dear = one(Choice("dear", 0.02, 1, 0.9), Choice("fair", 0.01, 1, 0.9))
    answer = solve(dear, preference=Preference(alpha=0), budget=Budget())
    assert isinstance(answer, Solution)
    assert answer.choices == {"n": "fair"}


def test_a_plan_that_leaves_work_out_pays_for_it_at_the_root() -> None:
    nodes = (
        Node("read", (Choice("r", 0.01, 1, 0.9),)),
        Node("check", (Choice("c", 0.01, 1, 0.9),), ("read",), frozenset({"whole"})),
    )
    both = Problem(nodes, plan_quality={"whole": 1.0, "part": 0.2})
    answer = solve(both, preference=Preference(alpha=0.5), budget=Budget())
    assert isinstance(answer, Solution)
    assert answer.plan == "whole"
    flattered = Problem(nodes, plan_quality={"whole": 1.0, "part": 1.0})
    answer = solve(flattered, preference=Preference(alpha=0.5), budget=Budget())
    assert isinstance(answer, Solution)
    assert (answer.plan, answer.choices) == ("part", {"read": "r"})


def test_parallel_branches_overlap_and_the_deadline_sees_the_critical_path() -> None:
    slow, fast = Choice("slow", 0.0, 10, 0.9), Choice("fast", 0.05, 3, 0.9)
    nodes = (
        Node("a", (slow, fast)),
        Node("b", (slow, fast)),
        Node("join", (Choice("j", 0.0, 5, 1.0),), ("a", "b")),
    )
    answer = solve(Problem(nodes), preference=Preference(), budget=Budget(seconds=15))
    assert isinstance(answer, Solution)
    assert answer.choices == {"a": "slow", "b": "slow", "join": "j"}
    assert (answer.wall_seconds, answer.tool_seconds) == (15, 25)
    answer = solve(Problem(nodes), preference=Preference(), budget=Budget(seconds=14.9))
    assert isinstance(answer, Solution)
    assert answer.choices == {"a": "fast", "b": "fast", "join": "j"}


def test_running_siblings_hold_back_what_waits_for_them() -> None:
    nodes = (Node("next", (Choice("slow", 0.0, 6, 0.9), Choice("fast", 0.01, 1, 0.9)), ("old",)),)
    sunk = Sunk(usd=0.5, seconds=7, quality=0.8, elapsed=10, finish={"old": 4.0}, subtasks=1)
    loose = solve(Problem(nodes, sunk=sunk), preference=Preference(), budget=Budget(seconds=20))
    assert isinstance(loose, Solution)
    assert (loose.choices, loose.wall_seconds) == ({"next": "slow"}, 20)
    assert (loose.usd, loose.tool_seconds) == (0.5, 13)
    assert loose.quality == pytest.approx(0.72)
    tight = solve(Problem(nodes, sunk=sunk), preference=Preference(), budget=Budget(seconds=19))
    assert isinstance(tight, Solution)
    assert tight.choices == {"next": "fast"}
    over = solve(Problem((), sunk=sunk), preference=Preference(), budget=Budget(seconds=13))
    assert isinstance(over, Infeasible)


def test_with_nothing_left_to_decide_the_sunk_part_is_the_answer() -> None:
    sunk = Sunk(usd=0.5, quality=0.8, subtasks=3)
    answer = solve(Problem((), sunk=sunk), preference=Preference(), budget=Budget())
    assert isinstance(answer, Solution)
    assert (answer.choices, answer.usd, answer.gap) == ({}, 0.5, 0)
    assert answer.quality == pytest.approx(0.8)


def test_a_unit_handed_back_keeps_the_scale_of_the_first_search() -> None:
    problem = one(Choice("a", 0.02, 0, 0.9), Choice("b", 0.01, 0, 0.8))
    first = solve(problem, preference=Preference(), budget=Budget())
    assert isinstance(first, Solution)
    again = solve(problem, preference=Preference(), budget=Budget(), unit=first.unit * 100)
    assert isinstance(again, Solution)
    assert again.unit == first.unit * 100
    assert again.choices == {"n": "a"}


def test_a_forbidden_option_is_not_taken() -> None:
    problem = one(Choice("a", 0.01, 0, 0.9), Choice("b", 0.02, 0, 0.8))
    answer = solve(problem, preference=Preference(), budget=Budget(), forbidden=frozenset({("n", "a")}))
    assert isinstance(answer, Solution)
    assert answer.choices == {"n": "b"}


def test_decimals_that_add_up_to_the_budget_are_within_it() -> None:
    nodes = tuple(Node(f"n{i}", (Choice("c", 0.1, 0, 0.9),)) for i in range(3))
    answer = solve(Problem(nodes), preference=Preference(), budget=Budget(usd=Decimal("0.3")))
    assert isinstance(answer, Solution)


def test_an_impossible_limit_is_named_with_the_nearest_path() -> None:
    problem = one(Choice("a", 0.02, 5, 0.9), Choice("b", 0.01, 9, 0.5))
    limits = Budget(usd=Decimal("0.005"), seconds=1, min_quality=0.95)
    answer = solve(problem, preference=Preference(), budget=limits)
    assert isinstance(answer, Infeasible)
    assert answer.limits == ("usd", "seconds", "quality")
    nearest = {a.limit: a.path.choices["n"] for a in answer.alone if a.path is not None}
    assert nearest == {"usd": "b", "seconds": "a", "quality": "a"}
    assert "the budget" in answer.reason


def test_limits_that_only_exclude_each_other_are_told_with_the_cheapest_for_each() -> None:
    problem = one(Choice("a", 0.02, 5, 0.9), Choice("b", 0.01, 9, 0.5))
    limits = Budget(usd=Decimal("0.015"), min_quality=0.8)
    answer = solve(problem, preference=Preference(), budget=limits)
    assert isinstance(answer, Infeasible)
    assert answer.limits == ()
    assert answer.proven
    assert [(a.limit, a.attainable, a.path and a.path.choices["n"]) for a in answer.alone] == [
        ("usd", True, "b"),
        ("quality", True, "a"),
    ]


def test_sub_tasks_without_a_fitting_combination_are_told_apart_from_limits() -> None:
    nodes = (
        Node("a", (Choice("x", 0, 1, 1, "csv"),)),
        Node("b", (Choice("y", 0, 1, 1, "json"),), ("a",)),
    )
    problem = Problem(nodes, frozenset({(("a", "csv"), ("b", "json"))}))
    answer = solve(problem, preference=Preference(), budget=Budget())
    assert isinstance(answer, Infeasible)
    assert answer.alone == ()
    assert "fits" in answer.reason


def test_sub_tasks_that_wait_for_each_other_are_refused() -> None:
    choice = Choice("c", 0, 1, 1)
    circle = Problem((Node("a", (choice,), ("b",)), Node("b", (choice,), ("a",))))
    with pytest.raises(ValueError, match=r"circle|cycle"):
        solve(circle, preference=Preference(), budget=Budget(seconds=9))


def test_out_of_time_it_returns_a_feasible_path_with_a_bound_that_holds() -> None:
    rng = random.Random(5)
    preference = Preference(alpha=0.5)
    for shape in ("chain", "fan", "dag"):
        problem = random_problem(rng, shape, nodes=5, choices=4)
        paths = list(every_path(problem, preference))
        budget = Budget(usd=Decimal(sorted(p.usd for p in paths)[len(paths) // 3]))
        answer = solve(problem, preference=preference, budget=budget, time_limit=0)
        best = min(objective(p, 0.5, unit_of(problem, paths)) for p in paths if within(p, budget))
        assert isinstance(answer, Solution)
        assert answer.objective >= best * (1 - 1e-9)
        assert answer.objective / (1 + answer.gap) <= best * (1 + 1e-9)
