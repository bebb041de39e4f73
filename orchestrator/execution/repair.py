"""After planning or a failure: lay the path, search again over what is left, or say that it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.domain.events import EventType
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Option, Plan
from orchestrator.domain.planning import FinishedCall, NeedsAnswers, Planned, Used, canonical
from orchestrator.domain.question import PLAN_ANSWER, Question, QuestionKind
from orchestrator.domain.run import Delivery, Job, Run, RunStatus, run_ended
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.errors import BudgetTooSmall, NoOptionLeft, OrchestratorError
from orchestrator.execution.scheduler import lay_path
from orchestrator.ports import Transaction
from orchestrator.search.paths import Done, choose

#: Endings that rule an option out for the rest of the run.
_RULED_OUT = frozenset({StepStatus.FAILED, StepStatus.LOW_QUALITY, StepStatus.POISONED})


def settle_planned(tx: Transaction, run_id: str, planned: Planned, *, fence: int) -> None:
    """Store a plan and its path, and go on as the run's mode says."""
    run = tx.run(run_id)
    if not _still_planning(run, fence):
        return
    if run.request.plan_id != planned.plan.id:
        tx.add_plan(planned.plan, request=run.request, path=planned.path, parent=run.plan_id)
    tx.update_run(run_id, plan_id=planned.plan.id, job=None)
    tx.event(
        run_id,
        EventType.PLAN_MADE,
        {"plan": planned.plan.id, "source": planned.plan.source, "subtasks": len(planned.plan.subtasks)},
    )
    mode = run.request.mode
    if mode == "plan":
        tx.move_run(run_id, RunStatus.PLANNED)
    elif mode == "approve" and run.path_version == 0:
        _ask_approval(tx, run, planned)
    else:
        path = replace(planned.path, version=run.path_version + 1)
        lay_path(tx, tx.run(run_id), planned.plan, path, cause="planned")


def settle_questions(tx: Transaction, run_id: str, asked: NeedsAnswers, *, fence: int) -> None:
    """Put the questions of the planner before a person."""
    if not _still_planning(tx.run(run_id), fence):
        return
    for draft in asked.questions:
        tx.add_question(
            Question(
                id=draft.id,
                run_id=run_id,
                kind=QuestionKind.VALUE,
                text=draft.text,
                schema=draft.schema,
                created_at=tx.now,
                subtask=draft.subtask,
                argument=draft.argument,
            )
        )
    tx.move_run(run_id, RunStatus.NEEDS_INPUT)


def settle_failure(tx: Transaction, run_id: str, error: Mapping[str, Any], *, fence: int) -> None:
    """End the run: what has not started is skipped, what is in flight is let finish."""
    run = tx.run(run_id)
    if run_ended(run.status) or run.fence != fence:
        return
    steps = tx.steps(run_id)
    last = _last_failed(steps)
    if last is not None and last.error is not None:
        # What went wrong first is the cause; that nothing else was left is its consequence.
        error = {**last.error, "step": last.key, "tool": last.tool, "then": dict(error)}
    for step in steps:
        if step_open(step.status) and step.status is not StepStatus.RUNNING:
            tx.move_step(step.id, StepStatus.SKIPPED, cause=_cause(step, steps))
    if any(step.status is StepStatus.RUNNING for step in steps):
        # The outcome that closes the last step ends the run, with this error.
        tx.update_run(run_id, error=error, job=None)
    else:
        tx.move_run(run_id, RunStatus.FAILED, error=error)


def _still_planning(run: Run, fence: int) -> bool:
    """A planner whose lease ran out, or whose run was paused or ended meanwhile, comes too late."""
    return run.status is RunStatus.PLANNING and run.job is Job.PLAN and run.fence == fence


@dataclass(frozen=True, slots=True)
class Mended:
    """What a search over the rest of a run found, and the steps it looked at.

    The search may take long, so it is made outside the transaction that uses it.
    """

    seen: tuple[tuple[int, StepStatus], ...]
    found: Path | NoOptionLeft | BudgetTooSmall


