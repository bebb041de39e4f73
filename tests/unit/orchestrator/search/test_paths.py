"""Paths through stored plans: what is settled binds, what is ruled out stays out, refusals say why."""

from __future__ import annotations

import itertools
import json
import math
import random
from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.errors import BudgetTooSmall, NoOptionLeft
from orchestrator.search.paths import Done, choose
from orchestrator.search.why import choose_on_front, explain_plan

ANY = Preference()
FREE = Budget()


def option(id: str, usd: float, quality: float, *, seconds: float = 1.0, n: float = 9.0, **more) -> Option:
    return Option(id, (Call(id, 1, "hash"),), Estimate(usd, seconds, quality, n), **more)


def two_by_two(**more) -> Plan:
    """Two sub-tasks in a row, each with a cheap and a good option."""
    options = (option("good", 0.1, 0.95), option("cheap", 0.01, 0.6))
    subtasks = (SubTask("a", "do a", "job", options), SubTask("b", "do b", "job", options, needs=("a",)))
    return Plan("plan_1", subtasks, "given", **more)


def test_quality_alone_takes_the_good_options_and_cost_alone_the_cheap_ones():
    good = choose(two_by_two(), preference=Preference(alpha=0), budget=FREE)
    cheap = choose(two_by_two(), preference=Preference(alpha=2), budget=FREE)
    assert dict(good.choices) == {"a": "good", "b": "good"}
    assert dict(cheap.choices) == {"a": "cheap", "b": "cheap"}
    assert good.quote.quality == pytest.approx(0.95**2)
    assert cheap.quote.usd == pytest.approx(0.02)
    assert cheap.quote.wall_seconds == pytest.approx(2.0)


def test_the_choice_equals_enumeration_on_random_plans():
    rng = random.Random(4)
    for _ in range(40):
        subtasks = tuple(
            SubTask(
                f"s{i}",
                "",
                "job",
                tuple(option(f"o{k}", rng.random() * 0.2, rng.uniform(0.3, 1.0)) for k in range(3)),
                needs=(f"s{i - 1}",) if i else (),
            )
            for i in range(4)
        )
        alpha = rng.choice([0.25, 0.5, 1.0, 1.5])
        path = choose(
            Plan("p", subtasks, "given"), preference=Preference(alpha=alpha, second=0.0), budget=FREE
        )
        best = min(
            (1 + sum(o.estimate.usd for o in picks) / path.unit) ** alpha
            * (2 - math.prod(o.estimate.quality for o in picks)) ** (2 - alpha)
            for picks in itertools.product(*(s.options for s in subtasks))
        )
        assert path.objective == pytest.approx(best)
        assert path.gap == 0


def test_what_is_done_keeps_its_option_and_counts_with_what_it_took():
    done = {"a": Done("cheap", usd=0.5, seconds=4.0, quality=0.9, finished=True)}
    path = choose(
        two_by_two(), preference=Preference(alpha=0), budget=FREE, done=done, elapsed=4.0, version=2
    )
    assert dict(path.choices) == {"a": "cheap", "b": "good"}
    assert path.version == 2
    assert path.quote.usd == pytest.approx(0.6)
    assert path.quote.quality == pytest.approx(0.9 * 0.95)
    assert path.quote.wall_seconds == pytest.approx(5.0)


def test_a_running_sub_task_delays_those_that_need_it():
    done = {"a": Done("good", usd=0.1, seconds=7.0, quality=0.9, finished=False)}
    path = choose(two_by_two(), preference=ANY, budget=FREE, done=done, elapsed=2.0)
    assert path.quote.wall_seconds == pytest.approx(10.0)


def test_when_everything_is_done_the_path_is_what_was_done():
    done = {id: Done("good", 0.1, 1.0, 0.9, True) for id in ("a", "b")}
    path = choose(two_by_two(), preference=ANY, budget=FREE, done=done, elapsed=3.0, sunk_usd=0.05)
    assert dict(path.choices) == {"a": "good", "b": "good"}
    assert path.quote.usd == pytest.approx(0.25)
    assert path.quote.wall_seconds == 3.0


