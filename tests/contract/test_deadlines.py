"""Deadlines of runs in every state, and of steps over all their tries."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from orchestrator.domain.budget import Budget
from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.store.tables import runs, steps
from tests.contract.truth import PAST, Truth, again, done, failed, new_step, step_id


async def _late(truth: Truth, table: Any, where: Any) -> None:
    await truth.database.act(
        lambda journal: journal.connection.execute(update(table).where(where).values(deadline_at=PAST))
    )
    await truth.steps.sweep()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RunStatus.PLANNING, "while a plan was being made"),
        (RunStatus.RUNNING, "while it ran"),
        (RunStatus.PAUSED, "a pause does not stop the clock"),
        (RunStatus.NEEDS_INPUT, "waited for a person's answer"),
    ],
)
async def test_the_time_limit_of_a_run_holds_in_every_state(
    truth: Truth, status: RunStatus, said: str
) -> None:
    run = await truth.store.accept("run_1", RunRequest(request="x", budget=Budget(seconds=100)))
    if status is not RunStatus.PLANNING:
        await truth.store.write(lambda tx: tx.move_run(run.id, RunStatus.RUNNING))
        await truth.store.write(lambda tx: tx.add_steps(run.id, [new_step()]))
    if status not in (RunStatus.PLANNING, RunStatus.RUNNING):
        await truth.store.write(lambda tx: tx.move_run(run.id, status))
    await truth.steps.sweep()
    assert await truth.status(run.id) is status
    await _late(truth, runs, runs.c.id == run.id)
    view = await truth.store.view(run.id)
    assert view.run.status is RunStatus.FAILED
    assert view.run.error is not None
    assert view.run.error["code"] == "deadline_exceeded"
    assert said in view.run.error["message"]


async def test_a_run_that_only_waits_to_be_started_has_no_clock_running(truth: Truth) -> None:
    run = await truth.store.accept("run_1", RunRequest(request="x", budget=Budget(seconds=100), mode="plan"))
    await truth.store.write(lambda tx: tx.move_run(run.id, RunStatus.PLANNED))
    await _late(truth, runs, runs.c.id == run.id)
    assert await truth.status(run.id) is RunStatus.PLANNED


async def test_the_clock_of_a_step_starts_with_its_readiness(truth: Truth) -> None:
    first = new_step(0, children=(1,), deadline=50.0)
    run_id = await truth.running(first, new_step(1, needs=(0,), deadline=20.0), new_step(2))
    claims = {claim.id.idx: claim for claim in await truth.claim()}
    left = claims[0].time_left
    assert left is not None
    assert 49 < left <= 50
    assert claims[2].time_left is None
    (child,) = (await truth.record(done(claims[0]), room=1)).claims
    assert child.id == step_id(run_id, 1)
    assert child.time_left == 20.0


@pytest.mark.parametrize("state", ["ready", "backoff", "in flight"])
async def test_a_step_past_its_time_fails_wherever_it_stands(truth: Truth, state: str) -> None:
    run_id = await truth.running(new_step(0, children=(1,), deadline=30.0), new_step(1, needs=(0,)))
    claim = None
    if state != "ready":
        (claim,) = await truth.claim()
    if claim is not None and state == "backoff":
        await truth.record(again(claim, after=60))
    await _late(truth, steps, steps.c.run_id == run_id)
    step = await truth.step(run_id)
    assert (step.status, step.run_at, step.owner) == (StepStatus.FAILED, None, None)
    assert step.error is not None
    assert step.error["code"] == "deadline_exceeded"
    assert "30 s" in step.error["message"]
    if claim is not None:
        assert not (await truth.record(done(claim))).accepted
    (job,) = await truth.steps.claim_jobs(owner="one", room=1)
    assert job.job is Job.REPAIR
    assert "step.failed" in await truth.event_types(run_id)


async def test_nobody_is_asked_any_more_about_a_step_that_is_over(truth: Truth) -> None:
    run_id = await truth.running(new_step(once=True, deadline=30.0))
    await truth.claim()
    await truth.let_leases_expire()
    await truth.steps.sweep()
    assert len((await truth.store.inbox(limit=10, cursor=None)).items) == 1
    await _late(truth, steps, steps.c.run_id == run_id)
    assert await truth.statuses(run_id) == ["failed"]
    assert (await truth.store.inbox(limit=10, cursor=None)).items == ()


async def test_a_step_that_is_run_again_has_its_time_anew(truth: Truth) -> None:
    run_id = await truth.running(new_step(deadline=30.0))
    (claim,) = await truth.claim()
    await truth.record(failed(claim))
    past = update(steps).where(steps.c.run_id == run_id).values(deadline_at=PAST)
    await truth.database.act(lambda journal: journal.connection.execute(past))
    await truth.store.write(lambda tx: tx.move_step(step_id(run_id), StepStatus.READY, run_at=tx.now))
    (second,) = await truth.claim()
    assert second.time_left is not None
    assert 29 < second.time_left <= 30