def mend(run: Run, fresh: Plan, steps: Sequence[Step], old: Path, *, now: float) -> Mended:
    """Search again with failed options ruled out; `fresh` is the plan with today's estimates."""
    done = _done(fresh, steps)
    found: Path | NoOptionLeft | BudgetTooSmall
    try:
        found = choose(
            fresh,
            preference=run.request.preference,
            budget=run.request.budget,
            ruled_out=ruled_out(steps),
            done=done,
            elapsed=_elapsed(run, now),
            sunk_usd=_lost_usd(run, steps, done),
            unit=old.unit,
            version=run.path_version + 1,
        )
    except (NoOptionLeft, BudgetTooSmall) as fault:
        found = fault
    return Mended(_states(steps), found)


def settle_mended(tx: Transaction, run_id: str, fresh: Plan, mended: Mended, *, fence: int) -> bool:
    """Lay the path that was found, or give up; False when a step has moved since, so look again."""
    run = tx.run(run_id)
    # A run that waits for a person's word about one step may still be mended elsewhere.
    moves = run.status in (RunStatus.RUNNING, RunStatus.NEEDS_INPUT)
    if not moves or run.job is not Job.REPAIR or run.fence != fence:
        return True
    steps = tx.steps(run_id)
    if _states(steps) != mended.seen:
        return False
    if not isinstance(mended.found, Path):
        _give_up(tx, run, steps, mended.found)
        return True
    tx.update_run(run_id, job=None)
    lay_path(tx, tx.run(run_id), fresh, mended.found, cause=_why(steps), same_plan=True)
    return True


def _states(steps: Sequence[Step]) -> tuple[tuple[int, StepStatus], ...]:
    """What a search depends on: which steps there are, and what has become of them."""
    return tuple((step.id.idx, step.status) for step in steps)


def settle_notified(tx: Transaction, run_id: str, told: Delivery, *, pause: float | None, fence: int) -> None:
    """The webhook is done with, or to be told after a pause; a run reopened meanwhile keeps its new job."""
    run = tx.run(run_id)
    if run.job is not Job.NOTIFY or run.fence != fence:
        return
    if pause is None:
        tx.update_run(run_id, job=None, webhook=replace(told, at=tx.now))
    else:
        later = tx.now + pause
        tx.update_run(run_id, job=Job.NOTIFY, job_at=later, webhook=replace(told, at=tx.now, next_at=later))


def ruled_out(steps: Sequence[Step]) -> frozenset[tuple[str, str]]:
    """(sub-task, option) pairs that failed in this run."""
    return frozenset((step.subtask, step.option) for step in steps if step.status in _RULED_OUT)


def failed_pairs(plan: Plan, steps: Sequence[Step]) -> tuple[tuple[str, str], ...]:
    """(sub-task type, tool) pairs that failed, for a planner to avoid."""
    types = {subtask.id: subtask.type for subtask in plan.subtasks}
    return tuple(
        (types.get(step.subtask, step.subtask), step.tool) for step in steps if step.status in _RULED_OUT
    )


def error_of(fault: OrchestratorError) -> dict[str, Any]:
    """What a run's `error` says of a fault."""
    error: dict[str, Any] = {"code": fault.code, "message": str(fault)}
    for name in ("nearest", "cheapest", "problems"):
        value = getattr(fault, name, None)
        if value:
            error[name] = [_plain(item) for item in value] if isinstance(value, tuple) else value
    return error


def _give_up(tx: Transaction, run: Run, steps: Sequence[Step], fault: NoOptionLeft | BudgetTooSmall) -> None:
    """No path is left: plan anew once where that may help, else end with the error of what failed."""
    words = run.request.request is not None and run.request.plan_id is None
    if words and isinstance(fault, NoOptionLeft) and tx.plan(run.plan_id or "").parent is None:
        tx.move_run(run.id, RunStatus.PLANNING, job=Job.PLAN, detail={"cause": "no option left"})
        return
    settle_failure(tx, run.id, error_of(fault), fence=run.fence)


def _last_failed(steps: Sequence[Step]) -> Step | None:
    failed = (step for step in steps if step.status in _RULED_OUT)
    return max(failed, key=lambda step: step.finished_at or 0.0, default=None)