def test_an_option_ruled_out_is_not_chosen_again():
    path = choose(
        two_by_two(), preference=Preference(alpha=0), budget=FREE, ruled_out=frozenset({("b", "good")})
    )
    assert dict(path.choices) == {"a": "good", "b": "cheap"}


def test_a_sub_task_without_options_left_is_named():
    out = frozenset({("b", "good"), ("b", "cheap")})
    with pytest.raises(NoOptionLeft) as refused:
        choose(two_by_two(), preference=ANY, budget=FREE, ruled_out=out)
    assert refused.value.subtask == "b"


def test_ruling_out_the_option_of_a_finished_sub_task_changes_nothing():
    done = {"a": Done("good", 0.1, 1.0, 0.9, True)}
    path = choose(two_by_two(), preference=ANY, budget=FREE, done=done, ruled_out=frozenset({("a", "good")}))
    assert path.choices["a"] == "good"


def test_the_unit_of_the_first_path_is_kept_when_handed_back():
    first = choose(two_by_two(), preference=ANY, budget=FREE)
    done = {"a": Done("good", 3.0, 1.0, 0.9, True)}
    assert choose(two_by_two(), preference=ANY, budget=FREE, done=done, unit=first.unit).unit == first.unit


def test_a_budget_too_small_says_what_the_cheapest_path_costs():
    with pytest.raises(
        BudgetTooSmall, match=r"The budget is \$0.005, but the cheapest path costs \$0.02"
    ) as no:
        choose(two_by_two(), preference=ANY, budget=Budget(usd=Decimal("0.005")))
    assert no.value.cheapest["usd"]["attainable"] is False
    assert no.value.cheapest["usd"]["path"]["usd"] == pytest.approx(0.02)
    json.dumps(no.value.cheapest)


def test_a_deadline_that_no_path_meets_says_how_long_the_fastest_takes():
    with pytest.raises(BudgetTooSmall, match=r"The deadline is 1.5 s, but the fastest path takes 2 s"):
        choose(two_by_two(), preference=ANY, budget=Budget(seconds=1.5))


def test_limits_that_exclude_each_other_are_both_explained():
    with pytest.raises(BudgetTooSmall, match="no path meets all of them") as refused:
        choose(two_by_two(), preference=ANY, budget=Budget(usd=Decimal("0.05"), min_quality=0.8))
    assert set(refused.value.cheapest) == {"usd", "quality"}
    assert all(one["attainable"] for one in refused.value.cheapest.values())


def test_money_spent_beside_the_steps_counts_against_the_budget():
    budget = Budget(usd=Decimal("0.03"))
    assert choose(two_by_two(), preference=ANY, budget=budget).quote.usd == pytest.approx(0.02)
    with pytest.raises(BudgetTooSmall):
        choose(two_by_two(), preference=ANY, budget=budget, sunk_usd=0.02)


def clashing() -> Plan:
    """Two sub-tasks of which the good option of the one does not fit the good option of the other."""
    options = (option("good", 0.1, 0.95, signature="g"), option("cheap", 0.01, 0.6))
    subtasks = (SubTask("a", "", "job", options), SubTask("b", "", "job", options, needs=("a",)))
    return Plan("p", subtasks, "given", conflicts=((("a", "g"), ("b", "g")),))


def test_options_in_conflict_are_not_chosen_together():
    path = choose(clashing(), preference=Preference(alpha=0), budget=FREE)
    assert sorted(path.choices.values()) == ["cheap", "good"]


def test_what_is_settled_rules_out_what_does_not_fit_it():
    done = {"a": Done("good", 0.1, 1.0, 0.95, True)}
    assert choose(clashing(), preference=Preference(alpha=0), budget=FREE, done=done).choices["b"] == "cheap"
    with pytest.raises(NoOptionLeft):
        choose(clashing(), preference=ANY, budget=FREE, done=done, ruled_out=frozenset({("b", "cheap")}))


