"""What tools ask of persons in the middle of calls, over both databases."""

from __future__ import annotations

from orchestrator.domain.question import QuestionKind
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Asked, Claim, Ending, Outcome, StepId, StepStatus
from orchestrator.runs.answer import answer
from tests.contract.truth import Truth, done, new_step
from tools.asking import Answers, Ask

FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
TWO = (Ask("named:who", "Who?", FORM), Ask("named:page", "Agree", url="https://example.org/"))


class _NoBell:
    def ring(self) -> None:
        """Nobody listens."""


def asks(claim: Claim, *asked: Ask, call: str = "k") -> Outcome:
    error = {"code": "input_needed", "message": "it asks"}
    return Outcome(claim, Ending.ASKED, error=error, asked=Asked(call, asked, "state"))


async def _answer(truth: Truth, run_id: str, *given: tuple[str, object]) -> None:
    await answer(run_id, given, store=truth.store, doorbell=_NoBell())


async def test_a_call_that_asks_waits_for_all_answers_and_is_made_again_with_them(truth: Truth) -> None:
    run_id = await truth.running(new_step(0, arguments={"text": "hello"}))
    (claim,) = await truth.claim()
    await truth.record(asks(claim, *TWO))
    form, page = sorted((await truth.store.view(run_id)).questions, key=lambda one: one.id)
    assert {form.kind, page.kind} == {QuestionKind.TOOL_ASKS}
    assert form.detail == {"tool": "echo", "arguments": {"text": "hello"}, "mode": "form", "default": None}
    step = await truth.step(run_id)
    assert (step.status, step.run_at, step.tries) == (StepStatus.WAITING, None, 0)
    await truth.steps.sweep()
    assert await truth.status(run_id) is RunStatus.NEEDS_INPUT

    await _answer(truth, run_id, (form.id, {"name": "Ann"}))
    assert await truth.claim() == []
    await _answer(truth, run_id, (page.id, "accept"))
    (again,) = await truth.claim()
    assert again.fence > claim.fence
    known = (Answers({"named:who": {"name": "Ann"}, "named:page": None}, "state"),)
    assert await truth.steps.answers(StepId(run_id, 0), "k") == known
    assert await truth.steps.answers(StepId(run_id, 0), "another call") == ()
    await truth.record(done(again))
    assert await truth.status(run_id) is RunStatus.SUCCEEDED


async def test_one_refusal_fails_the_call_and_closes_its_other_questions(truth: Truth) -> None:
    run_id = await truth.running(new_step(0), new_step(1))
    first, second = await truth.claim()
    await truth.record(asks(first, *TWO))
    await truth.record(asks(second, TWO[0]))
    await _answer(truth, run_id, (f"ask_{first.id.idx}_{first.fence}", "decline"))
    assert (await truth.step(run_id, first.id.idx)).status is StepStatus.FAILED
    assert (await truth.step(run_id, second.id.idx)).status is StepStatus.WAITING
    left = [one.step_idx for one in (await truth.store.view(run_id)).questions if one.answered_at is None]
    assert left == [second.id.idx]
    assert await truth.steps.answers(first.id, "k") == ()
