"""What every worker vanished over: listed over all runs, and given another go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from orchestrator.domain.dead_letter import DeadLetterFilter
from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import Conflict, NotFound
from orchestrator.execution.repair import settle_failure
from orchestrator.runs.dead_letters import requeue, requeue_many
from orchestrator.store.suspects import DEATHS, JOB_TRIES
from orchestrator.store.tables import runs
from tests.contract.truth import Truth, done, give_plan, new_step, step_id, tool

ALL = DeadLetterFilter()


class _Bell:
    def ring(self) -> None:
        """Nobody listens."""


async def _poisoned(truth: Truth, *, name: str = "echo", and_failed: bool = True) -> str:
    for known in ("echo", name):
        await truth.catalog.add(tool(known), replace=True)
    run_id = await truth.running(new_step(tool=name, children=(1,)), new_step(1, needs=(0,)))
    for _ in range(DEATHS):
        await truth.claim()
        await truth.let_leases_expire()
        await truth.steps.sweep()
    if and_failed:
        (job,) = await truth.steps.claim_jobs(owner="one", room=1)
        error = {"code": "no_option_left", "message": "nothing left"}
        await truth.store.write(lambda tx: settle_failure(tx, run_id, error, fence=job.fence))
        assert await truth.status(run_id) is RunStatus.FAILED
    return run_id


async def _dead_planning(truth: Truth, run_id: str) -> None:
    await truth.store.accept(run_id, RunRequest(request="words"))
    for _ in range(JOB_TRIES):
        assert len(await truth.steps.claim_jobs(owner="one", room=1)) == 1
        await truth.let_leases_expire()
    assert await truth.steps.claim_jobs(owner="one", room=1) == []


async def _letters(truth: Truth, filter: DeadLetterFilter = ALL) -> list[tuple[str, str]]:
    page = await truth.store.dead_letters(filter, limit=50, cursor=None)
    return [(letter.run_id, letter.step) for letter in page.items]


async def test_poisoned_steps_and_jobs_of_failed_runs_are_listed_newest_first(truth: Truth) -> None:
    moving = await _poisoned(truth, and_failed=False)
    assert await _letters(truth) == []  # another path may still be found
    await truth.store.write(lambda tx: tx.move_run(moving, RunStatus.CANCELLED))
    first = await _poisoned(truth)
    await _dead_planning(truth, "run_words")
    assert await _letters(truth) == [("run_words", "plan"), (first, "0")]
    (letter,) = (await truth.store.dead_letters(DeadLetterFilter("echo"), limit=5, cursor=None)).items
    assert (letter.tool, letter.subtask, letter.deaths) == ("echo", "s0", DEATHS)
    assert letter.error is not None
    assert letter.error["code"] == "worker_lost"


async def test_pages_and_filters(truth: Truth) -> None:
    made = [await _poisoned(truth, name=name) for name in ("one", "two", "one")]
    await _dead_planning(truth, "run_words")
    seen: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = await truth.store.dead_letters(ALL, limit=1, cursor=cursor)
        seen += [(letter.run_id, letter.step) for letter in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [("run_words", "plan"), *((run_id, "0") for run_id in reversed(made))]
    assert await _letters(truth, DeadLetterFilter("one")) == [(made[2], "0"), (made[0], "0")]
    same = update(runs).where(runs.c.dead_job.is_not(None)).values(finished_at=10.0)
    await truth.database.act(lambda journal: journal.connection.execute(same))
    assert ("run_words", "plan") not in await _letters(truth, DeadLetterFilter(since=11.0))


async def test_a_step_that_another_took_the_place_of_is_no_dead_letter(truth: Truth) -> None:
    run_id = await _poisoned(truth, and_failed=False)
    other = replace(new_step(2, path_version=2, tool="other"), subtask="s0", key="s0-v2")
    await truth.store.write(lambda tx: tx.add_steps(run_id, [other]))
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.FAILED))
    assert await _letters(truth) == []


async def test_a_requeued_step_is_called_under_its_old_key_and_the_run_ends_well(truth: Truth) -> None:
    run_id = await _poisoned(truth)
    bell = _Bell()
    # The run has no plan of its own here, so its newest path is written by hand.
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    await requeue(run_id, "0", store=truth.store, doorbell=bell)
    assert await _letters(truth) == []
    (again,) = await truth.claim()
    assert (again.id, again.tries, again.revision) == (step_id(run_id), 1, 0)
    (child,) = (await truth.record(done(again), room=1)).claims
    await truth.record(done(child))
    assert await truth.status(run_id) is RunStatus.SUCCEEDED
    with pytest.raises(Conflict, match="succeeded"):
        await requeue(run_id, "0", store=truth.store, doorbell=bell)


async def test_deaths_are_counted_anew_after_a_requeue(truth: Truth) -> None:
    run_id = await _poisoned(truth)
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    await requeue(run_id, "0", store=truth.store, doorbell=_Bell())
    for death in range(DEATHS):
        assert len(await truth.claim()) == 1, death
        await truth.let_leases_expire()
        await truth.steps.sweep()
    assert (await truth.statuses(run_id))[0] == StepStatus.POISONED


async def test_a_requeued_job_is_planned_again(truth: Truth) -> None:
    await _dead_planning(truth, "run_words")
    with pytest.raises(NotFound, match="repair"):
        await requeue("run_words", "repair", store=truth.store, doorbell=_Bell())
    await requeue("run_words", "plan", store=truth.store, doorbell=_Bell())
    (job,) = await truth.steps.claim_jobs(owner="one", room=1)
    assert job.job is Job.PLAN
    assert await _letters(truth) == []


async def test_many_are_requeued_at_once_each_judged_alone(truth: Truth) -> None:
    good, bad = await _poisoned(truth), await _poisoned(truth)
    await truth.store.write(lambda tx: give_plan(tx, good))
    done_ = await requeue_many(ALL, store=truth.store, doorbell=_Bell())
    assert done_.done == (f"{good}/0",)
    assert [id for id, _ in done_.refused] == [f"{bad}/0"]
    assert not done_.more


async def test_what_is_not_there_is_said(truth: Truth) -> None:
    run_id = await _poisoned(truth)
    with pytest.raises(NotFound, match="poisoned are: 0"):
        await requeue(run_id, "7", store=truth.store, doorbell=_Bell())
