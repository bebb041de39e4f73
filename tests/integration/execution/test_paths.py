"""Plans on the embedded service: what runs, what is tried again, and what is chosen instead."""

from __future__ import annotations

from decimal import Decimal

from orchestrator.domain.budget import Budget
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Ending, StepStatus
from tests.integration.execution.world import World, option, subtask


async def test_results_flow_along_references_into_a_join(world: World) -> None:
    wide = [
        subtask(f"w{n}", world.call("slow_add", x={"ref": "a.sum"}, y=n, seconds=0), needs=("a",))
        for n in range(20)
    ]
    join = world.call("echo", value=[{"ref": f"w{n}.sum"} for n in range(20)])
    run_id = await world.start(
        subtask("a", world.call("slow_add", x=1, y=1, seconds=0)),
        *wide,
        subtask("z", join, needs=tuple(f"w{n}" for n in range(20))),
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    assert view.steps[-1].output == {"value": [2.0 + n for n in range(20)]}
    assert all(len([a for a in view.attempts if a.step == step.id]) == 1 for step in view.steps)


async def test_a_flaky_tool_is_tried_again_and_every_attempt_is_kept(world: World) -> None:
    run_id = await world.start(subtask("a", world.call("flaky", key=str(world.marks), failures=2)))
    view = await world.ended(run_id)
    assert view.steps[0].output == {"calls": 3}
    assert [a.ending for a in view.attempts] == [Ending.RETRY, Ending.RETRY, Ending.SUCCEEDED]
    assert view.attempts[0].error is not None
    assert view.attempts[0].error["code"] == "server_fault"


async def test_a_poor_result_is_retried_once_then_another_option_is_taken(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.marking("mark", "a")),
        subtask(
            "b",
            option("poor", world.marking("graded", "poor", score=0.1), usd=0.0, quality=0.95),
            option("good", world.marking("mark", "good", after={"ref": "a.value"}), usd=5.0, quality=0.6),
            needs=("a",),
        ),
        subtask("c", world.marking("mark", "c", after={"ref": "b.value"}), needs=("b",)),
    )
    before = await world.services.beliefs.table((await world.services.catalog.entry("graded")).tool)
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    assert [len(world.called(name)) for name in ("a", "poor", "good", "c")] == [1, 2, 1, 1]
    poor, good = (next(s for s in view.steps if s.option == name) for name in ("poor", "good"))
    assert (poor.status, poor.revision, poor.arguments["score"]) == (StepStatus.LOW_QUALITY, 1, 0.2)
    assert (good.status, good.path_version) == (StepStatus.SUCCEEDED, 2)
    assert poor.usd == Decimal(2)
    assert view.run.spend.usd == Decimal(2)
    assert view.path is not None
    assert view.path.choices["b"] == "good"
    after = await world.services.beliefs.table((await world.services.catalog.entry("graded")).tool)
    quality = {belief.subtask_type: belief.quality for belief in after}
    assert quality["b"] < before[0].quality


async def test_a_failing_option_gives_way_to_another(world: World) -> None:
    run_id = await world.start(
        subtask(
            "a",
            option("first", world.marking("broken", "first")),
            option("second", world.marking("mark", "second"), quality=0.6),
        )
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    assert len(world.called("first")) == 1
    assert len(world.called("second")) == 1


async def test_a_chain_that_fails_half_way_gives_way_to_another(world: World) -> None:
    run_id = await world.start(
        subtask(
            "a",
            option("chain", world.marking("mark", "half"), world.marking("broken", "rest")),
            option("single", world.marking("mark", "whole"), quality=0.6),
        ),
        subtask("b", world.marking("mark", "b", after={"ref": "a.value"}), needs=("a",)),
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    assert [len(world.called(name)) for name in ("half", "rest", "whole", "b")] == [1, 1, 1, 1]


async def test_a_chain_hands_the_output_of_one_call_to_the_next(world: World) -> None:
    first = world.call("slow_add", x=20, y=1, seconds=0)
    second = world.call("slow_add", x={"ref": "@.sum"}, y={"ref": "@.sum"}, seconds=0)
    run_id = await world.start(subtask("a", option("chain", first, second)))
    view = await world.ended(run_id)
    assert view.steps[1].output == {"sum": 42}
    assert [step.key for step in view.steps] == ["a-part1", "a"]


async def test_without_another_option_the_run_fails_and_says_why(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.call("refuse", message="not like this")),
        subtask("b", world.marking("mark", "b", after={"ref": "a.x"}), needs=("a",)),
        subtask("c", world.marking("mark", "c", after={"ref": "b.x"}), needs=("b",)),
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.FAILED
    error = view.run.error
    assert error is not None
    assert (error["code"], error["step"], error["tool"]) == ("bad_arguments", "a", "refuse")
    assert "not like this" in error["message"]
    assert error["then"]["code"] == "no_option_left"
    assert [step.status for step in view.steps[1:]] == [StepStatus.SKIPPED] * 2
    assert view.steps[1].cause == {"reason": "need_failed", "steps": ["a"]}
    assert world.called("b") == []
    events = await world.services.store.events(run_id)
    assert events[-1].type == "run.ended"


async def test_calls_in_flight_end_before_a_failed_run_does(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.call("refuse")),
        subtask("b", world.marking("mark", "b", seconds=0.5)),
        subtask("f", world.call("flaky", key=f"{world.marks} f", failures=9)),
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.FAILED
    assert view.run.error is not None
    assert view.run.error["step"] == "a"
    assert view.steps[1].status is StepStatus.SUCCEEDED


async def test_a_budget_that_runs_out_turns_to_what_costs_nothing(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.marking("graded", "a", score=0.9)),
        subtask(
            "b",
            option("dear", world.marking("graded", "dear", score=0.9), quality=0.9),
            option("free", world.marking("mark", "free"), quality=0.6),
            needs=("a",),
        ),
        budget=Budget(usd=Decimal("1.5")),
    )
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    assert world.called("dear") == []
    assert len(world.called("free")) == 1
    assert view.run.spend.usd == Decimal(1)


async def test_an_output_that_no_database_takes_fails_its_step_and_nothing_else(world: World) -> None:
    beyond_64_bits = world.call("slow_add", x=2**63, y=2**63, seconds=0)
    run_id = await world.start(subtask("a", beyond_64_bits), subtask("b", world.call("echo", value=1)))
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.FAILED
    assert view.run.error is not None
    assert view.run.error["code"] == "bad_output"
    assert [a.ending for a in view.attempts if a.step.idx == 0] == [Ending.FAILED]
