"""Accepting runs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget
from orchestrator.domain.run import Job, Run, RunRequest, RunStatus
from orchestrator.domain.views import RunFilter
from orchestrator.errors import IdempotencyReused, Invalid, NotFound
from tests.contract.truth import Truth, together

WORDS = RunRequest(request="summarise the page")


async def test_an_accepted_run_is_planning_and_has_one_event(truth: Truth) -> None:
    run = await truth.store.accept("run_1", WORDS)
    assert (run.status, run.job, run.request) == (RunStatus.PLANNING, Job.PLAN, WORDS)
    assert await truth.event_types("run_1") == ["run.accepted"]
    await truth.until(lambda: any(truth.rings))


async def test_a_key_answers_the_run_it_made_first(truth: Truth) -> None:
    first = await truth.store.accept("run_1", WORDS, key="k", fingerprint="a")
    second = await truth.store.accept("run_2", WORDS, key="k", fingerprint="a")
    assert second.id == first.id
    with pytest.raises(NotFound):
        await truth.store.view("run_2")


async def test_a_key_with_another_body_is_refused(truth: Truth) -> None:
    await truth.store.accept("run_1", WORDS, key="k", fingerprint="a")
    with pytest.raises(IdempotencyReused, match="'k'"):
        await truth.store.accept("run_2", WORDS, key="k", fingerprint="b")


async def test_a_key_that_comes_often_at_once_makes_one_run(truth: Truth) -> None:
    made = await together(
        [truth.store.accept(f"run_{i}", WORDS, key="k", fingerprint="a" if i < 9 else "b") for i in range(10)]
    )
    assert {run.id for run in made[:9]} == {"run_0"}
    assert isinstance(made[9], IdempotencyReused)


async def test_a_key_that_comes_to_several_processes_at_once_makes_one_run(
    process: Callable[[], Truth],
) -> None:
    processes = [process() for _ in range(3)]
    made = await together(
        [
            processes[i % 3].store.accept(f"run_{i}", WORDS, key=f"k{i % 5}", fingerprint="a")
            for i in range(60)
        ]
    )
    assert all(isinstance(run, Run) for run in made), made
    assert len({run.id for run in made}) == 5
    page = await processes[0].store.runs(RunFilter(), limit=100, cursor=None)
    assert len(page.items) == 5


async def test_accepting_the_same_run_twice_answers_it(truth: Truth) -> None:
    """The commit that made it may have passed although its connection broke."""
    await truth.store.accept("run_1", WORDS, key="k")
    assert (await truth.store.accept("run_1", WORDS)).id == "run_1"
    assert await truth.event_types("run_1") == ["run.accepted"]


async def test_runs_known_by_id_or_key_and_new_ones_may_come_together(truth: Truth) -> None:
    await truth.store.accept("run_1", WORDS)
    await truth.store.accept("run_2", WORDS, key="k", fingerprint="a")
    made = await together(
        [
            truth.store.accept("run_3", WORDS),
            truth.store.accept("run_1", WORDS),
            truth.store.accept("run_4", WORDS, key="k", fingerprint="a"),
            truth.store.accept("run_5", WORDS, key="k5"),
        ]
    )
    assert [run.id for run in made if isinstance(run, Run)] == ["run_3", "run_1", "run_2", "run_5"]
    for run_id in ("run_1", "run_2", "run_3", "run_5"):
        assert await truth.event_types(run_id) == ["run.accepted"]


async def test_what_is_answered_is_what_is_read_later(truth: Truth) -> None:
    plan = {"subtasks": [{"id": "a", "goal": "wait", "tool": "echo", "arguments": {"value": [1, 0.1]}}]}
    request = RunRequest(
        plan=plan,
        inputs={"limit": 5},
        budget=Budget(usd=Decimal("0.5"), seconds=60, tokens=100),
        labels={"team": "red"},
        on_failure="undo",
        webhook_url="https://example.com/told",
        priority=7,
    )
    run = await truth.store.accept("run_1", request, key="k", key_id="key_1")
    assert run == (await truth.store.view("run_1")).run
    again = await truth.store.accept("run_2", request, key="k", key_id="key_1")
    assert again == run


async def test_a_time_limit_becomes_a_deadline(truth: Truth) -> None:
    run = await truth.store.accept("run_1", RunRequest(request="x", budget=Budget(seconds=60)))
    assert run.deadline_at == pytest.approx(run.created_at + 60)


async def test_what_the_database_cannot_keep_is_refused_alone(truth: Truth) -> None:
    labels = {"huge": "".join(chr(33 + (i * i * 31 + i * 7) % 90) for i in range(60_000)), "nul": "\0"}
    made = await together(
        [truth.store.accept(f"run_{i}", RunRequest(request="x\0y"), key=f"k{i}") for i in range(8)]
        + [truth.store.accept("run_bad", RunRequest(request="x", labels=labels))]
        + [truth.store.accept(f"run_{i}", WORDS) for i in range(8, 16)]
    )
    assert [run.id for run in made if isinstance(run, Run) and run.id != "run_bad"] == [
        f"run_{i}" for i in range(16)
    ]
    if truth.url.startswith("postgresql"):
        assert isinstance(made[8], Invalid)