def _done(plan: Plan, steps: Sequence[Step]) -> dict[str, Done]:
    """What is finished or in flight: it stays, and counts as spent.

    A chain of which one call failed is done with, although the calls before it succeeded.
    """
    known = {subtask.id for subtask in plan.subtasks}
    out = ruled_out(steps)
    done: dict[str, Done] = {}
    for step in steps:
        if step.subtask not in known or (step.subtask, step.option) in out:
            continue
        if step.status not in (StepStatus.SUCCEEDED, StepStatus.RUNNING):
            continue
        finished = step.status is StepStatus.SUCCEEDED
        option = next((o for o in plan.subtask(step.subtask).options if o.id == step.option), None)
        if option is None:
            continue
        before = done.get(step.subtask)
        judged = step.verdict.quality if step.verdict is not None else option.estimate.quality
        done[step.subtask] = Done(
            option=step.option,
            usd=(float(step.usd) if finished else option.estimate.usd) + (before.usd if before else 0.0),
            seconds=(step.seconds if finished else option.estimate.seconds)
            + (before.seconds if before else 0.0),
            quality=judged,
            finished=finished and _whole(option, step),
        )
    return done


def _whole(option: Option, step: Step) -> bool:
    return step.part == len(option.calls) - 1


def _lost_usd(run: Run, steps: Sequence[Step], done: Mapping[str, Done]) -> float:
    """Money spent beside what stays, on planning too; it counts against the budget for good."""
    stays = {(subtask, settled.option) for subtask, settled in done.items()}
    kept = sum(
        step.usd
        for step in steps
        if step.status is StepStatus.SUCCEEDED and (step.subtask, step.option) in stays
    )
    return max(0.0, float(run.spend.usd - kept))


def _elapsed(run: Run, now: float) -> float:
    """Seconds of the run's time limit that have passed; a run taken up again has it anew."""
    if run.deadline_at is None or run.request.budget.seconds is None:
        return max(0.0, now - run.created_at)
    return max(0.0, run.request.budget.seconds - (run.deadline_at - now))


def used(run: Run, steps: Sequence[Step], *, now: float) -> Used:
    """What the run has used so far, for a plan that is made within it."""
    finished = frozenset(
        FinishedCall(step.subtask, step.part, step.tool, step.tool_version, canonical(step.arguments))
        for step in steps
        if step.status is StepStatus.SUCCEEDED
    )
    return Used(float(run.spend.usd), _elapsed(run, now), finished)


def _why(steps: Sequence[Step]) -> str:
    last = _last_failed(steps)
    if last is None:
        return "resumed"
    return f"{last.tool} for {last.subtask!r} ended {last.status.value}"


def _cause(step: Step, steps: Sequence[Step]) -> dict[str, Any]:
    """Why a step never ran: the ended step it waited for, or the end of the run."""
    by_idx = {other.id.idx: other for other in steps}
    failed = [by_idx[need].key for need in step.needs if by_idx[need].status in _RULED_OUT]
    if failed:
        return {"reason": "need_failed", "steps": failed}
    return {"reason": "run_failed"}


def _ask_approval(tx: Transaction, run: Run, planned: Planned) -> None:
    quote, count = planned.path.quote, len(planned.path.choices)
    patience = run.request.patience
    open_for = patience.approval_timeout
    text = (
        f"Run this plan ({count} sub-task{'' if count == 1 else 's'}) for about {quote.usd:.4g} USD "
        f"and {quote.wall_seconds:.1f} s?"
    )
    tx.add_question(
        Question(
            id="approve_plan",
            run_id=run.id,
            kind=QuestionKind.PLAN_APPROVAL,
            text=text,
            schema=PLAN_ANSWER,
            created_at=tx.now,
            detail={"plan": planned.plan.id, "default": patience.approval_default == "approve"},
            expires_at=None if open_for is None else tx.now + open_for,
        )
    )
    tx.move_run(run.id, RunStatus.NEEDS_INPUT)


def _plain(item: Any) -> Any:
    if hasattr(item, "path") and hasattr(item, "detail"):
        return {"path": item.path, "detail": item.detail}
    return item
