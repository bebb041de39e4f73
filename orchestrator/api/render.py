"""Runs as the domain has them into runs as answers have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from orchestrator.api.schemas.codes import CauseOut, error_out
from orchestrator.api.schemas.feedback import FeedbackOut, VerdictOut
from orchestrator.api.schemas.fields import shown
from orchestrator.api.schemas.plan import PathOut, PlanOut, QuoteOut
from orchestrator.api.schemas.run import (
    AttemptOut,
    CompensationOut,
    DeliveryOut,
    OutputOut,
    ProgressOut,
    QuestionOut,
    ResultOut,
    ReusedOut,
    RunLine,
    RunOut,
    SpendOut,
    StepExchangeOut,
    StepOut,
    UndoOut,
    WaitingOut,
)
from orchestrator.api.schemas.terms import BudgetOut, PreferenceOut, ToolFilterOut
from orchestrator.domain.question import Question
from orchestrator.domain.run import Run
from orchestrator.domain.step import Attempt, ReusedFrom, Step, StepStatus, Verdict
from orchestrator.domain.undo import Undo, Undoing
from orchestrator.domain.views import Exchanged, RunSummary, RunView
from orchestrator.domain.waiting import Waiting, run_waiting, step_waiting
from orchestrator.runs.result import result_of


def run_out(view: RunView, *, now: float) -> RunOut:
    """All that a run's page shows."""
    run, request = view.run, view.run.request
    plan = None if view.plan is None else PlanOut.of(view.plan.plan, statuses_of(view.steps))
    # A run that is only planned has no path of its own yet; its plan's path is the one it would take.
    path = view.path or (view.plan.path if view.plan is not None else None)
    return RunOut(
        id=run.id,
        status=run.status,
        request=request.request,
        inputs=dict(request.inputs),
        preference=PreferenceOut.of(request.preference),
        budget=BudgetOut.of(request.budget),
        step_gate=request.step_gate,
        tools=ToolFilterOut.of(request.tools),
        mode=request.mode,
        planner=request.planner,
        webhook_url=request.webhook_url,
        webhook=None if run.webhook is None else DeliveryOut(**asdict(run.webhook)),
        labels=dict(request.labels),
        priority=request.priority,
        seed=request.seed,
        cache=request.cache,
        on_failure=request.on_failure,
        key_id=run.key_id,
        created_at=run.created_at,
        updated_at=run.updated_at,
        last_event=run.last_event,
        started_at=run.started_at,
        finished_at=run.finished_at,
        deadline_at=run.deadline_at,
        spend=_spend(run),
        quote=None if path is None else QuoteOut.of(path.quote),
        plan=plan,
        path=None if path is None else PathOut.of(path),
        steps=_steps(view, now),
        questions=[question_out(question) for question in view.questions],
        compensation=_compensation(view),
        feedback=_feedback(view),
        waiting_on=_waiting(run_waiting(run, view.steps, view.questions, now=now, served=view.served)),
        error=error_out(_object(run.error)),
        result=_result(view),
        links=links_of(run),
    )


def run_line(summary: RunSummary) -> RunLine:
    """A run in a list; `steps` counts them by status."""
    run = summary.run
    return RunLine(
        id=run.id,
        status=run.status,
        request=run.request.request,
        labels=dict(run.request.labels),
        created_at=run.created_at,
        finished_at=run.finished_at,
        spend=_spend(run),
        steps=dict(summary.counts),
        waiting_on=_waiting(summary.waiting),
        error=error_out(_object(run.error)),
        links=links_of(run),
    )


def question_out(question: Question) -> QuestionOut:
    """A question as an answer has it."""
    return QuestionOut(
        id=question.id,
        kind=question.kind,
        text=question.text,
        answer_schema=dict(question.schema),
        subtask=question.subtask,
        argument=question.argument,
        detail=_object(question.detail),
        created_at=question.created_at,
        expires_at=question.expires_at,
        answered_at=question.answered_at,
        answer=question.answer,
    )


def links_of(run: Run) -> dict[str, str]:
    """Where the rest of a run is found."""
    here = f"/v1/runs/{run.id}"
    links = {"self": here, "events": f"{here}/events", "explain": f"{here}/explain"}
    return links if run.plan_id is None else links | {"plan": f"/v1/plans/{run.plan_id}"}


#: The status of a sub-task is the first of these that one of its live steps has.
_WORST_FIRST = (
    StepStatus.RUNNING,
    StepStatus.POISONED,
    StepStatus.FAILED,
    StepStatus.CANCELLED,
    StepStatus.WAITING,
    StepStatus.READY,
    StepStatus.PENDING,
    StepStatus.LOW_QUALITY,
    StepStatus.SUCCEEDED,
    StepStatus.SKIPPED,
)


def statuses_of(steps: Iterable[Step]) -> dict[str, StepStatus]:
    """The status of each sub-task, from the steps of the newest path that has some for it."""
    newest: dict[str, list[Step]] = {}
    for step in steps:
        held = newest.setdefault(step.subtask, [])
        if held and held[0].path_version < step.path_version:
            held.clear()
        if not held or held[0].path_version == step.path_version:
            held.append(step)
    return {subtask: _status(held) for subtask, held in newest.items()}


