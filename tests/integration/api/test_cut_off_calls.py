"""Calls that must not be repeated and were cut off: what a person's answer makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from orchestrator import bootstrap
from orchestrator.domain.planning import Planned, PlanningTask
from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.domain.views import RunView
from orchestrator.domain.waiting import run_waiting, step_waiting
from orchestrator.errors import Conflict, Invalid
from orchestrator.execution.repair import settle_planned
from orchestrator.runs.answer import answer
from orchestrator.runs.stop import cancel
from orchestrator.runs.submit import submit
from orchestrator.settings import Settings
from orchestrator.store.tables import steps
from tools.spec import Effect, Kind, Tool

SEND = Tool(
    name="send_letter",
    summary="Send a letter that cannot be taken back.",
    kind=Kind.PYTHON,
    input_schema={"type": "object", "properties": {"value": {}}},
    output_schema={"type": "object", "properties": {"value": {}}},
    effect=Effect.ONCE,
    binding={"function": "tools.testing_functions:echo"},
)
PLAN = {
    "subtasks": [
        {"id": "send", "goal": "send", "tool": "send_letter", "arguments": {"value": 1}},
        {
            "id": "then",
            "goal": "then",
            "tool": "calculate",
            "arguments": {"expression": "1+1"},
            "needs": ["send"],
        },
    ]
}


@pytest.fixture
async def services(tmp_path) -> AsyncIterator[bootstrap.Services]:
    """The parts without a runner: this test claims the steps itself."""
    settings = Settings(data_dir=tmp_path, processes=1, python_modules=("tools.testing_functions",))
    async with bootstrap.running(bootstrap.build(settings, runs_steps=False)) as services:
        await services.catalog.add(SEND)
        yield services


async def cut_off(services: bootstrap.Services) -> RunView:
    """A run whose first call was claimed by a worker that then vanished."""
    run = await submit(
        RunRequest(plan=PLAN),
        store=services.store,
        catalog=services.catalog,
        artifacts=services.artifacts,
    )
    (job,) = await services.steps.claim_jobs(owner="planner", room=1)
    planned = await services.planner.plan(PlanningTask(run.request, run.id))
    assert isinstance(planned, Planned)
    await services.store.write(lambda tx: settle_planned(tx, run.id, planned, fence=job.fence))
    claims = await services.steps.claim(owner="lost", queues=("default",), room=5)
    assert [claim.subtask for claim in claims] == ["send"]
    with services.database.engine.begin() as connection:
        connection.execute(update(steps).where(steps.c.run_id == run.id).values(lease_until=0))
    await services.steps.sweep()
    return await services.store.view(run.id)


async def answered(services: bootstrap.Services, view: RunView, value: str) -> RunView:
    (question,) = view.questions
    await answer(view.run.id, [(question.id, value)], store=services.store, doorbell=services.doorbell)
    return await services.store.view(view.run.id)


async def test_a_cut_off_call_waits_for_a_person_and_says_so(services):
    view = await cut_off(services)
    send, then = view.steps
    assert send.status is StepStatus.WAITING
    waiting = step_waiting(send, {0: send, 1: then}, view.questions, run=view.run, now=0)
    assert waiting is not None
    assert (waiting.reason, waiting.details["questions"]) == ("person", [view.questions[0].id])
    whole = run_waiting(view.run, view.steps, view.questions, now=0)
    assert whole is not None
    assert whole.reason in ("person", "questions")
    (item,) = (await services.store.inbox(limit=10, cursor=None)).items
    assert item.question.id == view.questions[0].id


async def test_repeat_makes_the_call_ready_again(services):
    view = await answered(services, await cut_off(services), "repeat")
    assert view.steps[0].status is StepStatus.READY
    assert view.run.status is RunStatus.RUNNING
    again = await services.steps.claim(owner="other", queues=("default",), room=5)
    assert [claim.subtask for claim in again] == ["send"]


async def test_skip_takes_the_call_as_done_and_lets_what_follows_start(services):
    view = await answered(services, await cut_off(services), "skip")
    assert [step.status for step in view.steps] == [StepStatus.SUCCEEDED, StepStatus.READY]
    assert view.run.status is RunStatus.RUNNING


async def test_fail_lets_the_call_fail_and_another_path_be_searched(services):
    view = await answered(services, await cut_off(services), "fail")
    assert view.steps[0].status is StepStatus.FAILED
    assert view.run.job is Job.REPAIR


async def test_another_answer_is_refused_and_changes_nothing(services):
    view = await cut_off(services)
    with pytest.raises(Invalid):
        await answered(services, view, "perhaps")
    assert (await services.store.view(view.run.id)).steps[0].status is StepStatus.WAITING


async def test_the_questions_of_a_cancelled_run_are_closed(services):
    view = await cut_off(services)
    await cancel(view.run.id, store=services.store, doorbell=services.doorbell)
    assert (await services.store.inbox(limit=10, cursor=None)).items == ()
    with pytest.raises(Conflict):
        await answered(services, view, "repeat")
