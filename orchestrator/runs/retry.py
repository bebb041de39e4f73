"""Running again what failed, or one step and all that follows from it; finished work is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.domain.plan import references
from orchestrator.domain.run import Job, Run, RunStatus, run_ended
from orchestrator.domain.step import Step, StepStatus
from orchestrator.domain.undo import TAKEN_BACK, Undoing
from orchestrator.errors import Conflict, FieldProblem, Invalid
from orchestrator.ports import Catalog, Doorbell, Store, Transaction
from orchestrator.runs.edits import check_edits, ended_subtasks, nearest
from orchestrator.runs.reopening import descendants, reopen


async def retry(
    run_id: str,
    *,
    store: Store,
    catalog: Catalog,
    doorbell: Doorbell,
    from_step: str | None = None,
    edits: Mapping[str, Any] | None = None,
) -> None:
    """Reopen a run that has ended: what failed, or `from_step` (with edited arguments) and what follows.

    `from_step` is a sub-task's id, a step's key or its number. Raises `NotFound`, `Conflict`, `Invalid`.
    """
    if edits and from_step is None:
        raise Invalid("Edits need the step they are for.", problems=[FieldProblem("/from_step", "name it")])
    if from_step is not None:
        view = await store.view(run_id)
        step = _named(view.steps, from_step)
        idx = step.id.idx
        if edits:
            stays = ended_subtasks(view.steps, without=descendants(view.steps, idx))
            tool = await catalog.pinned(step.tool, step.tool_version)
            check_edits(tool, edits, of=step.arguments, known=stays)
        await store.write(lambda tx: retry_from(tx, run_id, idx, edits or {}))
    else:
        await store.write(lambda tx: retry_failed(tx, run_id))
    doorbell.ring()


def _named(steps: Sequence[Step], name: str) -> Step:
    """The first call of the sub-task as the newest path has it, or the step of that key or number."""
    of_subtask = [step for step in steps if step.subtask == name and step.status is not StepStatus.SKIPPED]
    if of_subtask:
        last = max(step.path_version for step in of_subtask)
        return next(step for step in of_subtask if step.path_version == last)
    for step in steps:
        if name in (step.key, str(step.id.idx)):
            return step
    known = dict.fromkeys(one for step in steps for one in (step.subtask, step.key))
    detail = f"there is no step {name!r}; {nearest(name, list(known))}"
    raise Invalid("There is no such step.", problems=[FieldProblem("/from_step", detail)])


def retry_failed(tx: Transaction, run_id: str) -> None:
    """Take up all that has not succeeded. Raises `NotFound`, `Conflict`."""
    run = _reopenable(tx, run_id)
    steps = tx.steps(run_id)
    current = _current(tx, run, steps)
    undone = _undone(tx, run_id, steps)
    again = [step for step in current if step.id.idx in undone or not _done(step, steps)]
    if not again and run.status is RunStatus.SUCCEEDED:
        raise Conflict(f"run {run_id} succeeded; name a step in from_step to run it and what follows again")
    if not again:
        tx.move_run(run_id, RunStatus.PLANNING, job=Job.PLAN)
        return
    tx.move_run(run_id, RunStatus.RUNNING)
    again_idx = {step.id.idx for step in again}
    reopen(tx, run, steps, again_idx, afresh=_gone(tx, run_id, steps))


def retry_from(
    tx: Transaction,
    run_id: str,
    idx: int,
    edits: Mapping[str, Any],
    *,
    same_calls: frozenset[int] = frozenset(),
) -> None:
    """Take up a step and all that follows from it; `same_calls` keep the idempotency key they had."""
    run = _reopenable(tx, run_id)
    steps = tx.steps(run_id)
    current = _current(tx, run, steps)
    again = descendants(steps, idx) & {step.id.idx for step in current}
    if idx not in again:
        raise Conflict(f"step {idx} belongs to an earlier path of run {run_id}; name one of the newest path")
    # What failed or was cancelled elsewhere must run too, or the run could never succeed.
    again |= {step.id.idx for step in current if not _done(step, steps)}
    again |= _undone(tx, run_id, steps) & {step.id.idx for step in current}
    if edits:
        tx.update_step(steps[idx].id, arguments={**steps[idx].arguments, **edits})
        _link(tx, steps[idx], edits, current)
        steps = tx.steps(run_id)
    tx.move_run(run_id, RunStatus.RUNNING)
    afresh = _gone(tx, run_id, steps) | {idx}
    reopen(tx, run, steps, again, afresh=afresh, same_calls=same_calls)


def _link(tx: Transaction, step: Step, edits: Mapping[str, Any], current: Sequence[Step]) -> None:
    """What edited arguments refer to feeds the step from now on: when it is done anew, so is the step."""
    sources = {ref.source for value in edits.values() for ref in references(value)}
    last = {one.subtask: one for one in sorted(current, key=lambda one: one.part)}
    feeding = [last[source] for source in sources & last.keys() if last[source].id.idx not in step.needs]
    for one in feeding:
        tx.update_step(one.id, children=(*one.children, step.id.idx))
    if feeding:
        tx.update_step(step.id, needs=(*step.needs, *(one.id.idx for one in feeding)))


def _reopenable(tx: Transaction, run_id: str) -> Run:
    """The run, with its deadline counted anew from now."""
    run = tx.run(run_id)
    if not run_ended(run.status):
        raise Conflict(f"run {run_id} is {run.status}; only a run that has ended can be retried")
    if run.undoing in (Undoing.RUNNING, Undoing.NEEDS_INPUT):
        how = "being undone" if run.undoing is Undoing.RUNNING else "undone in part, and a question is open"
        raise Conflict(f"what run {run_id} did is {how}; it can be retried once that has ended")
    if run.request.budget.seconds is not None:
        tx.update_run(run_id, deadline_at=tx.now + run.request.budget.seconds)
    return run


def _current(tx: Transaction, run: Run, steps: Iterable[Step]) -> list[Step]:
    """The steps of the newest path; those of earlier paths that it replaced are left out."""
    path = tx.path(run.id)
    if run.plan_id is None or path is None:
        return []
    plan = tx.plan(run.plan_id).plan
    parts = {
        subtask.id: len(option.calls)
        for subtask in plan.subtasks
        for option in subtask.options
        if path.choices.get(subtask.id) == option.id
    }
    newest: dict[tuple[str, int], Step] = {}
    for step in sorted(steps, key=lambda step: (step.path_version, step.id.idx)):
        if step.part < parts.get(step.subtask, 0):
            newest[(step.subtask, step.part)] = step
    return list(newest.values())


def _undone(tx: Transaction, run_id: str, steps: Sequence[Step]) -> set[int]:
    """Steps whose effect was taken back, with all that they feed: they must run again."""
    return {idx for root in _gone(tx, run_id, steps) for idx in descendants(steps, root)}


def _gone(tx: Transaction, run_id: str, steps: Sequence[Step]) -> set[int]:
    """Steps whose effect was taken back: to make their call anew repeats nothing."""
    return {
        undo.step.idx
        for undo in tx.undos(run_id)
        if undo.status in TAKEN_BACK and undo.revision == steps[undo.step.idx].revision
    }


def _done(step: Step, steps: Sequence[Step]) -> bool:
    """Succeeded; or of low quality, but accepted: what it feeds has run."""
    if step.status is StepStatus.LOW_QUALITY:
        fed = {steps[idx].status for idx in step.children if idx < len(steps)}
        return bool(fed) and fed <= {StepStatus.SUCCEEDED, StepStatus.LOW_QUALITY}
    return step.status is StepStatus.SUCCEEDED