def merged() -> Plan:
    """A sub-task that two plans share, and one that each has for itself; the second plan is better."""
    subtasks = (
        SubTask("a", "", "job", (option("x", 0.01, 0.9),)),
        SubTask("b", "", "job", (option("x", 0.01, 0.9),), needs=("a",), plans=("p1",)),
        SubTask("c", "", "job", (option("x", 0.01, 0.99),), needs=("a",), plans=("p2",)),
    )
    return Plan("p", subtasks, "llm", quality=0.9, plan_quality={"p1": 0.9, "p2": 0.9})


def test_a_path_goes_through_one_of_the_merged_plans():
    path = choose(merged(), preference=ANY, budget=FREE)
    assert dict(path.choices) == {"a": "x", "c": "x"}
    assert path.quote.quality == pytest.approx(0.9 * 0.9 * 0.99)


def test_a_sub_task_that_is_done_binds_the_plan_it_belongs_to():
    done = {"b": Done("x", 0.01, 1.0, 0.9, True)}
    assert set(choose(merged(), preference=ANY, budget=FREE, done=done).choices) == {"a", "b"}


def test_another_merged_plan_serves_when_one_has_no_option_left():
    path = choose(merged(), preference=ANY, budget=FREE, ruled_out=frozenset({("c", "x")}))
    assert set(path.choices) == {"a", "b"}


def test_the_quote_names_the_calls_of_which_little_is_known():
    subtasks = (SubTask("a", "", "job", (option("new", 0.0, 0.9, n=1.0),)),)
    path = choose(Plan("p", subtasks, "given"), preference=Preference(risk="conservative"), budget=FREE)
    assert path.quote.risk["figures"] == "conservative"
    assert [one["option"] for one in path.quote.risk["risky"]] == ["new"]


def test_explain_tells_the_options_the_runner_up_and_what_other_preferences_would_choose():
    told = explain_plan(two_by_two(), preference=Preference(alpha=1.0), budget=FREE)
    json.dumps(told)
    chosen = {s["id"]: [o["id"] for o in s["options"] if o["chosen"]] for s in told["subtasks"]}
    assert chosen == {id: [option] for id, option in told["chosen"]["choices"].items()}
    assert told["runner_up"]["choices"] != told["chosen"]["choices"]
    assert told["margin"] >= 0
    assert [one["alpha"] for one in told["alternatives"]] == [0.0, 0.5, 1.0, 2.0]
    assert told["alternatives"][0]["path"]["quality"] >= told["alternatives"][-1]["path"]["quality"]
    costs = [point["usd"] for point in told["front"]]
    qualities = [point["quality"] for point in told["front"]]
    assert costs == sorted(costs)
    assert qualities == sorted(qualities)


def test_explain_after_everything_is_done_has_one_path():
    done = {id: Done("good", 0.1, 1.0, 0.9, True) for id in ("a", "b")}
    told = explain_plan(two_by_two(), preference=ANY, budget=FREE, done=done)
    assert told["runner_up"] is None
    assert [o["chosen"] for o in told["subtasks"][0]["options"]] == [True, False]


def test_the_front_that_comes_with_a_choice_holds_it_and_is_that_of_the_explanation():
    for alpha in (0.0, 1.0, 2.0):
        asked = Preference(alpha=alpha)
        path, front = choose_on_front(two_by_two(), preference=asked, budget=FREE)
        assert path.choices == choose(two_by_two(), preference=asked, budget=FREE).choices
        told = explain_plan(two_by_two(), preference=asked, budget=FREE)["front"]
        assert [point["choices"] for point in front] == [point["choices"] for point in told]
        assert dict(path.choices) in [point["choices"] for point in front]
    with pytest.raises(BudgetTooSmall):
        choose_on_front(two_by_two(), preference=ANY, budget=Budget(usd=Decimal("0.001")))