def _status(steps: Sequence[Step]) -> StepStatus:
    has = {step.status for step in steps}
    return next(status for status in _WORST_FIRST if status in has)


def exchange_out(one: Exchanged) -> StepExchangeOut:
    """What a try at a step sent and got."""
    return StepExchangeOut(
        attempt=one.attempt.number,
        ending=one.attempt.ending,
        revision=one.attempt.revision,
        started_at=one.attempt.started_at,
        request=one.request,
        reply=one.reply,
        error=error_out(_object(one.attempt.error)),
    )


def _steps(view: RunView, now: float) -> list[StepOut]:
    by_number = {step.id.idx: step for step in view.steps}
    attempts: dict[int, list[Attempt]] = {}
    for attempt in view.attempts:
        attempts.setdefault(attempt.step.idx, []).append(attempt)
    return [
        _step(
            step,
            attempts.get(step.id.idx, ()),
            step_waiting(step, by_number, view.questions, run=view.run, now=now, served=view.served),
        )
        for step in view.steps
    ]


def _step(step: Step, attempts: Iterable[Attempt], waiting: Waiting | None) -> StepOut:
    return StepOut(
        idx=step.id.idx,
        key=step.key,
        subtask=step.subtask,
        option=step.option,
        tool=step.tool,
        tool_version=step.tool_version,
        status=step.status,
        path_version=step.path_version,
        arguments=dict(step.arguments),
        output=_object(step.output),
        needs=list(step.needs),
        tries=step.tries,
        revision=step.revision,
        verdict=_verdict(step.verdict),
        usd=step.usd,
        seconds=step.seconds,
        tokens=step.tokens,
        gpu_seconds=step.gpu_seconds,
        cause=None if step.cause is None else CauseOut.model_validate(_object(step.cause)),
        error=error_out(_object(step.error)),
        reused_from=_reused(step.reused_from),
        waiting_on=_waiting(waiting),
        progress=_progress(step),
        started_at=step.started_at,
        finished_at=step.finished_at,
        attempts=[_attempt(attempt) for attempt in attempts],
    )


def _verdict(verdict: Verdict | None) -> VerdictOut | None:
    return None if verdict is None else VerdictOut(**asdict(verdict))


def _progress(step: Step) -> ProgressOut | None:
    """Of a call that is under way."""
    if step.progress is None or step.status is not StepStatus.RUNNING:
        return None
    return ProgressOut(**asdict(step.progress))


def _reused(source: ReusedFrom | None) -> ReusedOut | None:
    if source is None:
        return None
    return ReusedOut(run=source.run_id, step=source.step, at=source.at, age=source.age)


def _attempt(attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        number=attempt.number,
        ending=attempt.ending,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        worker=attempt.worker,
        revision=attempt.revision,
        usd=attempt.usd,
        tokens=attempt.tokens,
        gpu_seconds=attempt.gpu_seconds,
        error=error_out(_object(attempt.error)),
    )


def _compensation(view: RunView) -> CompensationOut | None:
    undoing = view.run.undoing
    if undoing is None or undoing is Undoing.WANTED:
        return None
    keys = {step.id.idx: step.key for step in view.steps}
    return CompensationOut(status=undoing, steps=[_undo(undo, keys[undo.step.idx]) for undo in view.undos])


def _undo(undo: Undo, step: str) -> UndoOut:
    return UndoOut(
        undoes=undo.step.idx,
        step=step,
        tool=undo.tool,
        status=undo.status,
        arguments=_object(undo.arguments),
        output=_object(undo.output),
        tries=undo.tries,
        usd=undo.usd,
        error=error_out(_object(undo.error)),
        started_at=undo.started_at,
        finished_at=undo.finished_at,
    )


def _feedback(view: RunView) -> list[FeedbackOut]:
    keys = {step.id.idx: step.key for step in view.steps}
    return [
        FeedbackOut(
            step=None if one.step_idx is None else keys[one.step_idx],
            attempt=one.attempt,
            quality=one.said.quality,
            comment=one.said.comment,
            by=one.by,
            at=one.at,
            before=_verdict(one.before),
        )
        for one in view.feedback
    ]


def _result(view: RunView) -> ResultOut | None:
    result = result_of(view)
    if result is None:
        return None
    outputs = [OutputOut(**asdict(output)) for output in result.outputs]
    return ResultOut(text=result.text, outputs=outputs)


def _spend(run: Run) -> SpendOut:
    spend = run.spend
    return SpendOut(
        usd=spend.usd,
        reserved_usd=spend.reserved_usd,
        seconds=spend.seconds,
        tokens=spend.tokens,
        gpu_seconds=spend.gpu_seconds,
    )


def _waiting(waiting: Waiting | None) -> WaitingOut | None:
    if waiting is None:
        return None
    return WaitingOut(text=waiting.text, reason=waiting.reason, details=dict(waiting.details))


def _object(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else dict(shown(value))
