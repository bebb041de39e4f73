"""Calls that wait for a person's word, over both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from orchestrator.domain.approval import ApprovalRule
from orchestrator.domain.question import Question
from orchestrator.domain.run import Job, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import Conflict, Invalid
from orchestrator.runs.answer import answer, answer_expired
from orchestrator.store.tables import questions
from tests.contract.truth import Truth, chain, done, new_step, tool
from tools.spec import Effect


class _NoBell:
    def ring(self) -> None:
        """Nobody listens."""


RULE = ApprovalRule(tool="echo").asked_of(tool())


async def _asked(truth: Truth, run_id: str) -> Question:
    (question,) = (await truth.store.view(run_id)).questions
    return question


async def _answer(truth: Truth, run_id: str, value: object) -> None:
    question = await _asked(truth, run_id)
    await answer(run_id, [(question.id, value)], store=truth.store, doorbell=_NoBell())


async def test_a_call_waits_until_it_is_approved(truth: Truth) -> None:
    run_id = await truth.running(new_step(0, approval=RULE, arguments={"text": "hello"}))
    assert await truth.claim() == []
    assert await truth.claim() == [], "it is asked for once"
    question = await _asked(truth, run_id)
    assert question.detail is not None
    assert question.detail["arguments"] == {"text": "hello"}
    assert question.detail["rule"] == "tool is echo"
    assert (await truth.step(run_id)).status is StepStatus.WAITING
    await truth.steps.sweep()
    assert await truth.status(run_id) is RunStatus.NEEDS_INPUT
    await _answer(truth, run_id, "approve")
    assert await truth.status(run_id) is RunStatus.RUNNING
    (claim,) = await truth.claim()
    await truth.record(done(claim))
    assert await truth.status(run_id) is RunStatus.SUCCEEDED


async def test_a_free_child_that_needs_approval_is_not_claimed_with_its_parent(truth: Truth) -> None:
    first, second = chain(2)
    run_id = await truth.running(first, new_step(1, needs=(0,), needs_left=1, approval=RULE))
    del second
    (claim,) = await truth.claim()
    recorded = await truth.record(done(claim), room=5)
    assert recorded.claims == ()
    assert await truth.claim() == []
    assert (await _asked(truth, run_id)).step_idx == 1


async def test_it_may_be_approved_with_other_arguments(truth: Truth) -> None:
    schema = {"type": "object", "properties": {"value": {"type": "integer"}}}
    await truth.catalog.add(replace(tool(), input_schema=schema))
    run_id = await truth.running(new_step(0, approval=RULE, arguments={"value": 1}))
    await truth.claim()
    with pytest.raises(Invalid, match="edits"):
        await _answer(truth, run_id, {"arguments": {"no_such_field": 1}})
    await _answer(truth, run_id, {"arguments": {"value": 2}})
    (claim,) = await truth.claim()
    assert claim.arguments == {"value": 2}
    with pytest.raises(Conflict):
        await _answer(truth, run_id, "reject")


async def test_what_is_rejected_fails_and_another_path_is_searched(truth: Truth) -> None:
    run_id = await truth.running(new_step(0, approval=RULE))
    await truth.claim()
    await truth.steps.sweep()
    await _answer(truth, run_id, "reject")
    step = await truth.step(run_id)
    assert step.status is StepStatus.FAILED
    assert step.error is not None
    assert step.error["code"] == "not_approved"
    assert (await truth.store.view(run_id)).run.job is Job.REPAIR


@pytest.mark.parametrize(
    ("default", "status"), [("approve", StepStatus.READY), ("reject", StepStatus.FAILED)]
)
async def test_after_its_time_the_default_is_the_answer(truth: Truth, default, status) -> None:
    rule = ApprovalRule(effect=Effect.READ, timeout=60, default=default).asked_of(tool())
    run_id = await truth.running(new_step(0, approval=rule))
    await truth.claim()
    await truth.steps.sweep()
    assert (await _asked(truth, run_id)).answered_at is None

    def pass_time(journal) -> None:
        journal.connection.execute(update(questions).values(expires_at=journal.now - 1))

    await truth.database.act(pass_time)
    swept = await truth.steps.sweep()
    await answer_expired(swept.expired, store=truth.store, doorbell=_NoBell())
    assert (await _asked(truth, run_id)).answer == default
    assert (await truth.step(run_id)).status is status
    assert await truth.status(run_id) is RunStatus.RUNNING
    assert "question.answered" in await truth.event_types(run_id)
