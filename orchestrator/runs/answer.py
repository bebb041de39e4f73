"""Answers of a person: missing values, approvals, leave to repeat a call, what a tool asked."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from orchestrator.domain.question import REFUSALS, Expired, Question, QuestionKind
from orchestrator.domain.run import Job, RunStatus, run_ended
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.errors import Conflict, FieldProblem, Invalid, NotFound
from orchestrator.execution.undo import answer_undos
from orchestrator.ports import Doorbell, Store, Transaction
from orchestrator.runs.edits import check_edits, ended_subtasks
from orchestrator.runs.stop import start, take_edited
from tools.schemas import Schema


async def answer(
    run_id: str,
    answers: Sequence[tuple[str, Any]],
    *,
    store: Store,
    doorbell: Doorbell,
) -> None:
    """Record answers (question id, value); when none is missing the run goes on.

    Raises `NotFound`, `Conflict` for a question answered before, `Invalid` for a value that does not
    fit; nothing is recorded then.
    """
    view = await store.view(run_id)
    asked = {question.id: question for question in view.questions}
    answers = [(id, _with_defaults(asked.get(id), value)) for id, value in answers]
    _check(answers, asked)
    await store.write(lambda tx: _answer(tx, run_id, answers))
    doorbell.ring()


async def answer_expired(expired: Sequence[Expired], *, store: Store, doorbell: Doorbell) -> None:
    """Let the defaults stand for answers that nobody gave in time."""
    for one in expired:
        with contextlib.suppress(Conflict, NotFound):  # somebody was quicker
            await store.write(partial(_expire, one))
    if expired:
        doorbell.ring()


def _expire(one: Expired, tx: Transaction) -> None:
    _answer(tx, one.run_id, [(one.id, one.default)], by="expiry")


def _check(answers: Sequence[tuple[str, Any]], asked: Mapping[str, Question]) -> None:
    problems = []
    for number, (id, value) in enumerate(answers):
        question = asked.get(id)
        if question is None:
            known = ", ".join(q.id for q in asked.values() if q.answered_at is None) or "none"
            detail = f"the run has no question {id!r}; open are: {known}"
            problems.append(FieldProblem(f"/answers/{number}/id", detail))
            continue
        faults = Schema(_asked_for(question, value)).faults(value)
        problems += [FieldProblem(f"/answers/{number}/value{at}", detail) for at, detail in faults]
    if problems:
        raise Invalid("The answers do not fit the questions.", problems=problems)


def _with_defaults(question: Question | None, value: Any) -> Any:
    """A form with what it proposes itself in the fields that were left out (SEP-1034)."""
    if question is None or not isinstance(value, Mapping) or question.kind is not QuestionKind.TOOL_ASKS:
        return value
    fields = _asked_for(question, value).get("properties", {})
    proposed = {
        name: field["default"]
        for name, field in fields.items()
        if isinstance(field, Mapping) and "default" in field
    }
    return proposed | dict(value)


def _asked_for(question: Question, value: Any) -> Mapping[str, Any]:
    """The part of the schema that is meant, so that what does not fit is said of the field."""
    if question.kind is QuestionKind.TOOL_ASKS and isinstance(value, Mapping) and "anyOf" in question.schema:
        form: Mapping[str, Any] = question.schema["anyOf"][0]
        return form
    return question.schema


def _answer(tx: Transaction, run_id: str, answers: Sequence[tuple[str, Any]], *, by: str = "person") -> None:
    run = tx.run(run_id)
    asked = {question.id: question for question in tx.questions(run_id)}
    undoing = all(asked[id].kind is QuestionKind.UNDO_FAILED for id, _ in answers)
    if run_ended(run.status) and not undoing:
        raise Conflict(f"run {run_id} has ended as {run.status}; its questions are closed")
    for id, value in answers:
        tx.answer_question(run_id, id, value, by=by)
    if undoing:
        answer_undos(tx, run_id, dict(answers))
        return
    values = {id: value for id, value in answers if asked[id].kind is QuestionKind.VALUE}
    if values:
        tx.update_run(run_id, answers={**run.answers, **values})
    for number, (id, value) in enumerate(answers):
        if asked[id].kind is QuestionKind.PLAN_APPROVAL:
            _approve(tx, run_id, value, at=f"/answers/{number}/value")
            return
    _repeats(tx, run_id, [(asked[id], value) for id, value in answers])
    _approvals(tx, run_id, [(asked[id], value) for id, value in answers])
    _told_tools(tx, run_id, [(asked[id], value) for id, value in answers])
    _go_on(tx, run_id, new_values=bool(values))


def _approve(tx: Transaction, run_id: str, value: Any, *, at: str) -> None:
    if isinstance(value, Mapping):
        take_edited(tx, run_id, value["plan"], at=f"{at}/plan")
    if value is False:
        tx.move_run(run_id, RunStatus.CANCELLED, detail={"reason": "plan_not_approved"})
    else:
        start(tx, tx.run(run_id), cause="approved")


def _go_on(tx: Transaction, run_id: str, *, new_values: bool) -> None:
    """Plan again once all values are there; leave `needs_input` once nothing is asked any more."""
    run = tx.run(run_id)
    still = [question for question in tx.questions(run_id) if question.answered_at is None]
    if still or run.status not in (RunStatus.NEEDS_INPUT, RunStatus.RUNNING):
        return
    if new_values:
        tx.move_run(run_id, RunStatus.PLANNING, job=Job.PLAN)
    elif run.status is RunStatus.NEEDS_INPUT:
        tx.move_run(run_id, RunStatus.RUNNING, job=run.job)
        tx.end_if_over(run_id)


def _repeats(tx: Transaction, run_id: str, answered: Sequence[tuple[Question, Any]]) -> None:
    """What becomes of calls that were cut off and must not be repeated without leave."""
    for question, value in answered:
        if question.kind is not QuestionKind.REPEAT_ONCE or question.step_idx is None:
            continue
        steps = {step.id.idx: step for step in tx.steps(run_id)}
        step = steps[question.step_idx]
        if not step_open(step.status):
            continue
        if value == "repeat":
            tx.move_step(step.id, StepStatus.READY, run_at=tx.now, cause=None)
        elif value == "skip":
            _take_as_done(tx, step, steps)
        else:
            error = {"code": "not_repeated", "message": "The call was cut off, and a person let it fail."}
            tx.move_step(step.id, StepStatus.FAILED, error=error, cause={"reason": "person"})
            tx.update_run(run_id, job=Job.REPAIR)
    tx.end_if_over(run_id)


def _approvals(tx: Transaction, run_id: str, answered: Sequence[tuple[Question, Any]]) -> None:
    """Make the calls that were approved, with new arguments where a person gave some; fail the others."""
    for question, value in answered:
        if question.kind is not QuestionKind.STEP_APPROVAL or question.step_idx is None:
            continue
        steps = tx.steps(run_id)
        step = next(step for step in steps if step.id.idx == question.step_idx)
        arguments = None
        if isinstance(value, Mapping):
            tool, known = tx.tool(step.tool, step.tool_version), ended_subtasks(steps)
            check_edits(tool, value["arguments"], of=step.arguments, known=known, at="/arguments")
            arguments = {**step.arguments, **value["arguments"]}
        tx.settle_approval(step.id, approved=value != "reject", arguments=arguments)
    tx.end_if_over(run_id)


def _told_tools(tx: Transaction, run_id: str, answered: Sequence[tuple[Question, Any]]) -> None:
    """Make the calls that asked again once nothing is missing; fail those that get no answer."""
    for question, value in answered:
        if question.kind is not QuestionKind.TOOL_ASKS or question.step_idx is None:
            continue
        step = next(step for step in tx.steps(run_id) if step.id.idx == question.step_idx)
        if step.status is not StepStatus.WAITING:
            continue  # cancelled or replaced since
        others = [one for one in tx.questions(run_id) if _open_for(one, step)]
        if value in REFUSALS:
            error = {"code": "not_answered", "message": f"{step.tool} asked, and was given no answer."}
            tx.move_step(step.id, StepStatus.FAILED, error=error, cause={"reason": "person"})
            tx.update_run(run_id, job=Job.REPAIR)
            for other in others:
                tx.answer_question(run_id, other.id, value)
        elif not others:
            tx.move_step(step.id, StepStatus.READY, run_at=tx.now, cause=None)
    tx.end_if_over(run_id)


def _open_for(question: Question, step: Step) -> bool:
    return question.step_idx == step.id.idx and question.answered_at is None


def _take_as_done(tx: Transaction, step: Step, steps: Mapping[int, Step]) -> None:
    tx.move_step(step.id, StepStatus.SUCCEEDED, output={}, cause={"reason": "taken_as_done"})
    for idx in step.children:
        child = steps[idx]
        if child.status is not StepStatus.PENDING:
            continue
        unmet = {need for need in child.needs if steps[need].status is not StepStatus.SUCCEEDED}
        if unmet <= {step.id.idx}:
            tx.move_step(child.id, StepStatus.READY, needs_left=0, run_at=tx.now)
