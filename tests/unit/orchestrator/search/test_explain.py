"""What the search says about its answer, against plain enumeration."""

from __future__ import annotations

import random

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import Choice, Explanation, Infeasible, Node, Problem, explain
from tests.unit.orchestrator.search.cases import SHAPES, every_path, random_problem, within


@pytest.mark.parametrize("shape", SHAPES)
def test_the_front_holds_exactly_the_paths_no_other_one_beats(shape: str) -> None:
    rng = random.Random(f"front {shape}")
    for _ in range(2):
        problem = random_problem(rng, shape, nodes=4, choices=3)
        paths = list(every_path(problem, Preference()))
        if not paths:
            continue
        budget = Budget(seconds=sorted(p.wall for p in paths)[len(paths) // 2])
        points = sorted((p.weighted, -p.quality) for p in paths if within(p, budget))
        want, best = [], 1.0
        for cost, quality in points:
            if quality < best - 1e-12:
                want.append((cost, -quality))
                best = quality
        told = explain(problem, preference=Preference(), budget=budget, front_size=1000)
        assert isinstance(told, Explanation)
        got = [(p.usd + 0.0005 * p.tool_seconds, p.quality) for p in told.front]
        assert len(got) == len(want)
        assert [x for pair in got for x in pair] == pytest.approx([x for pair in want for x in pair])


def test_a_great_front_is_bounded_and_keeps_its_ends() -> None:
    rng = random.Random(3)
    problem = random_problem(rng, "chain", nodes=12, choices=6)
    told = explain(problem, preference=Preference(), budget=Budget(), front_size=10)
    assert isinstance(told, Explanation)
    assert 2 < len(told.front) <= 10
    assert told.front[0].quality == pytest.approx(told.preferred[2.0].quality)
    assert told.front[-1].quality == pytest.approx(told.preferred[0.0].quality)


def test_every_option_is_shown_and_what_was_chosen_and_what_came_second() -> None:
    options = (Choice("a", 0.02, 1, 0.9), Choice("b", 0.01, 1, 0.5), Choice("c", 0.5, 9, 0.4))
    told = explain(
        Problem((Node("n", options),)),
        preference=Preference(alpha=0.5),
        budget=Budget(),
        forbidden=frozenset({("n", "c")}),
    )
    assert isinstance(told, Explanation)
    assert [(o.choice, o.chosen, o.open) for o in told.offers] == [
        ("a", True, True),
        ("b", False, True),
        ("c", False, False),
    ]
    assert told.runner_up is not None
    assert told.margin is not None
    assert told.runner_up.choices == {"n": "b"}
    assert told.margin == pytest.approx(told.runner_up.objective / told.chosen.objective - 1)
    assert {alpha: p.choices["n"] for alpha, p in told.preferred.items()} == {
        0.0: "a",
        0.5: "a",
        1.0: "b",
        2.0: "b",
    }


def test_a_single_path_has_no_runner_up() -> None:
    told = explain(
        Problem((Node("n", (Choice("a", 0.02, 1, 0.9),)),)), preference=Preference(), budget=Budget()
    )
    assert isinstance(told, Explanation)
    assert (told.runner_up, told.margin, len(told.front)) == (None, None, 1)


def test_impossible_limits_are_told_instead() -> None:
    problem = Problem((Node("n", (Choice("a", 0.02, 1, 0.9),)),))
    assert isinstance(explain(problem, preference=Preference(), budget=Budget(seconds=0.5)), Infeasible)
